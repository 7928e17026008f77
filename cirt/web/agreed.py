"""Words for the terms of agreements, and their form filled in."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from markupsafe import Markup, escape

from cirt.inputs.agreements import CONTACT_PARTS
from cirt.kernel.text import mark
from cirt.kernel.tlp import Tlp
from cirt.parties.four_eyes.models import RequestState
from cirt.sharing.agreements.record import Record
from cirt.sharing.agreements.terms import FIELDS, Data, Difference
from cirt.sharing.models import AgreementState, Direction, Level
from cirt.web import i18n, outward
from cirt.web.forms import Form
from cirt.web.prose import line

BLANK_CONTACTS = 2

REQUESTS: Mapping[RequestState, outward.Sign] = {
    RequestState.ASKED: ("st-wait", "warn", mark("Waits for a decision")),
    RequestState.APPROVED: ("st-done", "ok", mark("Approved")),
    RequestState.REFUSED: ("ban", "off", mark("Refused")),
    RequestState.WITHDRAWN: ("ban", "off", mark("Withdrawn")),
    RequestState.VOIDED: ("ban", "off", mark("Void")),
}


def words() -> dict[str, Any]:
    return {
        "sign": outward.sign,
        "states": outward.AGREEMENTS,
        "requests": REQUESTS,
        "levels": outward.LEVELS,
        "directions": outward.DIRECTIONS,
        "kinds": outward.COLLECTION_KINDS,
        "field_words": field_words,
        "value_words": value_words,
        "begins": moment_words,
        "last": last_words,
        "gone": outward.percent_gone,
    }


def field_words(difference: Difference) -> str:
    return i18n.translate(FIELDS[difference.field])


def value_words(name: str, value: Any) -> Markup:
    """A value of a version's terms, in the reader's language."""
    if value is None or value in ("", []):
        return escape(i18n.translate(_EMPTY.get(name, mark("nothing"))))
    show = _SHOW.get(name)
    return escape(show(value) if show else line(str(value)))


_EMPTY = {
    "types": mark("all"),
    "sectors": mark("all"),
    "valid_until": mark("no end"),
    "default_tlp": mark("TLP:AMBER, as nothing was agreed"),
}


def _label(value: str) -> str:
    return Tlp(value).label


def _yes_no(value: bool) -> str:
    return i18n.translate(mark("yes") if value else mark("no"))


def _listed(value: list[str]) -> Markup:
    return Markup(", ").join(line(each) for each in value)


def _contacts(value: list[dict[str, str]]) -> Markup:
    return Markup("; ").join(_listed([part for part in each.values() if part]) for each in value)


def _begins(value: str) -> str:
    return moment_words(_moment(value))


def _ends(value: str) -> str:
    return last_words(_moment(value))


def moment_words(at: datetime) -> str:
    """A day; with its time where it is not midnight."""
    return i18n.day(at) if _is_midnight(at) else f"{i18n.day(at)} {i18n.clock(at)}"


def last_words(until: datetime) -> str:
    """The last day that is included, or the instant at which it ends."""
    return moment_words(until - timedelta(days=1) if _is_midnight(until) else until)


def _is_midnight(at: datetime) -> bool:
    return (at.hour, at.minute, at.second, at.microsecond) == (0, 0, 0, 0)


def _moment(value: str) -> datetime:
    found = datetime.fromisoformat(value)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _short(digest: str) -> str:
    return f"{digest[:8]}…{digest[-4:]}"


_SHOW: Mapping[str, Callable[[Any], str]] = {
    "state": lambda value: i18n.translate(outward.AGREEMENTS[AgreementState(value)][2]),
    "level": lambda value: i18n.translate(outward.LEVELS[Level(value)]),
    "direction": lambda value: i18n.translate(outward.DIRECTIONS[Direction(value)]),
    "ceiling": _label,
    "ceiling_in": _label,
    "default_tlp": _label,
    "tlp": _label,
    "valid_from": _begins,
    "valid_until": _ends,
    "types": _listed,
    "sectors": _listed,
    "purposes": _listed,
    "categories": _listed,
    "contacts": _contacts,
    "personal_data": _yes_no,
    "attribution": _yes_no,
    "transit": _yes_no,
    "copy_sha256": _short,
}


def filled_in(data: Data, version: int) -> Form:
    """The form of an agreement with these terms."""
    record = Record.from_data(data.get("record", {}))
    begin, until = data.get("valid_from"), data.get("valid_until")
    values: dict[str, Any] = {
        "version": version,
        **{
            name: data.get(name) or ""
            for name in ("level", "direction", "ceiling", "ceiling_in", "default_tlp", "tlp")
        },
        **{
            name: "true" if data.get(name) else ""
            for name in ("personal_data", "attribution", "transit")
        },
        "valid_from": typed_moment(_moment(begin)) if begin else "",
        "valid_until": typed_last(_moment(until)) if until else "",
        "types": ", ".join(data.get("types", [])),
        "sectors": ", ".join(data.get("sectors", [])),
        "purposes": "\n".join(record.purposes),
        "categories": "\n".join(record.categories),
        "our_name": record.our_name,
        "their_name": record.their_name,
        "signed_on": record.signed_on or "",
        "review_on": record.review_on or "",
        "urgent_h": record.urgent_h or "",
        "answer_h": record.answer_h or "",
        "keep_months": record.keep_months or "",
    }
    for part in CONTACT_PARTS:
        values[f"contact_{part}"] = [getattr(each, part) for each in record.contacts]
    return Form(values)


def typed_moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d}" if _is_midnight(at) else at.replace(tzinfo=None).isoformat()


def typed_last(until: datetime) -> str:
    return typed_moment(until - timedelta(days=1) if _is_midnight(until) else until)


def contact_rows(form: Form) -> list[dict[str, str]]:
    """What the form holds, and some that are blank."""
    columns = {
        part: form.chosen(f"contact_{part}") if f"contact_{part}" in form.values else []
        for part in CONTACT_PARTS
    }
    longest = max(map(len, columns.values()))
    rows = [
        {part: column[place] if place < len(column) else "" for part, column in columns.items()}
        for place in range(longest)
    ]
    rows = [row for row in rows if any(row.values())]
    return rows + [dict.fromkeys(CONTACT_PARTS, "") for _ in range(BLANK_CONTACTS)]
