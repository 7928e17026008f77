"""STIX objects for tests: valid as they stand, with whatever a test changes."""

from typing import Any

import orjson

IDENTITY = "identity--0c9d8b7a-1e2f-4a3b-8c4d-5e6f7a8b9c0d"
INDICATOR = "indicator--9f1c3d1e-7d0a-4a53-9b36-0c0d3c4e2a10"
MALWARE = "malware--5c2d1f60-0d1c-4f4a-9a0e-6a4b2c7d8e99"


def an_object(stix_type: str, **properties: Any) -> bytes:
    """The text of an object of any type; a property that is None is left out."""
    content = {
        "type": stix_type,
        "spec_version": "2.1",
        "id": f"{stix_type}--9f1c3d1e-7d0a-4a53-9b36-0c0d3c4e2a10",
        "created": "2025-03-01T10:00:00.000Z",
        "modified": "2025-03-01T10:00:00.000Z",
        **properties,
    }
    return orjson.dumps({name: value for name, value in content.items() if value is not None})


def an_indicator(**properties: Any) -> bytes:
    return an_object(
        "indicator",
        **{
            "name": "C2 address",
            "pattern": "[ipv4-addr:value = '198.51.100.3']",
            "pattern_type": "stix",
            "valid_from": "2025-03-01T10:00:00Z",
            **properties,
        },
    )


def an_observable(stix_type: str, **properties: Any) -> bytes:
    return an_object(stix_type, **{"created": None, "modified": None, **properties})
