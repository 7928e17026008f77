"""What the kind of a collection and the agreement's direction leave to a peer."""

import pytest

from cirt.release.models import CollectionKind
from cirt.release.readers import rights
from cirt.sharing.models import Direction

PUBLISHED, SHARED, INBOX = CollectionKind.PUBLISHED, CollectionKind.SHARED, CollectionKind.INBOX
GIVE, TAKE, BOTH = Direction.GIVE, Direction.TAKE, Direction.BOTH


@pytest.mark.parametrize(
    ("kind", "direction", "can_read", "can_write"),
    [
        (PUBLISHED, GIVE, True, False),
        (PUBLISHED, TAKE, False, False),
        (PUBLISHED, BOTH, True, False),
        (SHARED, GIVE, True, False),
        (SHARED, TAKE, False, True),
        (SHARED, BOTH, True, True),
        (INBOX, GIVE, False, False),
        (INBOX, TAKE, False, True),
        (INBOX, BOTH, False, True),
    ],
)
def test_a_peer_reads_what_we_give_and_writes_what_we_take(
    kind: CollectionKind, direction: Direction, can_read: bool, can_write: bool
) -> None:
    assert rights(kind, direction) == (can_read, can_write)
