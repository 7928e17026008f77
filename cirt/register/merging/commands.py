"""What may be asked of merges."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Merge:
    """Bring ``reference`` under ``leading``; of both the asker says which version they saw."""

    reference: str
    version: int
    leading: str
    reason: str


@dataclass(frozen=True, slots=True)
class Unmerge:
    """End the merge ``merge_id`` of ``reference``: that one, not a later one."""

    reference: str
    merge_id: int
