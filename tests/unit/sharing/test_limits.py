"""Rules that only narrow, permissions of sources, and what PAP lets be done."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cirt.kernel.clock import to_us
from cirt.kernel.tlp import Tlp
from cirt.objects.markings import IEP_EXTENSION
from cirt.objects.policies import Action, Iep, Pap, policy_of
from cirt.sharing.facts import Consent, Facts, Grant, PublicReader
from cirt.sharing.rules import decide, decide_all
from cirt.sharing.uses import Use, decide_use
from cirt.sharing.verdicts import RULES, Decision, Verdict
from tests.support.sharing import NOW, B, C, a_permit, facts, lets_on, peer, terms

LATER = NOW + timedelta(seconds=1)
ON = peer(terms(transit=True))
BEGINS, ENDS = Iep(start_us=to_us(LATER)), Iep(end_us=to_us(NOW))
DOCS = Path(__file__).parents[3] / "docs" / "sharing.md"


def asked(what: Facts, consent: Consent | None = None, **more: Any) -> Decision:
    return decide(what, ON, "published", NOW, consent=consent or lets_on(C), **more)


def test_what_is_on_the_do_not_share_list_goes_to_no_peer_and_not_to_the_public() -> None:
    assert asked(facts(Tlp.CLEAR, withheld=True)).rule == "do-not-share"
    everybody = decide(facts(Tlp.CLEAR, withheld=True), PublicReader(), None, NOW)
    assert everybody.verdict is Verdict.NO


def test_a_peer_reads_back_what_it_posted_though_we_share_it_with_nobody() -> None:
    """Else the list would show by what is missing (rulings 22)."""
    posted = facts(Tlp.AMBER, origin_id=B, withheld=True, personal=True, iep=ENDS)

    assert decide(posted, peer(), "shared", NOW, posted=True).rule == "read-back"


@pytest.mark.parametrize(
    ("iep", "rule"),
    [
        (BEGINS, "iep-not-begun"),
        (ENDS, "iep-ended"),
        (Iep(unnamed=True), "iep-unnamed"),
        (Iep(actions=Action.NONE), "iep-nothing"),
        (Iep(actions=Action.INTERNAL), "table-yes"),
        (Iep(to_us(NOW), to_us(LATER), Action.DIRECT, quiet=True), "table-yes"),
    ],
)
@pytest.mark.parametrize("origin", [None, C])
def test_the_policy_of_its_source_binds(iep: Iep, rule: str, origin: int | None) -> None:
    assert asked(facts(Tlp.CLEAR, iep=iep, origin_id=origin)).rule == rule


def test_a_policy_that_asks_to_be_asked_asks_its_source_and_of_ours_two_of_us() -> None:
    asks = Iep(actions=Action.ASK)

    assert asked(facts(Tlp.CLEAR, iep=asks, origin_id=C)).rule == "iep-ask"
    assert asked(facts(Tlp.CLEAR, iep=asks, origin_id=C, vouched=True)).rule == "iep-ask"
    ours = asked(facts(Tlp.CLEAR, iep=asks))
    assert (ours.rule, ours.approvals) == ("iep-ask-us", 2)
    assert decide(facts(Tlp.CLEAR, iep=asks), PublicReader(), None, NOW).lets_leave() is False


def test_personal_data_needs_two_and_an_agreement_that_allows_it() -> None:
    person = facts(Tlp.GREEN, personal=True)
    allows = peer(terms(personal_data=True))

    assert decide(person, peer(), "published", NOW).rule == "personal-not-agreed"
    decision = decide(person, allows, "published", NOW)
    assert (decision.rule, decision.approvals) == ("personal-two", 2)
    assert decide(facts(Tlp.CLEAR, personal=True), PublicReader(), None, NOW).rule == (
        "personal-public"
    )


def test_what_a_peer_posts_of_persons_it_answers_for_but_the_reader_must_be_agreed_with() -> None:
    person = facts(Tlp.GREEN, personal=True, origin_id=C)
    allows = peer(terms(personal_data=True))

    assert decide(person, allows, "shared", NOW, posted=True).verdict is Verdict.YES
    assert decide(person, peer(), "shared", NOW, posted=True).rule == "personal-not-agreed"


@pytest.mark.parametrize("reader_passes_on", [True, False])
@pytest.mark.parametrize("bringer_passes_on", [True, False])
def test_a_peers_object_goes_on_only_where_both_agreements_allow_it(
    reader_passes_on: bool, bringer_passes_on: bool
) -> None:
    reader = peer(terms(transit=reader_passes_on))
    consent = lets_on(C) if bringer_passes_on else lets_on(B)

    decision = decide(facts(Tlp.CLEAR, origin_id=C), reader, "published", NOW, consent=consent)

    both = reader_passes_on and bringer_passes_on
    assert decision.rule == ("table-yes" if both else "transit")


def test_a_permission_turns_what_needs_one_into_yes_and_nothing_else() -> None:
    consent = lets_on(C, permits=(a_permit(),))

    assert asked(facts(Tlp.AMBER, origin_id=C), consent).rule == "permitted"
    assert asked(facts(Tlp.CLEAR, origin_id=C, iep=Iep(actions=Action.ASK)), consent).rule == (
        "table-yes"
    )
    nothing = facts(Tlp.CLEAR, origin_id=C, iep=Iep(actions=Action.NONE))
    assert asked(nothing, consent).rule == "iep-nothing"
    assert asked(facts(Tlp.AMBER, origin_id=C, withheld=True), consent).rule == "do-not-share"
    assert asked(facts(Tlp.RED, origin_id=C), consent).verdict is Verdict.NO
    alone = Consent(consent.permits)
    assert asked(facts(Tlp.AMBER, origin_id=C), alone).rule == "transit"


@pytest.mark.parametrize(
    ("changed", "covers"),
    [
        ({}, True),
        ({"reader_id": B}, True),
        ({"reader_id": C}, False),
        ({"up_to": Tlp.AMBER}, True),
        ({"up_to": Tlp.GREEN}, False),
        ({"origin_id": B}, False),
        ({"origin_id": None}, False),
        ({"origin_id": None, "id": 7}, True),
        ({"given_at": LATER}, False),
        ({"until": NOW}, False),
        ({"until": LATER}, True),
    ],
)
def test_a_permission_covers_what_to_whom_and_when_it_says(
    changed: dict[str, Any], covers: bool
) -> None:
    consent = lets_on(C, permits=(a_permit(**changed),))

    decision = asked(facts(Tlp.AMBER, origin_id=C, permits=(7, 9)), consent)

    assert decision.rule == ("permitted" if covers else "table-permission")


def test_every_rule_that_speaks_is_told_and_the_first_is_the_one_that_decides() -> None:
    what = facts(Tlp.AMBER, origin_id=C, withheld=True, personal=True, iep=ENDS)
    told = decide_all(what, peer(), "published", NOW)

    rules = {each.rule for each in told}
    assert rules >= {"do-not-share", "iep-ended", "transit", "personal-not-agreed", "personal-two"}
    assert told[0] == decide(what, peer(), "published", NOW)


@pytest.mark.parametrize(
    ("what", "uses"),
    [
        (facts(pap=Pap.RED), {Use.SEARCH}),
        (facts(Tlp.CLEAR, pap=Pap.AMBER), {Use.SEARCH, Use.LOOK_UP}),
        (facts(Tlp.RED, pap=Pap.GREEN), set(Use)),
        (facts(Tlp.GREEN), set(Use)),
        (facts(Tlp.AMBER), {Use.SEARCH, Use.LOOK_UP}),
    ],
)
def test_pap_says_what_may_be_done_and_the_tlp_where_it_is_silent(
    what: Facts, uses: set[Use]
) -> None:
    assert {use for use in Use if decide_use(what, use).verdict is Verdict.YES} == uses
    assert asked(what.__class__(**{**_fields(what), "tlp": Tlp.CLEAR})).verdict is Verdict.YES


def _fields(what: Facts) -> dict[str, Any]:
    return {name: getattr(what, name) for name in what.__slots__}


def test_the_page_for_analysts_has_every_rule_with_its_sentence() -> None:
    """The table of docs/sharing.md cannot drift."""
    rows = [line.split("|") for line in DOCS.read_text().splitlines() if line.startswith("| `")]
    told = {row[1].strip(" `"): (row[2].strip(), row[4].strip()) for row in rows}

    assert told == {name: (rule.verdict.value, rule.sentence) for name, rule in RULES.items()}


@pytest.mark.parametrize("end", ["9999-12-31", "9999-12-31T23:59:59Z"])
def test_a_policy_until_the_last_day_there_is_keeps_nothing_back(end: str) -> None:
    said = policy_of({"extensions": {IEP_EXTENSION: {"end_date": end}}}).iep

    assert asked(facts(Tlp.CLEAR, iep=said)).rule == "table-yes"


@pytest.mark.parametrize(
    ("may_name", "maker", "rule"),
    [
        (True, "identity--c", "table-yes"),
        (False, "identity--c", "source-unnamed"),
        (False, None, "table-yes"),
    ],
)
def test_who_is_not_to_be_named_as_a_source_is_not(
    may_name: bool, maker: str | None, rule: str
) -> None:
    consent = Consent((), (Grant(C, NOW - timedelta(days=1), None, may_name),))
    theirs = facts(Tlp.CLEAR, origin_id=C, creator=maker)

    assert decide(theirs, peer(terms(transit=True)), "published", NOW, consent=consent).rule == rule
