"""Dates of TAXII: read as servers send them, written as the standard asks."""

from datetime import UTC, datetime

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)  # what is before it is no date of an exchange


def parse_added(text: str | None) -> datetime | None:
    """A date_added as servers send it, with any offset and precision; None where it is nonsense."""
    try:
        found = datetime.fromisoformat((text or "").strip())
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):  # the latter beside the first and the last day there is
        return None
    return found if found > _BEGINNING else None


def format_added(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
