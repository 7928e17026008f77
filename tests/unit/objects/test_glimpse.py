"""What a text shows of markings, however it is written, and at what cost."""

import json
import tracemalloc

import pytest

from cirt.kernel.tlp import Tlp
from cirt.objects.glimpse import glimpse

MARKING = "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed"
SIZE = 1 << 20
MOST = 64 << 20  # bytes beside the text itself


def escaped(text: str) -> str:
    """Every other character by its number, in both ways of writing hexadecimal digits."""
    return "".join(
        char if n % 2 else (f"\\u{ord(char):04x}" if n % 4 else f"\\u{ord(char):04X}")
        for n, char in enumerate(text)
    )


@pytest.mark.parametrize("written", [MARKING, MARKING.upper(), escaped(MARKING)])
@pytest.mark.parametrize(
    "text",
    [
        '{"object_marking_refs":["%s"]}',
        '{"granular_markings":[{"marking_ref":"%s"}]}',
        '{"object_marking_refs":["%s"],"object_marking_refs":[]}',
        '{"object_marking_refs":["%s"',
        "[" * 5000 + '"%s"',
        '{"x":"' + "a" * SIZE + '","object_marking_refs":["%s"]}',
        '{"x":[' + "0," * SIZE + '0],"object_marking_refs":["%s"]}',
    ],
)
def test_a_reference_is_seen_however_it_is_written(text: str, written: str) -> None:
    assert glimpse((text % written).encode()).refs == {MARKING}


def test_a_definition_is_seen_in_a_text_that_is_not_taken() -> None:
    said = [{"type": "marking-definition", "id": MARKING, "definition": {"tlp": "red"}}]

    assert glimpse(json.dumps(said).encode()).stated == {MARKING: Tlp.RED}


@pytest.mark.parametrize(
    "text",
    [
        b"[" * (SIZE // 2) + b"]" * (SIZE // 2),
        b'{"a":' * (SIZE // 5) + b"1" + b"}" * (SIZE // 5),
        b"[" * 900 + b",".join([b"[" * 10 + b"]" * 10] * (SIZE // 21)) + b"]" * 900,
        b"[" + b",".join([b"0"] * (SIZE // 2)) + b"]",
        b"[" + b",".join([b"{}"] * (SIZE // 3)) + b"]",
        b"[" + b",".join([b'{"a":1}'] * (SIZE // 8)) + b"]",
        b'["' + b"a" * 32 * SIZE + '\N{GRINNING FACE}"]'.encode(),
        b'["' + b"\\u006d" * 4 * SIZE + b'"]',
        b"9" * SIZE,
    ],
    ids=[
        "lists in lists",
        "objects in objects",
        "many deep",
        "numbers",
        "empty objects",
        "small objects",
        "a wide character",
        "escapes",
        "a number",
    ],
)
@pytest.mark.parametrize("times", [1, 8])
def test_what_is_refused_costs_little_to_look_at(text: bytes, times: int) -> None:
    text = text if len(text) > SIZE * 2 else b"[" + b",".join([text] * times) + b"]"
    tracemalloc.start()
    try:
        assert glimpse(text).refs == set()
        assert tracemalloc.get_traced_memory()[1] < MOST
    finally:
        tracemalloc.stop()
