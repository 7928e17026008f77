"""The one way out: whatever leaves, and whatever is shown of content, is a ``Released`` made here."""

from collections.abc import Collection, Sequence
from dataclasses import InitVar, dataclass, field, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.files.content import AttachmentContent
from cirt.files.models import Attachment
from cirt.kernel.among import among
from cirt.kernel.db import BINARY
from cirt.kernel.errors import NotFound
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.objects.content import ObjectContent, read_joined
from cirt.objects.models import ObjectVersion, StixObject
from cirt.sharing.facts import Consent, Facts, Recipient
from cirt.sharing.judging import Question, leaving, verdicts
from cirt.sharing.marked import facts_of_row
from cirt.sharing.queries import staff_reader
from cirt.sharing.red import red_for
from cirt.sharing.rules import decide
from cirt.sharing.standing import (
    NAMES_ENDS,
    Loaded,
    Standing,
    load,
    load_standing,
)
from cirt.sharing.waiting import level_of

_SEAL = object()


def _check_seal(seal: object) -> None:
    if seal is not _SEAL:
        raise TypeError("only the gate makes what may leave")


@dataclass(frozen=True, slots=True)
class Released:
    """A version that may leave, with its exact bytes."""

    stix_id: str
    version_id: int
    version_text: str
    body: bytes = field(repr=False)
    seal: InitVar[object] = None

    def __post_init__(self, seal: object) -> None:
        _check_seal(seal)


@dataclass(frozen=True, slots=True)
class ReleasedTogether:
    """Versions that may leave together: their exact bytes in order, joined by commas.

    ``may`` are all of those asked about that may leave, so that one knows whether more follow.
    """

    version_ids: tuple[int, ...]
    body: bytes = field(repr=False)
    may: frozenset[int] = field(repr=False)
    judged: Loaded = field(repr=False)  # all that was asked about
    question: Question = field(repr=False)
    seal: InitVar[object] = None

    def __post_init__(self, seal: object) -> None:
        _check_seal(seal)


@dataclass(frozen=True, slots=True)
class ReleasedFile:
    """A file that may be handed over. Name and media type are claims of whoever sent it."""

    name: str
    media_type: str
    sha256: str
    body: bytes = field(repr=False)
    seal: InitVar[object] = None

    def __post_init__(self, seal: object) -> None:
        _check_seal(seal)


@dataclass(frozen=True, slots=True)
class ReleasedArrival:
    """What came and was not taken, as it came, for somebody of the team to judge."""

    body: bytes = field(repr=False)
    seal: InitVar[object] = None

    def __post_init__(self, seal: object) -> None:
        _check_seal(seal)


def allowed_versions(
    session: Session,
    recipient: Recipient,
    kind: str | None,
    now: datetime,
    version_ids: Sequence[int],
    *,
    posted: Collection[int] = (),
    recalls: Collection[int] = (),
) -> frozenset[int]:
    """Which of these may go to this recipient: exactly those that ``release`` would hand out.

    They stand in a collection because they were approved, but for those that a peer ``posted`` in it.
    ``recalls`` are bare revocations of what this recipient had.
    """
    question = Question(recipient, kind, now, frozenset(posted), frozenset(recalls))
    return leaving(load(session.connection(), version_ids), question)


def allowed_loaded(
    loaded: Loaded,
    recipient: Recipient,
    kind: str,
    now: datetime,
    *,
    posted: frozenset[int],
    consent: Consent | None = None,
) -> frozenset[int]:
    """The same for what was loaded once to be asked about for many recipients in one transaction.

    ``consent`` is what the sources would have agreed to, for looking ahead; without it, what they have.
    """
    asked = loaded if consent is None else replace(loaded, consent=consent)
    return leaving(asked, Question(recipient, kind, now, posted))


def allowed_standing(
    work: Work, recipient: Recipient, kind: str | None, standing: Standing
) -> frozenset[int]:
    """The same for versions of which the caller has read the basis."""
    question = Question(recipient, kind, work.now, standing.posted, standing.recalls)
    return leaving(load_standing(work.connection, standing), question)


def release(
    work: Work,
    recipient: Recipient,
    kind: str | None,
    version_ids: Sequence[int],
    *,
    posted: Collection[int] = (),
    recalls: Collection[int] = (),
) -> list[Released]:
    """The bytes of those that may go, in the order given; the others are left out."""
    question = Question(recipient, kind, work.now, frozenset(posted), frozenset(recalls))
    may = leaving(load(work.connection, version_ids), question)
    may |= red_for(work, recipient, version_ids)
    found = _with_bytes(work.session, may)
    return [found[each] for each in version_ids if each in found]


def release_together(
    work: Work, recipient: Recipient, kind: str | None, standing: Standing, most: int
) -> ReleasedTogether:
    """As ``release``, for pages: nothing is said of each, and the database joins the bytes.

    Of what may go the first ``most``.
    """
    question = Question(recipient, kind, work.now, standing.posted, standing.recalls)
    judged = load_standing(work.connection, standing)
    may = leaving(judged, question)
    going = tuple(standing.version_ids)
    if len(may) < len(going):
        going = tuple(each for each in going if each in may)
    going = going[:most]
    body = read_joined(work.connection, going) if going else b""
    return ReleasedTogether(going, body, may, judged, question, _SEAL)


def leaves_again(released: ReleasedTogether, recipient: Recipient, now: datetime) -> bool:
    """Whether exactly the same would leave now, for this recipient under its present terms.

    It is decided anew by the facts of then, so the caller knows that no version has changed its own since.
    Where ends are named it is always False, for what is held of them changes unseen.
    """
    judged = released.judged
    if judged.creators or any(one.facts.type in NAMES_ENDS for one in judged.alike):
        return False
    question = replace(released.question, recipient=recipient, now=now)
    return verdicts(released.judged, question) == verdicts(released.judged, released.question)


def _with_bytes(session: Session, version_ids: Collection[int]) -> dict[int, Released]:
    query = (
        sa.select(
            StixObject.stix_id, ObjectVersion.id, ObjectVersion.version_text, ObjectContent.body
        )
        .join(StixObject, StixObject.id == ObjectVersion.object_id)
        .join(ObjectContent, ObjectContent.version_id == ObjectVersion.id)
        .where(among(ObjectVersion.id, version_ids))
    )
    rows = session.execute(query, execution_options={BINARY: True})
    return {row.id: Released(*row, _SEAL) for row in rows}


def show(work: Work, version_id: int) -> Released:
    """A version's bytes for the actor's own eyes.

    Raises:
        NotFound: there is none, or it is not for them.
    """
    found = release(work, staff_reader(work.actor), None, [version_id])
    if not found:
        raise NotFound
    return found[0]


def show_arrival(work: Work, raw: bytes, stix_id: str | None) -> ReleasedArrival | None:
    """Bytes in quarantine for the actor's own eyes; None where they are not for them, or nobody can say yet."""
    level = level_of(work.session, raw, stix_id)
    if level is None:
        return None
    facts = Facts(type="arrival", tlp=level, written_tlp=level)
    is_theirs = decide(facts, staff_reader(work.actor), None, work.now).lets_leave()
    return ReleasedArrival(raw, _SEAL) if is_theirs else None


def show_file(work: Work, attachment_id: int) -> ReleasedFile:
    """A file for the actor's own eyes, by the marking of what it belongs to. RED is audited.

    Raises:
        NotFound: there is none, or it is not for them.
    """
    attachment = work.session.get(Attachment, attachment_id)
    if attachment is None:
        raise NotFound
    facts = facts_of_row(work.session, attachment.owner)
    if not decide(facts, staff_reader(work.actor), None, work.now).lets_leave():
        raise NotFound
    content = work.session.get_one(AttachmentContent, attachment_id)
    if facts.tlp is Tlp.RED:
        work.audit("file.show-red", attachment.owner, attachment=attachment_id)
    return ReleasedFile(
        attachment.name, attachment.media_type, attachment.sha256, content.body, _SEAL
    )
