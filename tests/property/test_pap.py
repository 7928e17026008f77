"""What is made of several things lets no more be done than any of them."""

from hypothesis import given
from hypothesis import strategies as st

from cirt.kernel.tlp import Tlp
from cirt.objects.policies import Pap
from cirt.register.facts.carrying import Counted, carried
from cirt.sharing.uses import implied_pap

ORIGINS = st.lists(st.builds(Counted, st.sampled_from(Pap), st.booleans()), max_size=4)


@given(origins=ORIGINS, tlp=st.sampled_from(Tlp))
def test_nothing_lets_more_be_done_than_what_it_is_made_of(
    origins: list[Counted], tlp: Tlp
) -> None:
    counts_as = carried(origins, tlp) or implied_pap(tlp)

    assert all(counts_as.rank >= each.pap.rank for each in origins)


@given(origins=ORIGINS, tlp=st.sampled_from(Tlp))
def test_what_somebody_chose_is_said_and_what_the_marking_says_anyway_is_not(
    origins: list[Counted], tlp: Tlp
) -> None:
    said = carried(origins, tlp)

    if any(each.is_stated for each in origins):
        assert said is not None
    elif said is not None:
        assert said.rank > implied_pap(tlp).rank
