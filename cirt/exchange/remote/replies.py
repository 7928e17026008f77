"""What a peer says of what we sent it: a status, as servers write it (TAXII 2.1, section 4.3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cirt.exchange.remote.answers import plain

_MAX_STATUS_ID = 64


@dataclass(frozen=True, slots=True)
class Refused:
    """What a peer did not take; its ``version`` may be left out or be anything."""

    stix_id: str
    version: object
    words: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What a peer says of what we sent. ``status_id`` is under what it may be asked again.

    ``counted`` are its words where it counts failures and names none: then only what is in ``taken`` has come.
    """

    status_id: str | None
    is_complete: bool
    refusals: tuple[Refused, ...] = ()
    counted: str = ""
    taken: frozenset[str] = frozenset()

    def refusal_of(self, stix_id: str, version_text: str) -> str | None:
        """The peer's words, where it did not take this version; versions are instants, however written."""
        for one in self.refusals:
            if one.stix_id == stix_id and _is_same(one.version, version_text):
                return one.words
        return self.counted if self.counted and stix_id not in self.taken else None


def _is_same(said: object, version_text: str) -> bool:
    if not isinstance(said, str) or said == version_text:
        return True
    try:
        return datetime.fromisoformat(said) == datetime.fromisoformat(version_text)
    except (ValueError, TypeError):  # nonsense, or a time without its zone
        return True


def read_reply(said: Mapping[str, Any]) -> Reply:
    """Read leniently: a failure counts though the sums beside it do not add up (TAXII 2.1, section 4.3)."""
    listed = said.get("failures")
    refusals = tuple(
        Refused(str(one.get("id")), one.get("version"), plain(one.get("message"), 500) or "-")
        for one in (listed if isinstance(listed, list) else [])
        if isinstance(one, dict)
    )
    is_complete = said.get("status") != "pending"
    counted = _counted(said) if is_complete and not refusals else ""
    status_id = _status_id(said.get("id"))
    return Reply(status_id, is_complete or status_id is None, refusals, counted, _taken(said))


def _status_id(said: object) -> str | None:
    """None where it can be neither kept nor asked for."""
    is_good = isinstance(said, str) and 0 < len(said) <= _MAX_STATUS_ID and said.isprintable()
    return str(said) if is_good else None


def _counted(said: Mapping[str, Any]) -> str:
    """The sums, in its words, where they speak of failures; which these are it may leave out."""
    failed = said.get("failure_count")
    if not isinstance(failed, int) or isinstance(failed, bool) or failed <= 0:
        return ""
    return plain(f"failure_count: {failed}, success_count: {said.get('success_count')}")


def _taken(said: Mapping[str, Any]) -> frozenset[str]:
    listed = said.get("successes")
    every = listed if isinstance(listed, list) else []
    return frozenset(str(one.get("id")) for one in every if isinstance(one, dict))
