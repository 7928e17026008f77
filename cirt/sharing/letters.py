"""The gate's part for letters: what a person writes to a reporter leaves by mail only as a ``ReleasedLetter``."""

from collections.abc import Sequence
from dataclasses import InitVar, dataclass, field

import sqlalchemy as sa

from cirt.kernel.errors import Conflict
from cirt.kernel.ids import STIX_ID
from cirt.kernel.text import mark
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.objects.models import ObjectFacts, ObjectVersion, StixObject
from cirt.parties.models import Peer
from cirt.sharing.marked import facts_of_row
from cirt.sharing.verdicts import RULES, Decision

_SEAL = object()
_OPEN = Tlp.AMBER  # the strictest that goes by mail which others may read


class LetterWithheld(Conflict):
    """In words for everybody who reads the letter: what others concern it with, and may not tell, it does not tell."""

    code = "letter-withheld"
    message = mark("This does not go by mail.")

    def __init__(self, decision: Decision) -> None:
        super().__init__(**decision.values)
        self.decision = decision

    def __str__(self) -> str:
        told = self.decision
        if (
            told.rule == "letter-red"
        ):  # kept with the letter, and read when it is no longer around it
            told = hold_letter(str(self.values["reader"]))
        return told.sentence.format(**told.values)


@dataclass(frozen=True, slots=True)
class ReleasedLetter:
    """What may be mailed to this one address; with a ``fingerprint``, encrypted for that key alone."""

    subjects: tuple[str, ...]  # references of what it is about
    address: str
    text: str = field(repr=False)
    fingerprint: str
    seal: InitVar[object] = None

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("only the gate makes what may leave")


@dataclass(frozen=True, slots=True)
class AboutObject:
    """Which object a letter names to which peer; ``had_it``: by the ledger, some version of it went there."""

    object_id: int
    peer_id: int
    had_it: bool


@dataclass(frozen=True, slots=True)
class AboutArrival:
    """What a peer sent and was not taken, for a letter to that peer about it.

    ``may_name`` are the STIX ids that stand in what it sent; ``hidden`` is what stands here and not in that.
    """

    arrival: str  # as the trail calls it
    peer_id: int
    tlp: Tlp  # of what the letter says of it
    may_name: frozenset[str]
    hidden: frozenset[str] = field(repr=False)


def letter_rule(tlp: Tlp, *, sealed: bool) -> str:
    """The id of the rule that speaks."""
    if tlp is Tlp.RED:
        return "letter-red"
    if sealed:
        return "letter-sealed"
    return "letter-open" if tlp <= _OPEN else "letter-needs-key"


def decide_letter(tlp: Tlp, address: str, *, sealed: bool) -> Decision:
    """Whether a letter about what is so marked may go to this address by mail, and why. Pure."""
    rule = letter_rule(tlp, sealed=sealed)
    return Decision(RULES[rule].verdict, rule, {"tlp": tlp.label, "reader": address})


def hold_letter(address: str) -> Decision:
    """What is told of a letter to whoever may not see all that it concerns: that it stays, and not why. Pure."""
    return Decision(RULES["letter-held"].verdict, "letter-held", {"reader": address})


def decide_peer_letter(
    tlp: Tlp, reader: str, address: str, *, knows: bool, sealed: bool
) -> Decision:
    """Whether a letter may name an object so marked to a peer, at this address. Pure."""
    known = "letter-known" if knows else "letter-unknown"
    to_reader = Decision(RULES[known].verdict, known, {"reader": reader})
    by_mail = decide_letter(tlp, address, sealed=sealed)
    return to_reader if not to_reader.lets_leave() else by_mail


def release_peer_letter(
    work: Work, about: AboutObject, address: str, text: str, *, fingerprint: str = ""
) -> ReleasedLetter:
    """The last word on a letter to a peer that names one object and says nothing of what is in it.

    Raises:
        LetterWithheld.
    """
    query = (
        sa.select(StixObject.stix_id, ObjectFacts.tlp, ObjectFacts.origin_id, ObjectFacts.creator)
        .join(ObjectVersion, ObjectVersion.id == StixObject.newest_id)
        .join(ObjectFacts, ObjectFacts.id == ObjectVersion.facts_id)
        .where(StixObject.id == about.object_id)
    )
    facts = work.session.execute(query).one()
    peer = work.session.get_one(Peer, about.peer_id)
    is_theirs = facts.origin_id == peer.id or peer.identity_id in {facts.creator} - {None}
    decision = decide_peer_letter(
        facts.tlp, peer.name, address, knows=about.had_it or is_theirs, sealed=bool(fingerprint)
    )
    said = {"verdict": decision.verdict, "rule": decision.rule, "fingerprint": fingerprint}
    work.audit("letter.decide", facts.stix_id, peer=peer.slug, **said)
    if not decision.lets_leave():
        raise LetterWithheld(decision)
    return ReleasedLetter((facts.stix_id,), address, text, fingerprint, _SEAL)


def decide_arrival_letter(
    about: AboutArrival, reader: str, address: str, text: str, *, sealed: bool
) -> Decision:
    """Whether a person's letter about an arrival may go to the peer that sent it. Pure."""
    named = {each.lower() for each in STIX_ID.findall(text)}
    foreign = sorted(named - about.may_name)
    if foreign:
        rule = "letter-names-other"
        return Decision(RULES[rule].verdict, rule, {"reader": reader, "id": foreign[0]})
    folded = text.casefold()
    if any(each.casefold() in folded for each in about.hidden):
        return Decision(RULES["letter-quotes"].verdict, "letter-quotes", {"reader": reader})
    return decide_letter(about.tlp, address, sealed=sealed)


def release_arrival_letter(
    work: Work,
    about: AboutArrival,
    address: str,
    subject: str,
    text: str,
    *,
    fingerprint: str = "",
) -> ReleasedLetter:
    """The last word on a letter to a peer about what it sent: it tells nothing that the peer did not send.

    Raises:
        LetterWithheld.
    """
    peer = work.session.get_one(Peer, about.peer_id)
    written = f"{subject}\n{text}"
    decision = decide_arrival_letter(about, peer.name, address, written, sealed=bool(fingerprint))
    said = {"verdict": decision.verdict, "rule": decision.rule, "fingerprint": fingerprint}
    work.audit("letter.decide", about.arrival, peer=peer.slug, **said)
    if not decision.lets_leave():
        raise LetterWithheld(decision)
    return ReleasedLetter((about.arrival,), address, text, fingerprint, _SEAL)


def release_letter(
    work: Work, subjects: Sequence[str], address: str, text: str, *, fingerprint: str = ""
) -> ReleasedLetter:
    """The last word, at the moment of sending, by the strictest marking of what it is about; kept in the trail.

    Raises:
        LetterWithheld.
        NotFound: one of the subjects is not there.
    """
    tlp = max(facts_of_row(work.session, subject).tlp for subject in subjects)
    decision = decide_letter(tlp, address, sealed=bool(fingerprint))
    facts = {"verdict": decision.verdict, "rule": decision.rule, "fingerprint": fingerprint}
    work.audit("letter.decide", subjects[0], **facts)
    if not decision.lets_leave():
        raise LetterWithheld(decision)
    return ReleasedLetter(tuple(subjects), address, text, fingerprint, _SEAL)
