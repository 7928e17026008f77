"""The gate's rules, against a table written here from the standard and not from the rules."""

from datetime import timedelta
from string import Formatter
from typing import Any

import pytest

from cirt.kernel.tlp import Tlp
from cirt.objects.policies import Iep
from cirt.sharing.facts import PublicReader, StaffReader
from cirt.sharing.models import AgreementState, Direction, Level
from cirt.sharing.rules import decide, decide_arrival, decide_recall
from cirt.sharing.verdicts import RULES, Verdict
from tests.support.sharing import NOW, B, C, facts, lets_on, named, peer, terms, unmarked

# One letter per level (TLP accepted, MoU, MoU with NDA); RED is never an organisation's.
PEERS = {
    ("own", Tlp.CLEAR): "YYY",
    ("own", Tlp.GREEN): "AYY",
    ("own", Tlp.AMBER): "NYY",
    ("own", Tlp.AMBER_STRICT): "NAA",
    ("own", Tlp.RED): "NNN",
    ("foreign", Tlp.CLEAR): "YYY",
    ("foreign", Tlp.GREEN): "AYY",
    ("foreign", Tlp.AMBER): "NPP",
    ("foreign", Tlp.AMBER_STRICT): "NPP",
    ("foreign", Tlp.RED): "NNN",
}
LETTERS = {
    "Y": Verdict.YES,
    "A": Verdict.NEEDS_APPROVAL,
    "P": Verdict.NEEDS_PERMISSION,
    "N": Verdict.NO,
}
CELLS = [
    pytest.param(whose, tlp, level, LETTERS[letter], id=f"{whose} {tlp} {level}")
    for (whose, tlp), row in PEERS.items()
    for level, letter in zip(Level, row, strict=True)
]


@pytest.mark.parametrize(("whose", "tlp", "level", "expected"), CELLS)
def test_every_cell_of_the_table_is_as_the_standard_has_it(
    whose: str, tlp: Tlp, level: Level, expected: Verdict
) -> None:
    what = facts(tlp, origin_id=C if whose == "foreign" else None)

    reader = peer(terms(level=level, transit=True))
    decision = decide(what, reader, "published", NOW, consent=lets_on(C))

    assert decision.verdict is expected


def test_what_we_vouched_for_counts_as_our_own() -> None:
    theirs = facts(Tlp.AMBER, origin_id=C)
    vouched = facts(Tlp.AMBER, origin_id=C, vouched=True)

    assert decide(theirs, peer(), "published", NOW).rule == "transit"
    assert decide(vouched, peer(), "published", NOW).verdict is Verdict.YES


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"suspended": True}, "peer-suspended"),
        ({"terms": None}, "agreement-none"),
        ({"terms": terms(state=AgreementState.DRAFT)}, "agreement-draft"),
        ({"terms": terms(state=AgreementState.SUSPENDED)}, "agreement-suspended"),
        ({"terms": terms(state=AgreementState.ENDED)}, "agreement-ended"),
        ({"terms": terms(valid_from=NOW + timedelta(microseconds=1))}, "agreement-not-yet"),
        ({"terms": terms(valid_until=NOW)}, "agreement-ended"),
        ({"terms": terms(direction=Direction.TAKE)}, "agreement-takes-only"),
    ],
)
@pytest.mark.parametrize("kind", ["published", "shared", None])
def test_without_an_agreement_that_gives_nothing_goes_not_even_clear(
    changed: dict[str, Any], rule: str, kind: str | None
) -> None:
    for origin in (None, B, C):
        decision = decide(facts(Tlp.CLEAR, origin_id=origin), peer(**changed), kind, NOW)

        assert (decision.verdict, decision.rule) == (Verdict.NO, rule)


def test_an_agreement_holds_from_its_first_to_before_its_last_instant() -> None:
    within = terms(valid_from=NOW, valid_until=NOW + timedelta(microseconds=1))

    assert decide(facts(), peer(within), "published", NOW).verdict is Verdict.YES


@pytest.mark.parametrize("ceiling", [level for level in Tlp if level is not Tlp.RED])
@pytest.mark.parametrize("tlp", list(Tlp))
def test_nothing_above_the_ceiling_goes(tlp: Tlp, ceiling: Tlp) -> None:
    decision = decide(facts(tlp), peer(terms(ceiling=ceiling)), "published", NOW)

    assert (decision.verdict is Verdict.NO) == (tlp > ceiling or tlp is Tlp.RED)


def test_types_that_an_agreement_names_limit_it_and_an_empty_list_does_not() -> None:
    named = peer(terms(types=frozenset({"malware"})))

    assert decide(facts(), named, "published", NOW).rule == "type"
    assert decide(facts(type="malware"), named, "published", NOW).verdict is Verdict.YES
    assert decide(facts(), peer(), "published", NOW).verdict is Verdict.YES


@pytest.mark.parametrize(
    ("stated", "rule"), [(None, "sector-unknown"), ("water", "sector"), ("energy", "table-yes")]
)
def test_an_agreement_that_names_sectors_asks_for_one_of_them(
    stated: str | None, rule: str
) -> None:
    named = peer(terms(sectors=frozenset({"energy"})))

    assert decide(facts(sector=stated), named, "published", NOW).rule == rule


def test_definitions_and_our_identity_pass_types_and_sectors() -> None:
    narrow = terms(types=frozenset({"malware"}), sectors=frozenset({"energy"}))
    companion = unmarked(Tlp.CLEAR, type="identity", companion=True)

    assert decide(companion, peer(narrow), "published", NOW).verdict is Verdict.YES


@pytest.mark.parametrize("default", [None, *(level for level in Tlp if level is not Tlp.RED)])
@pytest.mark.parametrize("tlp", [Tlp.CLEAR, Tlp.GREEN, Tlp.AMBER, Tlp.AMBER_STRICT])
def test_unmarked_bytes_go_only_to_those_who_read_them_as_strictly(
    tlp: Tlp, default: Tlp | None
) -> None:
    decision = decide(unmarked(tlp), peer(terms(default_tlp=default)), "published", NOW)

    order = ["clear", "green", "amber", "amber+strict"]
    read_as = "amber" if default is None else default.value
    assert (decision.rule == "default-marking") == (order.index(read_as) < order.index(tlp))


def test_nobody_is_sent_what_they_brought_or_what_names_them_as_creator() -> None:
    assert decide(facts(origin_id=B), peer(), "published", NOW).rule == "echo-bringer"
    assert decide(facts(origin_id=B), peer(), None, NOW).rule == "echo-bringer"
    by_name = facts(origin_id=C, creator="identity--b")
    assert decide(by_name, peer(), "published", NOW).rule == "echo-creator"
    nameless = peer(identity_id=None)
    assert decide(facts(Tlp.CLEAR), nameless, "published", NOW).verdict is Verdict.YES


@pytest.mark.parametrize("tlp", [Tlp.CLEAR, Tlp.GREEN, Tlp.AMBER, Tlp.AMBER_STRICT])
def test_in_a_shared_collection_everybody_reads_back_what_they_brought(tlp: Tlp) -> None:
    narrow = terms(ceiling=Tlp.CLEAR, types=frozenset({"malware"}))

    decision = decide(unmarked(tlp, origin_id=B), peer(narrow), "shared", NOW, posted=True)

    assert decision.rule == "read-back"


def test_not_even_the_bringer_reads_back_red() -> None:
    assert decide(facts(Tlp.RED, origin_id=B), peer(), "shared", NOW).verdict is Verdict.NO


@pytest.mark.parametrize("tlp", [Tlp.AMBER, Tlp.AMBER_STRICT])
def test_posting_in_a_shared_collection_permits_its_members(tlp: Tlp) -> None:
    theirs = facts(tlp, origin_id=C)

    assert decide(theirs, peer(), "shared", NOW, posted=True).verdict is Verdict.YES
    on, agreed = peer(terms(transit=True)), lets_on(C)
    unposted = decide(theirs, on, "shared", NOW, consent=agreed)
    assert unposted.verdict is Verdict.NEEDS_PERMISSION
    elsewhere = decide(theirs, on, "published", NOW, posted=True, consent=agreed)
    assert elsewhere.verdict is Verdict.NEEDS_PERMISSION
    above = peer(terms(ceiling=Tlp.GREEN))
    assert decide(theirs, above, "shared", NOW, posted=True).rule == "ceiling"


def test_nobody_reads_an_inbox() -> None:
    for origin in (None, B):
        assert decide(facts(Tlp.CLEAR, origin_id=origin), peer(), "inbox", NOW).rule == "inbox"


def test_the_strictest_rule_speaks_whatever_stands_before_it() -> None:
    """Foreign AMBER needs permission; the ceiling, which comes later to mind, says no."""
    decision = decide(
        facts(Tlp.AMBER, origin_id=C), peer(terms(ceiling=Tlp.GREEN)), "published", NOW
    )

    assert (decision.verdict, decision.rule) == (Verdict.NO, "ceiling")


def test_how_many_must_approve_follows_from_the_verdict() -> None:
    one = decide(facts(Tlp.AMBER), peer(), "published", NOW)
    two = decide(facts(Tlp.AMBER_STRICT), peer(), "published", NOW)
    none = decide(facts(Tlp.RED), peer(), "published", NOW)

    assert (one.approvals, two.approvals, none.approvals) == (1, 2, None)
    assert two.lets_leave()
    assert not two.lets_leave(approved=False)
    assert not none.lets_leave()


@pytest.mark.parametrize("tlp", list(Tlp))
def test_staff_who_read_content_read_all_but_red(tlp: Tlp) -> None:
    analyst = StaffReader(7, frozenset({"content:read"}))
    admin = StaffReader(8, frozenset({"account:write"}))

    assert (decide(facts(tlp), analyst, None, NOW).verdict is Verdict.YES) == (tlp is not Tlp.RED)
    assert decide(facts(tlp), admin, None, NOW).verdict is Verdict.NO


def test_red_is_for_the_persons_named_on_it_whatever_their_role() -> None:
    secret = facts(Tlp.RED, named=frozenset({7}))

    assert decide(secret, StaffReader(7, frozenset()), None, NOW).verdict is Verdict.YES
    other = StaffReader(8, frozenset({"content:read", "audit:read"}))
    assert decide(secret, other, None, NOW).rule == "red-not-named"
    console = StaffReader(None, frozenset({"content:read"}))
    assert decide(secret, console, None, NOW).rule == "red-not-named"


@pytest.mark.parametrize("origin", [None, C])
@pytest.mark.parametrize("tlp", list(Tlp))
def test_the_public_may_have_clear_and_nothing_else(tlp: Tlp, origin: int | None) -> None:
    decision = decide(facts(tlp, origin_id=origin), PublicReader(), None, NOW)

    assert (decision.verdict is Verdict.YES) == (tlp is Tlp.CLEAR)


@pytest.mark.parametrize(
    ("what", "under", "rule"),
    [
        (facts(Tlp.AMBER_STRICT), terms(ceiling=Tlp.CLEAR), "arrival-yes"),
        (facts(Tlp.AMBER), terms(ceiling_in=Tlp.GREEN), "ceiling-in"),
        (facts(Tlp.GREEN), terms(ceiling_in=Tlp.GREEN), "arrival-yes"),
        (facts(Tlp.RED), terms(ceiling_in=Tlp.GREEN), "red-arrival"),
        (facts(Tlp.AMBER, companion=True), terms(ceiling_in=Tlp.CLEAR), "arrival-yes"),
        (facts(), terms(direction=Direction.TAKE), "arrival-yes"),
        (facts(), terms(sectors=frozenset({"energy"})), "arrival-yes"),
        (facts(), terms(direction=Direction.GIVE), "agreement-gives-only"),
        (facts(Tlp.RED), terms(), "red-arrival"),
        (facts(), terms(types=frozenset({"malware"})), "type"),
        (facts(companion=True), terms(types=frozenset({"malware"})), "arrival-yes"),
        (facts(), terms(state=AgreementState.SUSPENDED), "agreement-suspended"),
    ],
)
def test_direction_types_and_their_own_ceiling_limit_arrivals_and_ours_does_not(
    what: Any, under: Any, rule: str
) -> None:
    assert decide_arrival(what, peer(under), NOW).rule == rule


def test_a_suspended_peer_sends_nothing() -> None:
    assert decide_arrival(facts(), peer(suspended=True), NOW).rule == "peer-suspended"


def test_a_bare_revocation_goes_over_the_ceiling_to_those_who_had_the_object() -> None:
    low = peer(terms(ceiling=Tlp.CLEAR, types=frozenset({"malware"})))

    assert decide_recall(facts(Tlp.AMBER), low, NOW, had_it=True).verdict is Verdict.YES
    assert decide_recall(facts(Tlp.CLEAR), peer(), NOW, had_it=False).rule == "never-had-it"
    closed = peer(terms(state=AgreementState.ENDED))
    assert decide_recall(facts(), closed, NOW, had_it=True).rule == "agreement-ended"


def test_every_sentence_can_be_filled_from_every_decision_for_a_peer() -> None:
    policy = facts(iep=Iep(start_us=0, end_us=1))
    values = {
        **decide(policy, peer(), "published", NOW).values,
        "end": "x",
        "pap": "PAP:RED",
        "id": "x",
    }
    of_named = decide(facts(), named(), None, NOW).values
    for rule, said in RULES.items():
        fields = {field for _, field, _, _ in Formatter().parse(said.sentence) if field}
        assert fields <= (of_named if rule.startswith("named-") else values).keys(), rule


def test_red_goes_to_named_persons_under_confidentiality_only_and_needs_two() -> None:
    rules = {
        level: decide(facts(Tlp.RED), named(terms(level=level)), None, NOW).rule for level in Level
    }

    assert rules == {
        Level.TLP_ACK: "named-level",
        Level.MOU: "named-level",
        Level.MOU_NDA: "named-two",
    }
    assert decide(facts(Tlp.RED), named(), None, NOW).approvals == 2


def test_what_another_brought_as_red_needs_its_permission_also_for_a_named_person() -> None:
    foreign, agreed = facts(Tlp.RED, origin_id=C), lets_on(C)
    mei = named(terms(level=Level.MOU_NDA, transit=True))

    assert decide(foreign, named(), None, NOW).rule == "transit"
    assert decide(foreign, mei, None, NOW, consent=agreed).rule == "table-permission"


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"removed": True}, "named-removed"),
        ({"key": ""}, "named-no-key"),
        ({"key_until": NOW}, "named-key-old"),
        ({"named_in": "MOU-2026-0002"}, "named-elsewhere"),
        ({"peer": peer(suspended=True)}, "peer-suspended"),
        ({"peer": peer(terms(level=Level.MOU_NDA, valid_until=NOW))}, "agreement-ended"),
        ({"peer": peer(terms(level=Level.MOU_NDA, types=frozenset({"malware"})))}, "type"),
    ],
)
def test_what_keeps_a_named_person_from_it_says_so(changed: dict[str, Any], rule: str) -> None:
    for tlp in (Tlp.RED, Tlp.GREEN):
        decision = decide(facts(tlp), named(**changed), None, NOW)

        assert (decision.verdict, decision.rule) == (Verdict.NO, rule)


def test_below_red_a_named_person_gets_what_their_organisation_may_have() -> None:
    for tlp in (Tlp.CLEAR, Tlp.GREEN, Tlp.AMBER, Tlp.AMBER_STRICT):
        under = terms(level=Level.MOU_NDA, ceiling=Tlp.AMBER)
        alone = decide(facts(tlp), named(under), None, NOW)

        assert alone.rule == decide(facts(tlp), peer(under), None, NOW).rule
