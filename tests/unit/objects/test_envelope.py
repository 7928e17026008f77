"""Cutting a body into the exact text of its objects."""

import pytest

from cirt.objects.codec import NotEnvelope, NotJson, Refusal, TooDeep, read, split

ODD = b'{ "type":"x-a",\t"n" : 1.50, "t":"\\u00e9\\/" }'


def test_the_text_of_each_object_is_kept_to_the_byte() -> None:
    body = b' {"more": false, "objects": [ ' + ODD + b" ,\n" + ODD + b' ], "next": "a" }\n'

    assert split(body) == [ODD, ODD]


@pytest.mark.parametrize(
    "body",
    [
        b'{"objects": [%s]}',
        b'{"type": "bundle", "id": "bundle--1", "objects": [%s]}',
        b'{"type": "bundle", "spec_version": "2.0", "objects": [%s]}',
        b"[%s]",
        b"%s",
    ],
)
def test_envelopes_bundles_lists_and_single_objects_are_taken(body: bytes) -> None:
    assert split(body % ODD) == [ODD]


@pytest.mark.parametrize("body", [b"{}", b"[]", b'{"more": false}', b'{"objects": [ ]}'])
def test_an_empty_body_has_no_objects(body: bytes) -> None:
    assert split(body) == []


def test_an_object_with_objects_of_its_own_is_one_object() -> None:
    old = b'{"type": "observed-data", "objects": {"0": {"type": "file"}}}'

    assert split(old) == [old]


@pytest.mark.parametrize(
    "body",
    [
        b"", b"  ", b"abc", b'"text"', b"1", b'{"objects": [{}', b"[1,]", b"[,1]", b"{]", b'{"a"}', b"[] []",
        b'["x]', b'{"objects": [1}', b'{"objects": []}]', b"[{}}", b"{1: 2}", b'{"\\ud800": 1}',
        b'{"\x85": []}',
    ],
)  # fmt: skip
def test_what_is_not_json_is_refused(body: bytes) -> None:
    with pytest.raises(NotJson):
        split(body)


@pytest.mark.parametrize("body", [b'{"a": 1}', b'{"objects": {}}', b'{"objects": 7, "more": true}'])
def test_json_of_another_shape_is_refused(body: bytes) -> None:
    with pytest.raises(NotEnvelope):
        split(body)


@pytest.mark.parametrize(
    "body",
    [
        b'{"objects": [1], "objects": [2]}',
        b'{"objects": [], "objects": []}',
        b'{"more": 12, "objects": [], "more": 1}',
        b'{"more": 1, "objects": [], "more": 12}',
        b'{"objects": [], "obj\\u0065cts": [1]}',
        b'{"objects": [NaN], "objects": []}',
    ],
)
def test_a_member_given_twice_is_refused(body: bytes) -> None:
    with pytest.raises(NotEnvelope):
        split(body)


@pytest.mark.parametrize("broken", [b"[" * 2000 + b"]" * 2000, b'"\\ud800"', b"NaN", b"01", b"tru"])
def test_one_broken_object_does_not_take_the_others_with_it(broken: bytes) -> None:
    bad = b'{"type": "x-b", "n": ' + broken + b"}"

    pieces = split(b'{"objects": [' + ODD + b", " + bad + b", " + ODD + b"]}")

    assert pieces == [ODD, bad, ODD]
    assert isinstance(read(bad), Refusal)


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'{"objects":['])
def test_endless_nesting_is_refused_and_not_a_crash(opening: bytes) -> None:
    with pytest.raises(TooDeep):
        split(opening * 200_000)


def test_a_name_of_megabytes_is_not_read() -> None:
    long = b"a" * 251
    assert split(b'{"objects": [1], "%b": 0}' % long[:250]) == [b"1"]
    with pytest.raises(NotEnvelope, match="more than 250 characters"):
        split(b'{"objects": [1], "%b": 0}' % long)


def test_the_message_says_what_is_wrong() -> None:
    with pytest.raises(NotEnvelope, match="stands in it twice"):
        split(b'{"objects": [1], "objects": [2]}')
