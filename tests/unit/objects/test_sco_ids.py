"""The deterministic ids of observables, against values computed by others."""

from typing import Any

import pytest

from cirt.objects.checking.sco_ids import sco_id

A, B = "a" * 64, "b" * 32
VECTORS: list[tuple[str, dict[str, Any], str]] = [
    ("ipv4-addr", {"value": "198.51.100.3"}, "28bb3599-77cd-5a82-a950-b5bc3caf07c4"),
    ("ipv6-addr", {"value": "2001:db8::1"}, "6469e3a9-b053-5e34-a025-9396ae051d26"),
    ("domain-name", {"value": "example.com"}, "bedb4899-d24b-5401-bc86-8f6b4cc18ec7"),
    ("domain-name", {"value": "bücher.example"}, "dbf3aff2-b3cd-57d2-9616-0ddfde9d01ad"),
    ("url", {"value": "https://example.com/a"}, "6ccd10ff-4c3f-5062-a19f-b6bd987c6637"),
    ("email-addr", {"value": "jane@example.com"}, "dd9bd830-dfb3-5f64-9cc3-c350cd4b9566"),
    ("file", {"hashes": {"SHA-256": A}}, "75cb38d5-2055-5354-b75a-8299a2d670b5"),
    ("file", {"hashes": {"SHA-256": A, "MD5": B}, "name": "x.exe"}, "4915fc0e-b154-5cb1-b338-70da92bbc85c"),
    ("file", {"name": "quêry.dll", "size": 5}, "0bd3b719-7faf-5d3c-ad6b-1bbde246b0f8"),
    ("directory", {"path": "C:\\Windows"}, "30b6c25d-82f4-51af-a3c8-51cb692dfd0a"),
    ("mutex", {"name": "m1"}, "dff45fbf-ddbd-59ee-97cf-9bca7c386a0b"),
    ("autonomous-system", {"number": 64500}, "0a5f7072-df00-5729-9f0a-4eb18631a446"),
    ("mac-addr", {"value": "d2:fb:49:24:37:18"}, "757b1725-9903-54f5-a855-1240691d7659"),
    ("windows-registry-key", {"key": "HKEY_LOCAL_MACHINE\\System\\Foo"}, "6d6b2ee2-57fb-52ec-b1d3-7138294a6b8e"),
    ("x509-certificate", {"serial_number": "36:f7:d4:32"}, "ef4a0357-ca02-5b61-b017-1b55c3e5c8b1"),
    ("user-account", {"account_type": "unix", "user_id": "1001", "account_login": "jdoe"}, "f94d689e-707d-58c3-b803-c720bb6ed096"),
    ("software", {"name": "Word", "vendor": "Microsoft"}, "e7fe4452-5d58-52cf-864e-3642b52c1eb7"),
]  # fmt: skip


@pytest.mark.parametrize(("stix_type", "properties", "expected"), VECTORS)
def test_the_id_of_an_observable_follows_from_its_content(
    stix_type: str, properties: dict[str, Any], expected: str
) -> None:
    assert sco_id({"type": stix_type, **properties}) == f"{stix_type}--{expected}"


@pytest.mark.parametrize("stix_type", ["process", "x-thing", "file"])
def test_without_contributing_properties_there_is_none(stix_type: str) -> None:
    assert sco_id({"type": stix_type, "pid": 7, "size": 5}) is None
