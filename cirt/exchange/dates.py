"""Dates of TAXII: read as servers send them, written as the standard asks."""

from datetime import UTC, datetime


def parse_added(text: str | None) -> datetime | None:
    """A date_added as servers send it, with any offset and precision; None where it is nonsense."""
    try:
        found = datetime.fromisoformat((text or "").strip())
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):  # the latter beside the first and the last day there is
        return None


def format_added(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
