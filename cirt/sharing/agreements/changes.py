"""Changes of agreements at the desk: written as a draft or a proposal, and decided by another person."""

from dataclasses import dataclass, replace

from cirt.files.store import put_attachment
from cirt.kernel.errors import Conflict
from cirt.kernel.ids import Reference, next_reference
from cirt.kernel.work import Work
from cirt.parties.four_eyes.commands import DecideRequest
from cirt.parties.four_eyes.errors import RequestVoided
from cirt.parties.four_eyes.models import RequestState
from cirt.parties.four_eyes.service import (
    VERBS,
    asker_of,
    find_request,
    person_acting,
    reason_of,
    rule_on,
)
from cirt.parties.peers import find_peer
from cirt.sharing.agreements.commands import WriteTerms
from cirt.sharing.agreements.errors import AgreementMoved, DoesMoreThanNarrow, NothingDiffers
from cirt.sharing.agreements.models import AgreementChange
from cirt.sharing.agreements.record import Record
from cirt.sharing.agreements.service import CHANGEABLE, check, held_in, hold_peer, keep_version
from cirt.sharing.agreements.terms import (
    Data,
    apply_terms,
    digest_of,
    terms_data,
    widening,
)
from cirt.sharing.models import Agreement, AgreementState

WRITE = "agreement:write"


@dataclass(frozen=True, slots=True)
class Decided:
    """What a decision led to. ``conflict`` says why an approval did not count; it is not raised here, for
    that the request is void must be committed."""

    change: AgreementChange
    agreement: Agreement
    conflict: Conflict | None = None


def draft_agreement(work: Work, peer: str, cmd: WriteTerms) -> AgreementChange:
    """A new agreement as a draft, and the request that it come into force.

    Raises:
        NoSuchPeer, AgreementOverlaps, ReasonNeeded, PersonAsks, NotAllowed, TooLarge, and what terms can be.
    """
    work.require(WRITE)
    person_acting(work)
    found = find_peer(work.session, peer)
    agreement = Agreement(
        reference=next_reference(work, Reference.AGREEMENT),
        peer_id=found.id,
        version=1,
        state=AgreementState.DRAFT,
        valid_from=cmd.valid_from or work.now.replace(second=0, microsecond=0),
        record={},
        created_at=work.now,
    )
    apply_terms(agreement, _without_state(_terms_of(agreement, cmd)))
    work.session.add(agreement)
    work.session.flush()
    data = _with_copy(work, agreement, {**terms_data(agreement), "state": "in-force"}, cmd)
    agreement.record = data["record"]
    check(work, agreement)
    keep_version(work, agreement, "agreement.draft", reason=cmd.reason.strip())
    return _ask(work, agreement, data, cmd.reason)


def propose_change(work: Work, reference: str, cmd: WriteTerms) -> AgreementChange:
    """Ask that an agreement get these terms; a draft would come into force with them.

    Raises:
        NoSuchAgreement, NotInThatState, AgreementMoved, NothingDiffers, ReasonNeeded, PersonAsks, NotAllowed,
        TooLarge, and what terms can be.
    """
    work.require(WRITE)
    person_acting(work)
    agreement = _as_shown(work, reference, cmd)
    data = _with_copy(work, agreement, _terms_of(agreement, cmd), cmd)
    if agreement.state is AgreementState.DRAFT:
        data["state"] = AgreementState.IN_FORCE.value
    return _ask(work, agreement, data, cmd.reason)


def propose_resumption(work: Work, reference: str, reason: str) -> AgreementChange:
    """
    Raises:
        NoSuchAgreement, NotInThatState, ReasonNeeded, PersonAsks, NotAllowed.
    """
    work.require(WRITE)
    person_acting(work)
    agreement = held_in(work, reference, AgreementState.SUSPENDED)
    data = {**terms_data(agreement), "state": AgreementState.IN_FORCE.value}
    return _ask(work, agreement, data, reason)


def narrow_agreement(work: Work, reference: str, cmd: WriteTerms) -> Agreement:
    """Put terms in force at once that do nothing but narrow.

    Raises:
        DoesMoreThanNarrow, and as for ``propose_change``.
    """
    work.require(WRITE)
    agreement = _as_shown(work, reference, cmd)
    before, after = terms_data(agreement), _terms_of(agreement, replace(cmd, copy=None))
    if before == after and cmd.copy is None:
        raise NothingDiffers(reference=reference)
    more = widening(before, after) + (["copy_sha256"] if cmd.copy else [])
    if more:
        raise DoesMoreThanNarrow(more)
    reason = reason_of(cmd.reason)
    with work.session.no_autoflush:
        apply_terms(agreement, after)
        check(work, agreement)
    agreement.version += 1
    keep_version(work, agreement, "agreement.narrow", reason=reason)
    return agreement


def decide_change(work: Work, cmd: DecideRequest) -> Decided:
    """Approve, refuse or withdraw; an approved change holds from this transaction on.

    Raises:
        NoSuchRequest, RequestDecided, OwnChange, NotYours, WordsNeeded, ShownIsOld, AgreementOverlaps,
        PersonAsks, NotAllowed.
    """
    work.require(WRITE)
    session = work.session
    agreement = session.get_one(
        Agreement, find_request(session, AgreementChange, cmd.id).agreement_id
    )
    hold_peer(work, agreement.peer_id)  # before the change, as those who make new versions do
    session.refresh(agreement)
    change = find_request(session, AgreementChange, cmd.id, lock=True)
    digest = digest_of(agreement.reference, agreement.version, change.wanted)
    state = rule_on(work, change, cmd, WRITE, digest)
    work.audit(f"agreement.{VERBS[state]}-change", agreement.reference, change=change.id)
    if state is RequestState.APPROVED:
        _put_in_force(work, change, agreement)
    is_void = state is RequestState.VOIDED
    return Decided(change, agreement, RequestVoided() if is_void else None)


def _put_in_force(work: Work, change: AgreementChange, agreement: Agreement) -> None:
    with work.session.no_autoflush:
        apply_terms(agreement, change.wanted)
        check(work, agreement)
    agreement.version += 1
    keep_version(
        work,
        agreement,
        "agreement.change",
        reason=change.reason,
        made_by=asker_of(work.session, change).name,
        approved_by=work.actor.name,
    )


def _ask(work: Work, agreement: Agreement, data: Data, reason: str) -> AgreementChange:
    if data == terms_data(agreement):
        raise NothingDiffers(reference=agreement.reference)
    said = reason_of(reason)
    _check_could_hold(work, agreement, data)
    change = AgreementChange(
        agreement_id=agreement.id,
        base_version=agreement.version,
        wanted=data,
        reason=said,
        digest=digest_of(agreement.reference, agreement.version, data),
        asked_by_id=person_acting(work)[0],
        asked_at=work.now,
    )
    work.session.add(change)
    work.session.flush()
    work.audit("agreement.propose", agreement.reference, change=change.id, digest=change.digest)
    return change


def _check_could_hold(work: Work, agreement: Agreement, data: Data) -> None:
    """On a copy that nobody keeps."""
    trial = Agreement(reference=agreement.reference, peer_id=agreement.peer_id)
    apply_terms(trial, data)
    with work.session.no_autoflush:
        check(work, trial)


def _as_shown(work: Work, reference: str, cmd: WriteTerms) -> Agreement:
    agreement = held_in(work, reference, *CHANGEABLE)
    if cmd.version != agreement.version:
        raise AgreementMoved(reference=reference, version=agreement.version)
    return agreement


def _terms_of(agreement: Agreement, cmd: WriteTerms) -> Data:
    """As data, with whose it is, its state and its signed copy as they were."""
    until, begin = cmd.valid_until, cmd.valid_from or agreement.valid_from
    was = Record.from_data(agreement.record)
    names = (
        *("our_name", "their_name", "signed_on", "review_on", "purposes", "categories"),
        *("contacts", "urgent_h", "answer_h", "keep_months"),
    )
    record = replace(was, **{name: getattr(cmd, name) for name in names})
    return {
        "peer_id": agreement.peer_id,
        "state": agreement.state.value,
        "level": cmd.level.value,
        "ceiling": cmd.ceiling.value,
        "default_tlp": cmd.default_tlp.value if cmd.default_tlp else None,
        "direction": cmd.direction.value,
        "valid_from": begin.isoformat(),
        "valid_until": until.isoformat() if until else None,
        "types": sorted(set(cmd.types)),
        "sectors": sorted(set(cmd.sectors)),
        "transit": cmd.transit,
        "ceiling_in": cmd.ceiling_in.value,
        "personal_data": cmd.personal_data,
        "attribution": cmd.attribution,
        "tlp": cmd.tlp.value,
        "record": record.as_data(),
    }


def _without_state(data: Data) -> Data:
    return {name: value for name, value in data.items() if name != "state"}


def _with_copy(work: Work, agreement: Agreement, data: Data, cmd: WriteTerms) -> Data:
    """The signed text is kept at once; that it is the agreement's is a part of what is decided."""
    if cmd.copy is None:
        return data
    kept = put_attachment(
        work, agreement.reference, cmd.copy.name, cmd.copy.media_type, cmd.copy.body
    )
    record = replace(Record.from_data(data["record"]), copy_id=kept.id, copy_sha256=kept.sha256)
    return {**data, "record": record.as_data()}
