"""A part with a lower marking tells nothing of what was taken out, in whatever spelling it stood in the original."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from cirt.kernel.tlp import Tlp
from cirt.objects import build, codec
from cirt.release.parts.rules import Recipe, WhyNot, derive
from cirt.release.parts.words import Word, WordKind, normal, take_out, told, worth

AT = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
US = "identity--11111111-1111-4111-8111-111111111111"
IDS = [f"indicator--{number:08x}-2222-4222-8222-222222222222" for number in range(20)]
# Letters that no id, date or word of STIX is made of alone.
_LETTERS = "qwzjkvxyÄßéЖшمنخ中"
_PLAIN = st.text("abdegilmnoprstu ", max_size=12)


@st.composite
def secrets(draw: DrawFn) -> str:
    """A name, a host, a mail address, a number of a ticket, an internal address."""
    name = st.text(_LETTERS, min_size=4, max_size=12)
    one = draw(name)
    return draw(
        st.sampled_from(
            [
                one,
                f"{one} {draw(name)}",
                f"{one}.{draw(name)}.example",
                f"{one}@{draw(name)}.example",
            ]
        )
    )


def spelt(draw: Callable[..., Any], word: str) -> str:
    """As people write it: defanged, shouted, with a line break."""
    ways = [
        word,
        word.upper(),
        word.replace(".", "[.]").replace("@", "[at]"),
        word.replace(" ", "\n"),
        f"({word})",
    ]
    return str(draw(st.sampled_from(ways)))


@st.composite
def originals(draw: DrawFn, words: list[str]) -> dict[str, Any]:
    def text() -> str:
        parts = [draw(_PLAIN)]
        for _ in range(draw(st.integers(0, 4))):
            parts += [spelt(draw, draw(st.sampled_from(words))), draw(_PLAIN)]
        return " ".join(parts)

    in_pattern = draw(st.sampled_from(["", *words, ""]))
    host = "".join(char for char in in_pattern if char.isascii() and char.isalnum())
    ticket = draw(st.sampled_from(["", " INC-2026-0042", " Ticket 48151", " at 14:05:33"]))
    return {
        "type": "indicator",
        "spec_version": "2.1",
        "id": "indicator--99999999-9999-4999-8999-999999999999",
        "created_by_ref": US,
        "created": "2026-11-17T14:05:33.123Z",
        "modified": "2026-11-17T14:05:33.123Z",
        "name": text() + ticket,
        "description": text() + ticket,
        "labels": [text()],
        "external_references": [{"source_name": "desk", "description": text()}],
        "pattern": f"[domain-name:value = 'bad{host}.example']",
        "pattern_type": "stix",
        "valid_from": "2026-11-17T14:05:33.123Z",
        "valid_until": draw(st.sampled_from(["2026-11-17T14:06:00Z", "2027-01-01T00:00:00Z"])),
        "confidence": draw(st.sampled_from([0, 70, 100])),
    }


@given(data=st.data(), keep_text=st.booleans(), tlp=st.sampled_from([Tlp.CLEAR, Tlp.GREEN]))
def test_nothing_that_was_taken_out_stands_anywhere_in_the_bytes(
    data: st.DataObject, keep_text: bool, tlp: Tlp
) -> None:
    dropped = data.draw(st.lists(secrets(), min_size=1, max_size=4), label="dropped")
    original = data.draw(originals(dropped), label="original")
    words = worth(Word(WordKind.VICTIM, each) for each in dropped)
    read = codec.read(build._freeze(original).raw)
    assert isinstance(read, codec.StixObject)

    derived = derive(original, list(read.observables), Recipe(tlp, US, AT, words, keep_text), IDS)

    if derived.made is None:
        assert derived.why_not in (WhyNot.IN_PATTERN, WhyNot.TOLD)
        return
    raw = derived.made.raw.decode()
    for text in (raw, normal(raw)):
        folded = text.casefold()
        assert [each for each in dropped if each.casefold() in folded] == []
        assert [each for each in dropped if normal(each) in folded] == []
    for hidden in (original["id"], "INC-2026-0042", "48151", "14:05:33"):
        assert hidden not in raw
    assert derived.made.stix_id in IDS
    content = derived.made.content()
    assert content["valid_from"] == "2026-11-17T00:00:00.000Z"
    assert content["pattern"] == original["pattern"]
    assert "external_references" not in content
    assert "labels" not in content


@given(data=st.data())
def test_what_was_taken_out_of_a_text_is_named_and_gone(data: st.DataObject) -> None:
    dropped = data.draw(st.lists(secrets(), min_size=1, max_size=3))
    words = worth(Word(WordKind.VICTIM, each) for each in dropped)
    text = " and ".join(spelt(data.draw, each) for each in dropped)

    clear, found = take_out(words, f"Seen at {text} today")

    assert told(words, [clear]) == []
    assert {normal(each.text) for each in found} >= {normal(words[0].text)}


@given(st.data())
def test_the_same_recipe_gives_the_same_bytes(data: st.DataObject) -> None:
    original = data.draw(originals(["Harbour Water"]))
    recipe = Recipe(Tlp.GREEN, US, AT, worth([Word(WordKind.VICTIM, "Harbour Water")]), True)

    one, other = (derive(original, [], recipe, IDS) for _ in range(2))

    assert one == other
