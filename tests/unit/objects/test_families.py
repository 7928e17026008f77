"""What a value lies within: hosts, and domains above as far as one owner can have them."""

import pytest

from cirt.objects.observables.families import wider
from cirt.objects.observables.kinds import Kind, canonical


@pytest.mark.parametrize(
    ("kind", "value", "within"),
    [
        (Kind.DOMAIN, "a.b.evil.co.uk", ["b.evil.co.uk", "evil.co.uk"]),
        (Kind.DOMAIN, "evil.co.uk", []),
        (Kind.DOMAIN, "one.duckdns.org", []),
        (Kind.DOMAIN, "www.one.duckdns.org", ["one.duckdns.org"]),
        (Kind.DOMAIN, "a.evil.example", ["evil.example"]),
        (Kind.DOMAIN, "a.city.kawasaki.jp", ["city.kawasaki.jp"]),
        (Kind.URL, "https://u:p@A.Evil.example:8443/x@y", ["a.evil.example", "evil.example"]),
        (Kind.URL, "http://evil.example?x=/@other.example", ["evil.example"]),
        (Kind.URL, "http://198.51.100.7:8080/x", ["198.51.100.7"]),
        (Kind.URL, "http://[2001:DB8::7]/x", ["2001:db8::7"]),
        (Kind.URL, "http://[::ffff:198.51.100.7]/x", ["198.51.100.7"]),
        (Kind.URL, "http://localhost/x", []),
        (Kind.IPV4, "198.51.100.7", []),
        (Kind.EMAIL, "clerk@evil.example", []),
    ],
)
def test_what_lies_within_what(kind: Kind, value: str, within: list[str]) -> None:
    one = canonical(kind, value)

    assert one is not None
    assert [each.value for each in wider(one)] == within
