"""The roles in words."""

from cirt.kernel.text import mark
from cirt.register.constituents.models import PartyRole

PARTY_ROLES = {
    PartyRole.VICTIM: mark("Victim"),
    PartyRole.SOURCE: mark("Source of the attack"),
    PartyRole.INTERMEDIARY: mark("In between, such as a provider"),
    PartyRole.INFORMED: mark("Informed"),
}
