"""How an answer is packed follows what the client likes best."""

import gzip
import sys

import brotli
import pytest
from werkzeug.datastructures import Accept
from werkzeug.http import parse_accept_header

from cirt.taxii.packing import best_packing

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

UNPACK = {"zstd": zstd.decompress, "gzip": gzip.decompress, "br": brotli.decompress}


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("gzip, deflate", "gzip"),
        ("gzip, deflate, br", "gzip"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("br", "br"),
        ("gzip;q=0.5, br", "br"),
        ("gzip;q=0, br;q=0.1", "br"),
        ("*", "zstd"),
        ("*;q=0.2, gzip", "gzip"),
        ("zstd;q=0, *", "gzip"),
        ("identity, gzip;q=0.5", None),
        ("identity;q=0.5, gzip", "gzip"),
        ("deflate", None),
        ("gzip;q=0", None),
        ("", None),
    ],
)
def test_the_clients_order_counts(header: str, expected: str | None) -> None:
    found = best_packing(parse_accept_header(header, Accept))

    assert (found.name if found else None) == expected
    if found is not None:
        body = b"[1, 2]" * 1000
        packed = found.pack(body)
        assert UNPACK[found.name](packed) == body
        assert len(packed) < len(body)
