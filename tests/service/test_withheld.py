"""The do-not-share list: what stands on it, what vanishes and comes back, and that nothing slips in beside it."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from cirt.kernel.clock import FakeClock
from cirt.kernel.errors import CirtError, NotAllowed
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, PUBLIC
from cirt.objects.codec import StixObject
from cirt.objects.withholding import WithheldValue
from cirt.parties.models import Peer
from cirt.parties.roles import Role
from cirt.release.models import CollectionKind
from cirt.release.publishing import publish
from cirt.release.withholding import end_past, let_go, preview_withhold, withhold
from cirt.sharing.withheld.commands import LetGo, Withhold
from cirt.sharing.withheld.errors import NoValues, TooManyValues, UntilPast, ValuesUnread
from cirt.sharing.withheld.reading import read_values
from tests.support.browse import signed_in
from tests.support.register import a_person
from tests.support.release import a_collection, a_reader, our_indicator, published, read_page
from tests.support.store import indicator, put, relationship

URL = "[url:value = 'http://pay.evil.example/gate']"
MAIL = "[email-addr:value = 'clerk@evil.example']"


def looking_for(number: int, pattern: str) -> StixObject:
    return indicator(number, tlp=Tlp.GREEN, pattern=pattern)


@pytest.mark.parametrize(
    ("listed", "below", "pattern", "kept"),
    [
        ("198.51.100.7", False, "[ipv4-addr:value = '198.51.100.7']", True),
        ("198.51.100.8", False, "[ipv4-addr:value = '198.51.100.7']", False),
        ("198.51.100.0/24", False, "[ipv4-addr:value = '198.51.100.7']", True),
        ("198.51.0.0/16", False, "[ipv4-addr:value ISSUBSET '198.51.100.0/24']", True),
        ("198.51.100.0/25", False, "[ipv4-addr:value ISSUBSET '198.51.100.0/24']", False),
        ("2001:db8::/32", False, "[ipv6-addr:value = '2001:db8::7']", True),
        ("2001:db8::/33", False, "[ipv6-addr:value = '2001:db8:8000::7']", False),
        ("evil.example", False, "[domain-name:value = 'evil.example']", True),
        ("evil.example", False, "[domain-name:value = 'pay.evil.example']", False),
        ("evil.example", True, "[domain-name:value = 'a.pay.evil.example']", True),
        ("*.evil.example", False, "[domain-name:value = 'pay.evil.example']", True),
        ("evil.example", True, "[domain-name:value = 'notevil.example']", False),
        ("pay.evil.example", False, URL, True),
        ("evil.example", False, URL, False),
        ("evil.example", True, URL, True),
        ("evil.example", False, MAIL, True),
        ("198.51.100.0/24", False, "[url:value = 'http://198.51.100.7/x']", True),
        ("hxxp://pay[.]evil[.]example/gate", False, URL, True),
        ("d41d8cd98f00b204e9800998ecf8427e", False, "[file:name = 'x']", False),
    ],
)
def test_what_names_a_listed_value_is_kept_whether_it_comes_before_or_after(
    program: Program, listed: str, below: bool, pattern: str, kept: bool
) -> None:
    cmd = Withhold(listed, "ours", below=below)
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        collection = a_collection(work, peer)
        published(work, collection, looking_for(1, pattern))

        changed = withhold(work, cmd)
        published(work, collection, looking_for(2, pattern))

        assert len(changed.object_ids) == kept
    left = [] if kept else [1, 2]
    assert len(read_page(program, peer).rows) == len(left)


def test_a_version_that_named_it_once_is_kept_with_all_the_others(program: Program) -> None:
    """Earlier versions may be asked for as well."""
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        collection = a_collection(work, peer)
        old = indicator(1, tlp=Tlp.GREEN, day=1, pattern="[domain-name:value = 'a.example']")
        new = indicator(1, tlp=Tlp.GREEN, day=2, pattern="[domain-name:value = 'b.example']")
        published(work, collection, old, new)

        withhold(work, Withhold("a.example", "ours"))
    assert read_page(program, peer).rows == []


def test_what_is_taken_off_comes_back_at_the_end_of_the_feed(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        collection = a_collection(work, peer)
        one, two = our_indicator(work, "198.51.100.7"), our_indicator(work, "198.51.100.8")
        published(work, collection, one, two)
    with program.work(CONSOLE) as work:
        withhold(work, Withhold("198.51.100.7 198.51.100.0/30", "ours"))
        withhold(work, Withhold("198.51.100.0/28", "ours"))
    gone = {row.stix_id for row in read_page(program, peer).rows}
    assert not gone & {one.stix_id, two.stix_id}

    with program.work(CONSOLE) as work:
        ids = work.session.execute(sa.select(WithheldValue.value, WithheldValue.id))
        by_value = {row.value: row.id for row in ids}
        let_go(work, LetGo((by_value["198.51.100.0/28"],), "over"))

    left = [row.stix_id for row in read_page(program, peer).rows]
    assert left[-1:] == [two.stix_id]  # the other is listed still, by itself
    assert one.stix_id not in left


def test_a_line_until_a_day_ends_by_itself(program: Program, clock: FakeClock) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        collection = a_collection(work, peer)
        one = our_indicator(work)
        published(work, collection, one)
        until = work.now + timedelta(days=2)
        withhold(work, Withhold("198.51.100.7", "ours", until=until))
        with pytest.raises(UntilPast):
            withhold(work, Withhold("x.example", "ours", until=work.now))
    assert one.stix_id not in {row.stix_id for row in read_page(program, peer).rows}

    clock.forward(days=2)
    with program.work(CONSOLE) as work:
        assert end_past(work).lines == 1
        assert end_past(work).lines == 0
    assert one.stix_id in {row.stix_id for row in read_page(program, peer).rows}


def test_a_peer_reads_back_what_it_posted_and_others_do_not(program: Program) -> None:
    theirs = looking_for(1, "[domain-name:value = 'ours.example']")
    with program.work(CONSOLE) as work:
        poster, member = a_reader(work), a_reader(work, "cert-c")
        collection = a_collection(work, poster, member, kind=CollectionKind.SHARED)
        [stored] = put(work, theirs, origin=poster)
        publish(work, collection, [stored.version_id], brought_by=poster)
        withhold(work, Withhold("ours.example", "ours"))

    assert len(read_page(program, poster).rows) == 1
    assert read_page(program, member).rows == []


def test_the_preview_says_what_would_vanish_at_whom_and_saves_nothing(program: Program) -> None:
    with program.work(CONSOLE) as work:
        one, two = a_reader(work), a_reader(work, "cert-c", ceiling=Tlp.CLEAR)
        published(work, a_collection(work, one, two), our_indicator(work))
        cmd = Withhold("198.51.100.0/24", "ours")

        found = preview_withhold(work, cmd)

        assert (found.values, found.objects) == (1, 1)
        assert [(each.slug, each.count) for each in found.peers] == [("cert-b", 1)]
        assert work.session.scalar(sa.select(sa.func.count()).select_from(WithheldValue)) == 0


def test_the_preview_counts_what_stays_with_its_ends(program: Program) -> None:
    with program.work(CONSOLE) as work:
        reader = a_reader(work)
        one, two = our_indicator(work), our_indicator(work, "203.0.113.9")
        between = relationship(one.stix_id, two.stix_id)
        published(work, a_collection(work, reader), one, two, between)

        found = preview_withhold(work, Withhold("198.51.100.7", "ours"))

    assert [(each.slug, each.count) for each in found.peers] == [("cert-b", 2)]
    before = len(read_page(program, reader).rows)
    with program.work(CONSOLE) as work:
        withhold(work, Withhold("198.51.100.7", "ours"))
    assert len(read_page(program, reader).rows) == before - 2


def test_a_long_list_is_one_act_and_what_is_on_it_already_stays(program: Program) -> None:
    pasted = "\n".join(f"198.18.{n // 256}.{n % 256}" for n in range(10_000))
    with program.work(CONSOLE) as work:
        put(work, looking_for(1, "[ipv4-addr:value = '198.18.7.9']"))
        assert withhold(work, Withhold("198.18.7.9", "first")).lines == 1

        changed = withhold(work, Withhold(f"# ours\n{pasted}", "second"))

        assert (changed.lines, changed.object_ids) == (9_999, set())


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        (" , \n# only a remark", NoValues),
        ("198.51.100.7\nnot a value", ValuesUnread),
        ("x" * 5000, ValuesUnread),
        ("*.198.51.100.7", ValuesUnread),
        ("0.0.0.0/0", ValuesUnread),
        ("::/0", ValuesUnread),
        ("*@example.org", ValuesUnread),
        ("198.051.100.007", ValuesUnread),
        ("\n".join(f"{n}.example" for n in range(20_001)), TooManyValues),
    ],
)
def test_what_cannot_be_read_is_named_and_nothing_is_saved(
    program: Program, text: str, refusal: type[CirtError]
) -> None:
    with program.work(CONSOLE) as work, pytest.raises(refusal):
        withhold(work, Withhold(text, "ours"))


def test_the_same_value_written_in_two_ways_is_one(program: Program) -> None:
    reading = read_values("EVIL.example, evil[.]example; *.evil.example", below=False)

    assert [(each.observable.value, each.below) for each in reading.entries] == [
        ("evil.example", True)
    ]
    with program.work(CONSOLE) as work:
        withhold(work, Withhold("evil.example", "ours"))
        assert withhold(work, Withhold("evil.example", "ours", below=True)).lines == 1
        assert withhold(work, Withhold("evil.example", "ours")).lines == 0


def test_only_leads_change_the_list(program: Program) -> None:
    handler = a_person(program, "Tomas", Role.HANDLER)
    for actor in (handler, PUBLIC):
        with program.work(actor) as work, pytest.raises(NotAllowed):
            withhold(work, Withhold("evil.example", "ours"))


def test_a_lead_looks_adds_finds_and_takes_off(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        published(work, a_collection(work, peer), our_indicator(work))
    visitor = signed_in(program, Role.LEAD)
    visitor.get("/withheld/new")
    typed = {"text": "198.51.100.7", "reason": "A constituent"}

    visitor.send("/withheld/new", **typed, do="preview")
    assert "CERT-B" in visitor.text
    assert "198[.]51[.]100[.]7" in visitor.text
    refused = visitor.send("/withheld/new", text="nonsense", reason="Why", do="save")
    assert refused.status_code == 422
    assert "nonsense" in visitor.page
    visitor.send("/withheld/new", **typed, do="save")
    visitor.follow()
    assert "On the list." in visitor.text
    visitor.get("/withheld?words=198.51.100.7")
    assert "A constituent" in visitor.text
    assert "indicator" not in types(program, peer)
    [row_id] = re.findall(r'name="ids" value="(\d+)"', visitor.page)
    visitor.send("/withheld/end", ids=row_id, reason="Agreed with them")
    visitor.follow()
    assert "Off the list." in visitor.text
    assert "indicator" in types(program, peer)


def types(program: Program, peer: Peer) -> set[str]:
    return {row.stix_id.partition("--")[0] for row in read_page(program, peer).rows}
