"""What can go wrong with forwarding."""

from cirt.kernel.errors import Conflict, Invalid, NotFound
from cirt.kernel.text import mark


class RecipientUnknown(Invalid):
    code = "forward-recipient-unknown"
    message = mark("Choose a CIRT or an agency of the list.")


class ForwardNeedsReason(Invalid):
    code = "forward-needs-reason"
    message = mark("Say why they are competent; the reason is kept.")


class ForwardNeedsWords(Invalid):
    code = "forward-needs-words"
    message = mark("Write what {name} is to read.")


class ForwardForbidden(Invalid):
    """The report's marking does not let it go there; the kinds below say why."""

    code = "forward-forbidden"


class RedNotForwarded(ForwardForbidden):
    code = "red-not-forwarded"
    message = mark(
        "TLP:RED stays with the persons named on it, so it cannot be forwarded to {name}. Tell them yourself."
    )


class StrictNotForwarded(ForwardForbidden):
    code = "strict-not-forwarded"
    message = mark(
        "TLP:AMBER+STRICT stays in our organisation, so it cannot be forwarded to {name}. Ask the reporter "
        "for a lower marking first."
    )


class NoAgreementToForward(ForwardForbidden):
    code = "no-agreement-to-forward"
    message = mark(
        "No agreement with {name} is in force, so only TLP:CLEAR and TLP:GREEN may go there. A lead can "
        "make an agreement."
    )


class AboveCeiling(ForwardForbidden):
    code = "above-ceiling-to-forward"
    message = mark(
        "The report is {tlp}; the agreement with {name} ends at {ceiling}. Ask the reporter for a lower "
        "marking, or a lead for a wider agreement."
    )


class NoSuchAgency(NotFound):
    code = "no-such-agency"


class AgencyExists(Conflict):
    code = "agency-exists"
    message = mark("There is an agency called {name}. Change that one, or choose another name.")


class AgencyChanged(Conflict):
    code = "agency-changed"
    message = mark("Somebody saved this agency first. Your text is below; compare and save again.")
