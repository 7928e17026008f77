"""Which account a request probably comes from, before anybody has signed in.

A hint only, with which the server shares its threads out among peers; it opens no door.
"""

import hashlib
import secrets
import threading
from collections import OrderedDict

_REMEMBERED = 1000  # far more than there are peers


class ProvenAccounts:
    """Authorization headers that lately signed a peer in, kept as digests under a key of this process."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(16)
        self._peers: OrderedDict[bytes, int] = OrderedDict()
        self._lock = threading.Lock()

    def note(self, header: str, peer_id: int) -> None:
        digest = self._digest(header)
        with self._lock:
            self._peers[digest] = peer_id
            self._peers.move_to_end(digest)
            if len(self._peers) > _REMEMBERED:
                self._peers.popitem(last=False)

    def peer_of(self, header: str) -> int | None:
        """None for a header that has signed nobody in, or not lately."""
        return self._peers.get(self._digest(header)) if header else None

    def _digest(self, header: str) -> bytes:
        text = header.encode("utf-8", "surrogatepass")
        return hashlib.blake2b(text, digest_size=16, key=self._key).digest()
