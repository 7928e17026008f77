"""What may be asked of bulk acts."""

from dataclasses import dataclass

from cirt.register.bulk.models import BulkDo


@dataclass(frozen=True, slots=True)
class TickReports:
    do: BulkDo
    references: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ConfirmBulk:
    """``target`` is the incident, or the report that leads; ``reason`` as each single act wants it."""

    act_id: int
    reason: str = ""
    target: str = ""


@dataclass(frozen=True, slots=True)
class UndoBulk:
    act_id: int
