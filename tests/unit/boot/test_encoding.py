"""How an answer is packed follows what the client likes best."""

import pytest

from cirt.boot.app import choose_encoding


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
        ("identity, gzip;q=0.5", ""),
        ("identity;q=0.5, gzip", "gzip"),
        ("deflate", ""),
        ("gzip;q=0", ""),
        ("", ""),
    ],
)
def test_the_clients_order_counts(header: str, expected: str) -> None:
    assert choose_encoding(header) == expected
