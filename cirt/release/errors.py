"""What can go wrong with collections, releases and recalls."""

from collections.abc import Sequence

from cirt.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from cirt.kernel.text import mark


class NoSuchCollection(NotFound):
    code = "no-such-collection"
    message = mark("There is no collection {collection}. List them with: cirt collection list")


class CollectionExists(Conflict):
    code = "collection-exists"
    message = mark("There is already a collection {alias}. Choose another alias.")


class AliasWrong(Invalid):
    code = "alias-wrong"
    message = mark(
        "“{alias}” cannot name a collection. Use 2 to 60 lower-case letters, digits and hyphens."
    )


class NotAMember(NotFound):
    code = "not-a-member"
    message = mark("{peer} is not a member of {collection}.")


class AlreadyMember(Conflict):
    code = "already-member"
    message = mark("{peer} is a member of {collection} already.")


class NoSuchObject(NotFound):
    code = "no-such-object"
    message = mark("There is no object {stix_id} here that you may see.")


class RemovalRefused(NotAllowed):
    """TAXII DELETE of what another brought, or where nothing can be removed (rulings 16)."""

    code = "removal-refused"
    message = mark("You can remove only what you put into a shared collection yourself.")

    def __init__(self) -> None:
        super().__init__(needed="collection:remove")


class NoSuchRelease(NotFound):
    code = "no-such-release"
    message = mark("There is no release {reference}.")


class ReleaseIncomplete(Invalid):
    """Something that every release needs is not there; each subclass says what."""

    code = "release-incomplete"


class TitleMissing(ReleaseIncomplete):
    message = mark("A release needs a title.")


class ReasonMissing(ReleaseIncomplete):
    message = mark("A release needs a reason. Say why others should have this.")


class ObjectsMissing(ReleaseIncomplete):
    message = mark("A release needs at least one object. Choose one.")


class CollectionMissing(ReleaseIncomplete):
    message = mark("A release needs a collection. Choose where it is offered.")


class TwoWays(ReleaseIncomplete):
    message = mark(
        "Choose collections or named persons, not both: ask for two releases, for each goes its own way."
    )


class PersonUnknown(ReleaseIncomplete):
    message = mark("One of the persons chosen is in no agreement. Choose from the list.")


class InboxNotOffered(ReleaseIncomplete):
    message = mark("Peers cannot read the inbox {collection}. Choose another collection.")


class NothingWouldLeave(Conflict):
    code = "nothing-would-leave"
    message = mark("Objects asked for: {count}. Nobody of those chosen may have any of them.")


class ReleaseDecided(Conflict):
    code = "release-decided"
    message = mark("{reference} is {state} already. Nothing was changed.")


class OwnRequest(Conflict):
    code = "own-request"
    message = mark("Somebody else must decide {reference}: you asked for it.")


class TooFewToApprove(Conflict):
    """Said before it is asked (rulings 6)."""

    code = "too-few-to-approve"
    message = mark(
        "Too few could approve this: {missing} more needed. An administrator must give another person the role Lead "
        "first; or ask all the same, and it waits."
    )


class NotAsker(Conflict):
    code = "not-asker"
    message = mark(
        "Only who asked for {reference} can withdraw it. You can refuse it or send it back."
    )


class AlreadyApproved(Conflict):
    code = "already-approved"
    message = mark("You approved {reference} already. It needs one more person.")


class CommentNeeded(Invalid):
    code = "comment-needed"
    message = mark("Say why: a comment is needed to send back or to refuse.")


class ReleaseChanged(Conflict):
    """``changes`` names each row that differs from what was shown; earlier approvals are void."""

    code = "release-changed"
    message = mark(
        "What would leave has changed since it was shown: {gains} more, {loses} fewer, {differs} for "
        "another reason. Look again before you decide."
    )

    def __init__(self, changes: Sequence[object], **counts: int) -> None:
        super().__init__(**counts)
        self.changes = changes


class ReleaseEdited(Conflict):
    code = "release-edited"
    message = mark(
        "Objects edited after {reference} was asked for: {count} ({names}). It went back to the asker."
    )


class ReleaseVoided(Conflict):
    code = "release-voided"
    message = mark(
        "{reference} is void: nothing of it would leave any more, or its asker lost the right to ask."
    )


class ReleaseUnheld(Conflict):
    """A member came while the decision was taken, so nobody has seen what it would get."""

    code = "release-unheld"
    message = mark("Somebody became a member at this moment. Look again before you decide.")


class NotOurObject(Conflict):
    code = "not-our-object"
    message = mark("{stix_id} was not made by us. Only its author can revoke it.")


class AlreadyRevoked(Conflict):
    code = "already-revoked"
    message = mark("{stix_id} is revoked already.")


class OursToRevoke(Conflict):
    code = "ours-to-revoke"
    message = mark("{stix_id} is our own. Revoke it instead: who has it is then told.")


class NothingOffered(Conflict):
    code = "nothing-offered"
    message = mark(
        "{stix_id} stands in no collection by our release, so there is nothing to close."
    )


class NothingToRecall(Conflict):
    code = "nothing-to-recall"
    message = mark("Nothing of {reference} is left to take back.")


class NotYourIncident(NotAllowed):
    code = "not-your-incident"
    message = mark(
        "It came from no incident that you lead or confirmed it in, and you did not ask for its release. A lead takes it back."
    )

    def __init__(self) -> None:
        super().__init__(needed="release:decide")


class NoSuchLetter(NotFound):
    code = "no-such-letter"
    message = mark("There is no letter {letter} here that you may see.")


class LetterPast(Conflict):
    code = "letter-past"
    message = mark(
        "This letter does not wait any more: it was sent, or is not needed. Nothing was done."
    )


class AddressWrong(Invalid):
    code = "address-wrong"
    message = mark("“{address}” is no mail address. Enter one like duty@cert.example.")
