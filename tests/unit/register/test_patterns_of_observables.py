"""Each kind of observable has the pattern by which its indicator is found again."""

import pytest

from cirt.objects.observables.findings import observables_in_pattern
from cirt.objects.observables.kinds import Kind, canonical
from cirt.objects.patterns.parser import Pattern, parse
from cirt.register.indicators import pattern_of

VALUES = {
    Kind.IPV4: "192.0.2.44",
    Kind.IPV6: "2001:db8:4f::17",
    Kind.DOMAIN: "login-update.example.org",
    Kind.URL: "https://login-update.example.org/start?a='b'",
    Kind.EMAIL: "o'brien@login-update.example.org",
    Kind.MD5: "d41d8cd98f00b204e9800998ecf8427e",
    Kind.SHA1: "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    Kind.SHA256: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    Kind.SHA512: "cf83e1357eefb8bd" * 8,
    Kind.SSDEEP: "3:AXGBicFlgVNhBGcL6wCrFQEv:AXGHsNhxLsr2C",
    Kind.TLSH: "T1" + "0A" * 35,
    Kind.FILE_NAME: "viewer's.lnk",
    Kind.FILE_PATH: "C:\\Users\\Public\\viewer.lnk",
    Kind.MAC: "00:1a:2b:3c:4d:5e",
    Kind.MUTEX: "Global\\{a mutex}",
    Kind.REGISTRY_KEY: "HKEY_LOCAL_MACHINE\\Software\\Evil",
    Kind.ASN: "AS64500",
    Kind.USER_AGENT: "Mozilla/5.0 (evil)",
    Kind.SERIAL: "0e:8f:3a:91:5c:20",
}
WITHOUT_PATTERN = {
    Kind.CVE: "CVE-2024-3094",
    Kind.CRYPTO: "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
    Kind.PHONE: "+12025550143",
    Kind.TECHNIQUE: "T1059.001",
    Kind.JA3: "d41d8cd98f00b204e9800998ecf8427e",
    Kind.JA4: "t13d190900_9dc949149365_97f8aa674fd9",
}
MORE = [
    (Kind.IPV4, "198.51.100.0/24"),
    (Kind.IPV6, "2001:db8::/32"),
    (Kind.FILE_PATH, "/tmp/x"),
    (Kind.FILE_PATH, "/x"),
    (Kind.FILE_PATH, "C:\\x.exe"),
    (Kind.FILE_PATH, "\\\\server\\share\\x.exe"),
]


@pytest.mark.parametrize(("kind", "value"), [*VALUES.items(), *MORE])
def test_what_a_pattern_was_made_of_is_found_in_it_again(kind: Kind, value: str) -> None:
    observable = canonical(kind, value)
    assert observable is not None

    pattern = parse(pattern_of(observable) or "")

    assert isinstance(pattern, Pattern)
    assert observable.key in {found.key for found in observables_in_pattern(pattern)}


@pytest.mark.parametrize(("kind", "value"), WITHOUT_PATTERN.items())
def test_what_stix_has_no_property_for_has_no_pattern(kind: Kind, value: str) -> None:
    observable = canonical(kind, value)
    assert observable is not None

    assert pattern_of(observable) is None


def test_every_kind_is_thought_of() -> None:
    assert VALUES.keys() | WITHOUT_PATTERN.keys() == set(Kind)
    assert not VALUES.keys() & WITHOUT_PATTERN.keys()
