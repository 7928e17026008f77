"""Who saw something independently: passed on counts once, own words count, and no peer counts for two."""

from hypothesis import given
from hypothesis import strategies as st

from cirt.register.witnesses import Witness, independent

NAMES = st.sampled_from(["A", "B", "C", "D"])


def said(bringer: str, author: str | None = None, **more: int | str) -> Witness:
    """By a peer named as its identity, in capitals."""
    name = author.upper() if author and len(author) == 1 else None
    return Witness(bringer, author, name, **more)  # type: ignore[arg-type]  # a title or an instant


def test_three_who_speak_for_themselves_are_three() -> None:
    assert independent([said("A", "a"), said("B"), said("C", "c")]) == ("A", "B", "C")


def test_who_only_passes_on_does_not_count() -> None:
    assert independent([said("B", "a"), said("A", "a"), said("C", "a")]) == ("A",)


def test_a_peer_that_claims_many_authors_counts_once() -> None:
    assert len(independent([said("B", f"identity--{n}") for n in range(9)])) == 1


def test_one_that_also_speaks_for_itself_counts_beside_whom_it_passes_on() -> None:
    assert sorted(independent([said("B", "a"), said("A", "a"), said("B", "b")])) == ["A", "B"]


def test_a_copy_with_an_id_of_its_own_counts_once() -> None:
    began = 1_700_000_013_123_000

    copied = [
        said("A", "a", title="Loader", began_us=began),
        said("B", "b", title="Loader", began_us=began),
    ]
    rounded = [
        said("A", "a", title="Loader", began_us=0),
        said("B", "b", title="Loader", began_us=0),
    ]

    assert independent(copied) == ("A",)
    assert independent(rounded) == ("A", "B")


@given(st.lists(st.builds(said, NAMES, st.one_of(st.none(), st.sampled_from("abcdxyz")))))
def test_there_are_never_more_than_bringers_or_authors(some: list[Witness]) -> None:
    found = independent(some)

    authors = {one.author or f"by {one.bringer}".lower() for one in some}
    assert len(found) <= min(len({one.bringer for one in some}), len(authors))
    assert bool(found) == bool(some)


@given(st.lists(st.builds(said, NAMES, st.sampled_from("abcd"))), st.randoms())
def test_the_order_in_which_they_came_changes_no_count(
    some: list[Witness], shuffle: object
) -> None:
    mixed = list(some)
    shuffle.shuffle(mixed)  # type: ignore[attr-defined]  # Hypothesis gives a Random

    assert len(independent(mixed)) == len(independent(some))
