"""Every packing gives back what went in."""

import gzip
import sys

import brotli

from cirt.boot.app import ENCODINGS
from cirt.taxii.packing import PACKINGS

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

UNPACK = {"zstd": zstd.decompress, "gzip": gzip.decompress, "br": brotli.decompress}


def test_what_is_packed_is_less_and_unpacks_to_the_same() -> None:
    body = b"[1, 2]" * 1000
    for name, pack in PACKINGS.items():
        assert UNPACK[name](pack(body)) == body
        assert len(pack(body)) < len(body)


def test_what_the_application_chooses_can_be_packed() -> None:
    assert set(ENCODINGS) == set(PACKINGS)
