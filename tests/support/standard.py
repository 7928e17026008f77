"""STIX 2.1 written down once more, apart from the program: each type with all of its properties.

Every sample is a valid object; what may not be changed about it follows from the samples' own types and
from the tables below. Sections are those of the OASIS standard of June 2021.
"""

from dataclasses import dataclass, field
from typing import Any

UUID4 = "9f1c3d1e-7d0a-4a53-9b36-0c0d3c4e2a10"
DAY = "2025-03-01T10:00:00.000Z"
NEXT_DAY = "2025-03-02T10:00:00Z"


def ref(stix_type: str) -> str:
    return f"{stix_type}--{UUID4}"


TLP_AMBER = "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421"
EXTENSION = ref("extension-definition")


@dataclass(frozen=True, slots=True)
class Sample:
    """A type of object, or a part of one, with every property it may have.

    ``needs`` are required; of each tuple in ``one_of`` any one will do. ``bare`` is what the smallest
    valid object has beyond ``needs``. ``without`` names what cannot stand beside the rest.
    """

    section: str
    properties: dict[str, Any]
    needs: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    bare: tuple[str, ...] = ()
    without: tuple[str, ...] = field(default=())

    def full(self) -> dict[str, Any]:
        return {name: self.properties[name] for name in self.properties if name not in self.without}

    def smallest(self) -> dict[str, Any]:
        return {name: self.properties[name] for name in (*self.needs, *self.bare)}


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_PHASES = [{"kill_chain_name": "lockheed-martin-cyber-kill-chain", "phase_name": "delivery"}]
_HASHES = {"SHA-256": "ab" * 32, "MD5": "cd" * 16}
_SPAN = {"first_seen": DAY, "last_seen": NEXT_DAY}
_TEXTS = {"name": "a name", "description": "some words"}
_MOTIVES = {
    "resource_level": "government",
    "primary_motivation": "dominance",
    "secondary_motivations": ["ideology", "revenge"],
}

COMMON: dict[str, Any] = {
    "spec_version": "2.1",
    "created_by_ref": ref("identity"),
    "created": DAY,
    "modified": NEXT_DAY,
    "revoked": False,
    "labels": ["one", "two"],
    "confidence": 50,
    "lang": "en",
    "external_references": [{"source_name": "cve", "external_id": "CVE-2024-1234"}],
    "object_marking_refs": [TLP_AMBER],
    "granular_markings": [{"selectors": ["type"], "marking_ref": TLP_AMBER}],
    "defanged": True,
    "extensions": {EXTENSION: {"extension_type": "property-extension", "rank": 5}},
}
# Section 3.2: required, optional, not allowed.
_R, _O, _N = "required", "optional", "not allowed"
GROUPS = ("sdo", "sro", "sco", "extension-definition", "language-content", "marking-definition")
MAY_HAVE: dict[str, dict[str, str]] = {
    name: dict(zip(GROUPS, verdicts, strict=True))
    for name, verdicts in {
        "spec_version": (_R, _R, _O, _R, _R, _R),
        "created_by_ref": (_O, _O, _N, _R, _O, _O),
        "created": (_R, _R, _N, _R, _R, _R),
        "modified": (_R, _R, _N, _R, _R, _N),
        "revoked": (_O, _O, _N, _O, _O, _N),
        "labels": (_O, _O, _N, _O, _O, _N),
        "confidence": (_O, _O, _N, _N, _O, _N),
        "lang": (_O, _O, _N, _N, _N, _N),
        "external_references": (_O, _O, _N, _O, _O, _O),
        "object_marking_refs": (_O, _O, _O, _O, _O, _O),
        "granular_markings": (_O, _O, _O, _O, _O, _O),
        "defanged": (_N, _N, _O, _N, _N, _N),
        "extensions": (_O, _O, _O, _N, _O, _O),
    }.items()
}

SDO: dict[str, Sample] = {
    "attack-pattern": Sample(
        "4.1", {**_TEXTS, "aliases": ["x"], "kill_chain_phases": _PHASES}, ("name",)
    ),
    "campaign": Sample(
        "4.2", {**_TEXTS, "aliases": ["x"], **_SPAN, "objective": "to see"}, ("name",)
    ),
    "course-of-action": Sample("4.3", _TEXTS, ("name",)),
    "grouping": Sample(
        "4.4",
        {**_TEXTS, "context": "unspecified", "object_refs": [ref("indicator"), ref("ipv4-addr")]},
        ("context", "object_refs"),
    ),
    "identity": Sample(
        "4.5",
        {
            **_TEXTS,
            "roles": ["ceo"],
            "identity_class": "individual",
            "sectors": ["government-national", "legal"],
            "contact_information": "by letter",
        },
        ("name",),
    ),
    "incident": Sample("4.6", _TEXTS, ("name",)),
    "indicator": Sample(
        "4.7",
        {
            **_TEXTS,
            "indicator_types": ["malicious-activity"],
            "pattern": "[ipv4-addr:value = '198.51.100.3']",
            "pattern_type": "stix",
            "pattern_version": "2.1",
            "valid_from": DAY,
            "valid_until": NEXT_DAY,
            "kill_chain_phases": _PHASES,
        },
        ("pattern", "pattern_type", "valid_from"),
    ),
    "infrastructure": Sample(
        "4.8",
        {
            **_TEXTS,
            "infrastructure_types": ["botnet", "workstation"],
            "aliases": ["x"],
            "kill_chain_phases": _PHASES,
            **_SPAN,
        },
        ("name",),
    ),
    "intrusion-set": Sample(
        "4.9", {**_TEXTS, "aliases": ["x"], **_SPAN, "goals": ["money"], **_MOTIVES}, ("name",)
    ),
    "location": Sample(
        "4.10",
        {
            **_TEXTS,
            "latitude": 48.8566,
            "longitude": 2.3522,
            "precision": 10.5,
            "region": "western-europe",
            "country": "FR",
            "administrative_area": "FR-IDF",
            "city": "Paris",
            "street_address": "1 rue",
            "postal_code": "75001",
        },
        one_of=("region", "country", "latitude"),
        bare=("country",),
    ),
    "malware": Sample(
        "4.11",
        {
            **_TEXTS,
            "malware_types": ["worm"],
            "is_family": True,
            "aliases": ["x"],
            "kill_chain_phases": _PHASES,
            **_SPAN,
            "operating_system_refs": [ref("software")],
            "architecture_execution_envs": ["x86-64"],
            "implementation_languages": ["rust", "c++"],
            "capabilities": ["emails-spam"],
            "sample_refs": [ref("file"), ref("artifact")],
        },
        ("is_family", "name"),  # the name because it is a family
    ),
    "malware-analysis": Sample(
        "4.12",
        {
            "product": "av",
            "version": "1",
            "host_vm_ref": ref("software"),
            "operating_system_ref": ref("software"),
            "installed_software_refs": [ref("software")],
            "configuration_version": "2",
            "modules": ["m"],
            "analysis_engine_version": "3",
            "analysis_definition_version": "4",
            "submitted": DAY,
            "analysis_started": DAY,
            "analysis_ended": NEXT_DAY,
            "result_name": "W32",
            "result": "benign",
            "analysis_sco_refs": [ref("file"), ref("x-thing")],
            "sample_ref": ref("file"),
        },
        ("product",),
        one_of=("result", "analysis_sco_refs"),
        bare=("result",),
    ),
    "note": Sample(
        "4.13",
        {"abstract": "a", "content": "b", "authors": ["c"], "object_refs": [ref("campaign")]},
        ("content", "object_refs"),
    ),
    "observed-data": Sample(
        "4.14",
        {
            "first_observed": DAY,
            "last_observed": NEXT_DAY,
            "number_observed": 3,
            "objects": {"0": {"type": "url", "value": "https://a.example/"}},
            "object_refs": [ref("ipv4-addr"), ref("relationship"), ref("x-thing")],
        },
        ("first_observed", "last_observed", "number_observed"),
        one_of=("objects", "object_refs"),
        bare=("object_refs",),
        without=("objects",),
    ),
    "opinion": Sample(
        "4.15",
        {
            "explanation": "because",
            "authors": ["x"],
            "opinion": "agree",
            "object_refs": [ref("relationship")],
        },
        ("opinion", "object_refs"),
    ),
    "report": Sample(
        "4.16",
        {
            **_TEXTS,
            "report_types": ["incident"],
            "published": DAY,
            "object_refs": [ref("marking-definition"), ref("relationship"), ref("url")],
        },
        ("name", "published", "object_refs"),
    ),
    "threat-actor": Sample(
        "4.17",
        {
            **_TEXTS,
            "threat_actor_types": ["private-sector"],
            "aliases": ["x"],
            **_SPAN,
            "roles": ["sponsor"],
            "goals": ["money"],
            "sophistication": "none",
            **_MOTIVES,
            "personal_motivations": ["coercion"],
        },
        ("name",),
    ),
    "tool": Sample(
        "4.18",
        {
            **_TEXTS,
            "tool_types": ["remote-access"],
            "aliases": ["x"],
            "kill_chain_phases": _PHASES,
            "tool_version": "1",
        },
        ("name",),
    ),
    "vulnerability": Sample("4.19", _TEXTS, ("name",)),
}

SRO: dict[str, Sample] = {
    "relationship": Sample(
        "5.1",
        {
            "relationship_type": "indicates",
            "description": "some words",
            "source_ref": ref("indicator"),
            "target_ref": ref("malware"),
            "start_time": DAY,
            "stop_time": NEXT_DAY,
        },
        ("relationship_type", "source_ref", "target_ref"),
    ),
    "sighting": Sample(
        "5.2",
        {
            "description": "some words",
            **_SPAN,
            "count": 0,
            "sighting_of_ref": ref("indicator"),
            "observed_data_refs": [ref("observed-data")],
            "where_sighted_refs": [ref("identity"), ref("location")],
            "summary": True,
        },
        ("sighting_of_ref",),
    ),
}

SCO: dict[str, Sample] = {
    "artifact": Sample(
        "6.1",
        {
            "mime_type": "text/plain",
            "payload_bin": "AAAA",
            "url": "https://a.example/x",
            "hashes": _HASHES,
            "encryption_algorithm": "mime-type-indicated",
            "decryption_key": "infected",
        },
        one_of=("payload_bin", "url"),
        bare=("payload_bin",),
        without=("url",),
    ),
    "autonomous-system": Sample("6.2", {"number": 64500, "name": "AS", "rir": "RIPE"}, ("number",)),
    "directory": Sample(
        "6.3",
        {
            "path": "C:\\Windows",
            "path_enc": "utf-8",
            "ctime": DAY,
            "mtime": DAY,
            "atime": DAY,
            "contains_refs": [ref("file"), ref("directory")],
        },
        ("path",),
    ),
    "domain-name": Sample(
        "6.4",
        {
            "value": "bad.example",
            "resolves_to_refs": [ref("ipv4-addr"), ref("ipv6-addr"), ref("domain-name")],
        },
        ("value",),
    ),
    "email-addr": Sample(
        "6.5",
        {
            "value": "jane@example.com",
            "display_name": "Jane",
            "belongs_to_ref": ref("user-account"),
        },
        ("value",),
    ),
    "email-message": Sample(
        "6.6",
        {
            "is_multipart": True,
            "date": DAY,
            "content_type": "text/plain",
            "from_ref": ref("email-addr"),
            "sender_ref": ref("email-addr"),
            "to_refs": [ref("email-addr")],
            "cc_refs": [ref("email-addr")],
            "bcc_refs": [ref("email-addr")],
            "message_id": "<1@a.example>",
            "subject": "hello",
            "received_lines": ["from a by b"],
            "additional_header_fields": {"Reply-To": ["a@a.example"]},
            "body": "text",
            "body_multipart": [
                {
                    "body": "x",
                    "body_raw_ref": ref("artifact"),
                    "content_type": "text/plain",
                    "content_disposition": "inline",
                }
            ],
            "raw_email_ref": ref("artifact"),
        },
        ("is_multipart",),
        without=("body",),
    ),
    "file": Sample(
        "6.7",
        {
            "hashes": _HASHES,
            "size": 0,
            "name": "a.exe",
            "name_enc": "utf-8",
            "magic_number_hex": "4d5A",
            "mime_type": "application/x-exe",
            "ctime": DAY,
            "mtime": DAY,
            "atime": DAY,
            "parent_directory_ref": ref("directory"),
            "contains_refs": [ref("url"), ref("x-thing")],
            "content_ref": ref("artifact"),
        },
        one_of=("hashes", "name"),
        bare=("name",),
    ),
    "ipv4-addr": Sample(
        "6.8",
        {
            "value": "198.51.100.3",
            "resolves_to_refs": [ref("mac-addr")],
            "belongs_to_refs": [ref("autonomous-system")],
        },
        ("value",),
    ),
    "ipv6-addr": Sample(
        "6.9",
        {
            "value": "2001:db8::1",
            "resolves_to_refs": [ref("mac-addr")],
            "belongs_to_refs": [ref("autonomous-system")],
        },
        ("value",),
    ),
    "mac-addr": Sample("6.10", {"value": "d2:fb:49:24:37:18"}, ("value",)),
    "mutex": Sample("6.11", {"name": "m1"}, ("name",)),
    "network-traffic": Sample(
        "6.12",
        {
            "start": DAY,
            "end": NEXT_DAY,
            "is_active": False,
            "src_ref": ref("ipv4-addr"),
            "dst_ref": ref("domain-name"),
            "src_port": 0,
            "dst_port": 65535,
            "protocols": ["ipv4", "tcp"],
            "src_byte_count": 1,
            "dst_byte_count": 2,
            "src_packets": 3,
            "dst_packets": 4,
            "ipfix": {"minimumIpTotalLength": 32, "name": "x"},
            "src_payload_ref": ref("artifact"),
            "dst_payload_ref": ref("artifact"),
            "encapsulates_refs": [ref("network-traffic")],
            "encapsulated_by_ref": ref("network-traffic"),
        },
        ("protocols",),
        one_of=("src_ref", "dst_ref"),
        bare=("src_ref",),
    ),
    "process": Sample(
        "6.13",
        {
            "is_hidden": False,
            "pid": 1221,
            "created_time": DAY,
            "cwd": "/tmp",
            "command_line": "./x -a",
            "environment_variables": {"PATH": "/bin"},
            "opened_connection_refs": [ref("network-traffic")],
            "creator_user_ref": ref("user-account"),
            "image_ref": ref("file"),
            "parent_ref": ref("process"),
            "child_refs": [ref("process")],
        },
        bare=("pid",),
    ),
    "software": Sample(
        "6.14",
        {
            "name": "Word",
            "cpe": "cpe:2.3:a:microsoft:word:2000:*:*:*:*:*:*:*",
            "swid": "w",
            "languages": ["en-GB"],
            "vendor": "Microsoft",
            "version": "2002",
        },
        ("name",),
    ),
    "url": Sample("6.15", {"value": "https://a.example/x"}, ("value",)),
    "user-account": Sample(
        "6.16",
        {
            "user_id": "1001",
            "credential": "secret",
            "account_login": "jdoe",
            "account_type": "unix",
            "display_name": "J",
            "is_service_account": False,
            "is_privileged": True,
            "can_escalate_privs": True,
            "is_disabled": False,
            "account_created": DAY,
            "account_expires": DAY,
            "credential_last_changed": DAY,
            "account_first_login": DAY,
            "account_last_login": DAY,
        },
        bare=("user_id",),
    ),
    "windows-registry-key": Sample(
        "6.17",
        {
            "key": "HKEY_LOCAL_MACHINE\\System\\Foo",
            "values": [{"name": "Foo", "data": "qwerty", "data_type": "REG_SZ"}],
            "modified_time": DAY,
            "creator_user_ref": ref("user-account"),
            "number_of_subkeys": 2,
        },
        bare=("key",),
    ),
    "x509-certificate": Sample(
        "6.18",
        {
            "is_self_signed": False,
            "hashes": _HASHES,
            "version": "3",
            "serial_number": "36:f7:d4:32",
            "signature_algorithm": "sha1RSA",
            "issuer": "CN=a",
            "validity_not_before": DAY,
            "validity_not_after": NEXT_DAY,
            "subject": "CN=b",
            "subject_public_key_algorithm": "rsa",
            "subject_public_key_modulus": "00:ab",
            "subject_public_key_exponent": 65537,
            "x509_v3_extensions": {
                "basic_constraints": "critical,CA:TRUE",
                "name_constraints": "a",
                "policy_constraints": "b",
                "key_usage": "c",
                "extended_key_usage": "d",
                "subject_key_identifier": "e",
                "authority_key_identifier": "f",
                "subject_alternative_name": "g",
                "issuer_alternative_name": "h",
                "subject_directory_attributes": "i",
                "crl_distribution_points": "j",
                "inhibit_any_policy": "k",
                "private_key_usage_period_not_before": DAY,
                "private_key_usage_period_not_after": NEXT_DAY,
                "certificate_policies": "l",
                "policy_mappings": "m",
            },
        },
        bare=("issuer",),
    ),
}

META: dict[str, Sample] = {
    "marking-definition": Sample(
        "7.2.1",
        {"name": "ours", "definition_type": "statement", "definition": {"statement": "(c) us"}},
        ("definition_type", "definition"),
    ),
    "language-content": Sample(
        "7.1",
        {
            "object_ref": ref("report"),
            "object_modified": DAY,
            "contents": {"fr": {"name": "nom", "labels": ["un", ""]}, "zh-Hant-TW": {"name": "x"}},
        },
        ("object_ref", "contents"),
    ),
    "extension-definition": Sample(
        "7.3",
        {
            **_TEXTS,
            "schema": "https://a.example/schema.json",
            "version": "1.2.1",
            "extension_types": ["toplevel-property-extension"],
            "extension_properties": ["rank", "x_two"],
        },
        ("name", "schema", "version", "extension_types"),
    ),
}

OBJECTS = SDO | SRO | SCO | META

EXTENSIONS: dict[tuple[str, str], Sample] = {
    ("file", "archive-ext"): Sample(
        "6.7.2",
        {"contains_refs": [ref("file"), ref("directory")], "comment": "x"},
        ("contains_refs",),
    ),
    ("file", "ntfs-ext"): Sample(
        "6.7.3",
        {
            "sid": "1234567",
            "alternate_data_streams": [{"name": "second", "hashes": _HASHES, "size": 25536}],
        },
        bare=("sid",),
    ),
    ("file", "pdf-ext"): Sample(
        "6.7.4",
        {
            "version": "1.7",
            "is_optimized": True,
            "document_info_dict": {"Title": "Sample"},
            "pdfid0": "DFCE52BD",
            "pdfid1": "57EF",
        },
        bare=("version",),
    ),
    ("file", "raster-image-ext"): Sample(
        "6.7.5",
        {
            "image_height": 1,
            "image_width": 2,
            "bits_per_pixel": 3,
            "exif_tags": {"Make": "Nikon", "XResolution": 4928},
        },
        bare=("image_width",),
    ),
    ("file", "windows-pebinary-ext"): Sample(
        "6.7.6",
        {
            "pe_type": "exe",
            "imphash": "ab",
            "machine_hex": "014c",
            "number_of_sections": 4,
            "time_date_stamp": "2016-01-22T12:31:12Z",
            "pointer_to_symbol_table_hex": "74726144",
            "number_of_symbols": 4542568,
            "size_of_optional_header": 224,
            "characteristics_hex": "818f",
            "file_header_hashes": _HASHES,
            "optional_header": {
                "magic_hex": "010b",
                "major_linker_version": 2,
                "size_of_code": 512,
                "hashes": _HASHES,
            },
            "sections": [{"name": "CODE", "size": 5, "entropy": 0.061089, "hashes": _HASHES}],
        },
        ("pe_type",),
    ),
    ("network-traffic", "http-request-ext"): Sample(
        "6.12.2",
        {
            "request_method": "get",
            "request_value": "/download.html",
            "request_version": "http/1.1",
            "request_header": {"User-Agent": ["Mozilla/5.0"]},
            "message_body_length": 12,
            "message_body_data_ref": ref("artifact"),
        },
        ("request_method", "request_value"),
    ),
    ("network-traffic", "icmp-ext"): Sample(
        "6.12.3",
        {"icmp_type_hex": "08", "icmp_code_hex": "00"},
        ("icmp_type_hex", "icmp_code_hex"),
    ),
    ("network-traffic", "socket-ext"): Sample(
        "6.12.4",
        {
            "address_family": "AF_INET",
            "is_blocking": True,
            "is_listening": True,
            "options": {"SO_ACCEPTCONN": 1},
            "socket_type": "SOCK_STREAM",
            "socket_descriptor": 3,
            "socket_handle": 4,
        },
        ("address_family",),
    ),
    ("network-traffic", "tcp-ext"): Sample(
        "6.12.5", {"src_flags_hex": "00000002", "dst_flags_hex": "00"}, bare=("src_flags_hex",)
    ),
    ("process", "windows-process-ext"): Sample(
        "6.13.2",
        {
            "aslr_enabled": True,
            "dep_enabled": True,
            "priority": "HIGH_PRIORITY_CLASS",
            "owner_sid": "S-1-5-21",
            "window_title": "x",
            "startup_info": {"cb": "x"},
            "integrity_level": "high",
        },
        bare=("aslr_enabled",),
    ),
    ("process", "windows-service-ext"): Sample(
        "6.13.3",
        {
            "service_name": "s",
            "descriptions": ["d"],
            "display_name": "n",
            "group_name": "g",
            "start_type": "SERVICE_AUTO_START",
            "service_dll_refs": [ref("file")],
            "service_type": "SERVICE_WIN32_OWN_PROCESS",
            "service_status": "SERVICE_RUNNING",
        },
        bare=("service_name",),
    ),
    ("user-account", "unix-account-ext"): Sample(
        "6.16.2",
        {"gid": 1001, "groups": ["wheel"], "home_dir": "/home/jdoe", "shell": "/bin/bash"},
        bare=("gid",),
    ),
}

TIMES = _words(
    """first_seen last_seen valid_from valid_until submitted analysis_started analysis_ended
    first_observed last_observed published start_time stop_time ctime mtime atime date start end
    created_time account_created account_expires credential_last_changed account_first_login
    account_last_login modified_time validity_not_before validity_not_after object_modified
    created modified time_date_stamp"""
)
HEX = _words(
    """magic_number_hex machine_hex pointer_to_symbol_table_hex characteristics_hex icmp_type_hex
    icmp_code_hex src_flags_hex dst_flags_hex magic_hex"""
)
# (lowest, highest) where the standard gives one; all other integers are within 2**53 - 1.
MOST = 2**53 - 1
RANGES: dict[str, tuple[float, float]] = {
    "confidence": (0, 100),
    "latitude": (-90, 90),
    "longitude": (-180, 180),
    "number_observed": (1, 999_999_999),
    "count": (0, 999_999_999),
    "src_port": (0, 65535),
    "dst_port": (0, 65535),
    "src_byte_count": (0, MOST),
    "dst_byte_count": (0, MOST),
    "src_packets": (0, MOST),
    "dst_packets": (0, MOST),
    "size": (0, MOST),
    "pid": (-MOST, MOST),
    "number_of_subkeys": (0, MOST),
    "gid": (-MOST, MOST),
    "socket_descriptor": (0, MOST),
    "number_of_sections": (0, MOST),
}
# (type, earlier, later, whether they may be equal)
ORDER = (
    ("campaign", "first_seen", "last_seen", True),
    ("indicator", "valid_from", "valid_until", False),
    ("infrastructure", "first_seen", "last_seen", True),
    ("intrusion-set", "first_seen", "last_seen", True),
    ("malware", "first_seen", "last_seen", True),
    ("observed-data", "first_observed", "last_observed", True),
    ("threat-actor", "first_seen", "last_seen", True),
    ("relationship", "start_time", "stop_time", False),
    ("sighting", "first_seen", "last_seen", True),
    ("network-traffic", "start", "end", True),
    ("tool", "created", "modified", True),
    ("language-content", "created", "modified", True),
    ("extension-definition", "created", "modified", True),
)
ANYTHING = frozenset(
    {
        ("grouping", "object_refs"),
        ("note", "object_refs"),
        ("opinion", "object_refs"),
        ("report", "object_refs"),
        ("language-content", "object_ref"),
    }
)
# What may not stand in a reference; elsewhere no report may.
WRONG_TARGETS: dict[tuple[str, str], tuple[str, ...]] = {
    ("relationship", "source_ref"): ("relationship", "sighting", "bundle", "marking-definition"),
    ("relationship", "target_ref"): ("language-content", "extension-definition", "sighting"),
    ("sighting", "sighting_of_ref"): ("ipv4-addr", "relationship", "marking-definition"),
    ("sighting", "where_sighted_refs"): ("indicator", "ipv4-addr"),
    ("observed-data", "object_refs"): ("indicator", "marking-definition", "bundle"),
    ("malware-analysis", "analysis_sco_refs"): ("malware", "relationship"),
    ("malware", "sample_refs"): ("malware", "url"),
    ("network-traffic", "src_ref"): ("url", "file"),
    ("file", "parent_directory_ref"): ("file",),
}

ENUMS: dict[tuple[str, str], str] = {
    ("opinion", "opinion"): "strongly-disagree disagree neutral agree strongly-agree",
    (
        "artifact",
        "encryption_algorithm",
    ): "AES-256-GCM ChaCha20-Poly1305 mime-type-indicated",
    (
        "network-traffic",
        "extensions.socket-ext.address_family",
    ): "AF_UNSPEC AF_INET AF_IPX AF_APPLETALK AF_NETBIOS AF_INET6 AF_IRDA AF_BTH",
    (
        "network-traffic",
        "extensions.socket-ext.socket_type",
    ): "SOCK_STREAM SOCK_DGRAM SOCK_RAW SOCK_RDM SOCK_SEQPACKET",
    ("process", "extensions.windows-process-ext.integrity_level"): "low medium high system",
}
REGISTRY_TYPES = """REG_NONE REG_SZ REG_EXPAND_SZ REG_BINARY REG_DWORD REG_DWORD_BIG_ENDIAN
    REG_DWORD_LITTLE_ENDIAN REG_LINK REG_MULTI_SZ REG_RESOURCE_LIST REG_FULL_RESOURCE_DESCRIPTION
    REG_RESOURCE_REQUIREMENTS_LIST REG_QWORD REG_INVALID_TYPE"""
EXTENSION_TYPES = """new-sdo new-sco new-sro property-extension toplevel-property-extension"""

# Open vocabularies: another value is taken, with a word to the reader.
OPEN = frozenset(
    {
        ("grouping", "context"),
        ("identity", "identity_class"),
        ("identity", "sectors"),
        ("indicator", "indicator_types"),
        ("infrastructure", "infrastructure_types"),
        ("intrusion-set", "resource_level"),
        ("intrusion-set", "primary_motivation"),
        ("intrusion-set", "secondary_motivations"),
        ("location", "region"),
        ("malware", "malware_types"),
        ("malware", "architecture_execution_envs"),
        ("malware", "implementation_languages"),
        ("malware", "capabilities"),
        ("malware-analysis", "result"),
        ("report", "report_types"),
        ("threat-actor", "threat_actor_types"),
        ("threat-actor", "roles"),
        ("threat-actor", "sophistication"),
        ("threat-actor", "resource_level"),
        ("threat-actor", "primary_motivation"),
        ("threat-actor", "secondary_motivations"),
        ("threat-actor", "personal_motivations"),
        ("tool", "tool_types"),
        ("user-account", "account_type"),
    }
)


def group_of(stix_type: str) -> str:
    for group, samples in (("sdo", SDO), ("sro", SRO), ("sco", SCO)):
        if stix_type in samples:
            return group
    return stix_type if stix_type in META else "sdo"
