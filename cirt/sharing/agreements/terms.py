"""An agreement's terms as data: kept, compared, hashed, and put back; which differences only narrow. Pure."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cirt.kernel.text import mark
from cirt.kernel.tlp import Tlp
from cirt.sharing.facts import Terms
from cirt.sharing.models import Agreement, AgreementState, Direction, Level

Data = dict[str, Any]

# Every field that a change can touch, in the order in which pages tell it.
FIELDS: Mapping[str, str] = {
    "state": mark("State"),
    "level": mark("Level"),
    "direction": mark("Direction"),
    "ceiling": mark("The most that we give"),
    "ceiling_in": mark("The most that they send"),
    "default_tlp": mark("Unmarked counts as"),
    "valid_from": mark("Valid from"),
    "valid_until": mark("Valid until"),
    "types": mark("Types"),
    "sectors": mark("Sectors"),
    "personal_data": mark("Personal data"),
    "attribution": mark("May be named as source"),
    "transit": mark("Passing on"),
    "tlp": mark("Marking of the agreement itself"),
    "our_name": mark("Our legal name"),
    "their_name": mark("Their legal name"),
    "signed_on": mark("Signed on"),
    "review_on": mark("To be reviewed on"),
    "purposes": mark("Purposes"),
    "categories": mark("Categories"),
    "contacts": mark("Contacts"),
    "urgent_h": mark("Answer to what is urgent, hours"),
    "answer_h": mark("Answer to the rest, hours"),
    "keep_months": mark("Keep for, months"),
    "copy_sha256": mark("Signed copy"),
}
_ORDER = [each.value for each in Level]
_CLOSED = (AgreementState.SUSPENDED.value, AgreementState.ENDED.value)


@dataclass(frozen=True, slots=True)
class Difference:
    field: str  # in FIELDS
    before: Any
    after: Any


def terms_data(agreement: Agreement) -> Data:
    """What a version keeps, and what a change may be made of."""
    until = agreement.valid_until
    return {
        "peer_id": agreement.peer_id,
        "state": agreement.state.value,
        "level": agreement.level.value,
        "ceiling": agreement.ceiling.value,
        "default_tlp": agreement.default_tlp.value if agreement.default_tlp else None,
        "direction": agreement.direction.value,
        "valid_from": agreement.valid_from.isoformat(),
        "valid_until": until.isoformat() if until else None,
        "types": list(agreement.types),
        "sectors": list(agreement.sectors),
        "transit": agreement.transit,
        "ceiling_in": agreement.ceiling_in.value,
        "personal_data": agreement.personal_data,
        "attribution": agreement.attribution,
        "tlp": agreement.tlp.value,
        "record": dict(agreement.record),
    }


def apply_terms(agreement: Agreement, data: Data) -> None:
    """Everything but whose it is; the caller checks what came of it."""
    for name, read in _READ.items():
        if name in data:
            setattr(agreement, name, read(data[name]))


def terms_as_of(agreement: Agreement, data: Data) -> Terms:
    """How the gate would read the agreement after this change."""
    known = {"record", "peer_id", "tlp"}
    read = {name: _READ[name](value) for name, value in data.items() if name not in known}
    read["types"], read["sectors"] = frozenset(read["types"]), frozenset(read["sectors"])
    return Terms(reference=agreement.reference, version=agreement.version + 1, **read)


def digest_of(reference: str, base_version: int, wanted: Data) -> str:
    said = json.dumps([reference, base_version, wanted], sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(said.encode()).hexdigest()


def differences(before: Data, after: Data) -> list[Difference]:
    """Field by field, in the order of FIELDS."""
    flat_before, flat_after = _flat(before), _flat(after)
    return [
        Difference(name, flat_before.get(name), flat_after.get(name))
        for name in FIELDS
        if flat_before.get(name) != flat_after.get(name)
    ]


def widening(before: Data, after: Data) -> list[str]:
    """Fields whose difference does more than narrow what is exchanged."""
    return [
        each.field
        for each in differences(before, after)
        if not _NARROWS.get(each.field, _never)(each.before, each.after)
    ]


def _flat(data: Data) -> Data:
    """Versions made before a field was there had what it began with."""
    return {**_BEGAN_WITH, **data, **data.get("record", {})}


_BEGAN_WITH: Data = {
    "ceiling_in": Tlp.AMBER_STRICT.value,
    "personal_data": False,
    "attribution": True,
    "tlp": Tlp.AMBER.value,
}


def _moment(value: str) -> datetime:
    found = datetime.fromisoformat(value)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


_READ: Mapping[str, Callable[[Any], Any]] = {
    "state": AgreementState,
    "level": Level,
    "ceiling": Tlp,
    "default_tlp": lambda value: Tlp(value) if value else None,
    "direction": Direction,
    "valid_from": _moment,
    "valid_until": lambda value: _moment(value) if value else None,
    "types": list,
    "sectors": list,
    "transit": bool,
    "ceiling_in": Tlp,
    "personal_data": bool,
    "attribution": bool,
    "tlp": Tlp,
    "record": dict,
}


def _never(_before: Any, _after: Any) -> bool:
    return False


def _fewer(before: list[str], after: list[str]) -> bool:
    """An empty list means all."""
    return bool(after) and (not before or set(after) <= set(before))


def _lower(before: str, after: str) -> bool:
    return Tlp(after) < Tlp(before)


def _turned_off(before: bool, after: bool) -> bool:
    return before and not after


def _sooner(before: str | None, after: str | None) -> bool:
    return after is not None and (before is None or _moment(after) < _moment(before))


_NARROWS: Mapping[str, Callable[[Any, Any], bool]] = {
    "state": lambda _before, after: after in _CLOSED,
    "level": lambda before, after: _ORDER.index(after) < _ORDER.index(before),
    "direction": lambda before, _after: before == Direction.BOTH.value,
    "ceiling": _lower,
    "ceiling_in": _lower,
    "valid_from": lambda before, after: _moment(after) > _moment(before),
    "valid_until": _sooner,
    "types": _fewer,
    "sectors": _fewer,
    "personal_data": _turned_off,
    "attribution": _turned_off,
    "transit": _turned_off,
    "tlp": lambda before, after: Tlp(after) > Tlp(before),
}
