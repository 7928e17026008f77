"""The playbooks that come with the program: plain sentences, translated with its pages.

They stay as they are; a lead's changes are versions of the team's own, and can be set back to these.
"""

from cirt.register.playbooks.included import access, content, people, service, systems
from cirt.register.playbooks.rules import Steps

INCLUDED: dict[str, Steps] = {
    **people.PLAYBOOKS,
    **systems.PLAYBOOKS,
    **access.PLAYBOOKS,
    **service.PLAYBOOKS,
    **content.PLAYBOOKS,
}
