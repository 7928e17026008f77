"""Arrivals meet what incidents hold and the other way round: by the index, as news once, and not where it means nothing."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
import sqlalchemy as sa

from cirt.exchange import sightings_back
from cirt.exchange.arrivals import take
from cirt.exchange.models import Link, LinkDirection, Outgoing, Run
from cirt.exchange.sightings import ReportSighting, report_sighting
from cirt.kernel.clock import FakeClock
from cirt.kernel.errors import NotAllowed
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, SYSTEM, Actor
from cirt.objects.content import ObjectContent
from cirt.objects.markings import TLP2_REFS
from cirt.objects.models import StixObject
from cirt.objects.observables.kinds import Kind, Observable
from cirt.parties.models import Peer, SightingsBack
from cirt.parties.peers import find_peer, set_sightings
from cirt.parties.roles import Role
from cirt.register import service
from cirt.register.commands import DecideObservables
from cirt.register.desk import desk
from cirt.register.known import Known, known_of
from cirt.register.matches.holding import held_query, within_query
from cirt.register.matches.models import MatchNews
from cirt.register.matches.queries import match_news
from cirt.register.models import Incident
from cirt.register.warned.commands import Unwarn, Warn
from cirt.register.warned.service import unwarn, warn
from cirt.worker.table import HANDLERS
from tests.support.asked import asked_of
from tests.support.browse import signed_in
from tests.support.register import a_person, a_report, an_incident, with_observables
from tests.support.release import a_reader
from tests.support.stix import an_indicator
from tests.support.store import numbered

PATTERNS = {
    "198.51.100.7": "[ipv4-addr:value = '198.51.100.7']",
    "198.51.100.0/24": "[ipv4-addr:value ISSUBSET '198.51.100.0/24']",
    "2001:db8:1::/48": "[ipv6-addr:value ISSUBSET '2001:db8:1::/48']",
    "2001:db8:1::7": "[ipv6-addr:value = '2001:db8:1::7']",
    "evil.example": "[domain-name:value = 'evil.example']",
    "a.evil.example": "[domain-name:value = 'a.evil.example']",
    "http://a.evil.example/x": "[url:value = 'http://a.evil.example/x']",
    "duckdns.org": "[domain-name:value = 'duckdns.org']",
    "10.1.2.3": "[ipv4-addr:value = '10.1.2.3']",
    "8.8.8.8": "[ipv4-addr:value = '8.8.8.8']",
    "google.com": "[domain-name:value = 'google.com']",
}


@pytest.fixture
def lead(program: Program) -> Actor:
    return a_person(program, "Irena", Role.LEAD)


def a_run(program: Program, slug: str = "cert-b", *, started: timedelta = timedelta(0)) -> int:
    """A run of that peer's link, begun so long ago."""
    with program.work(CONSOLE) as work:
        peer = work.session.scalars(sa.select(Peer).where(Peer.slug == slug)).one_or_none()
        peer = peer or a_reader(work, slug)
        found = sa.select(Link).where(Link.peer_id == peer.id)
        link = work.session.scalars(found).one_or_none() or Link(
            peer_id=peer.id,
            direction=LinkDirection.PULL,
            remote="c",
            error_values={},
            created_at=work.now,
        )
        work.session.add(link)
        work.session.flush()
        run = Run(link_id=link.id, started_at=work.now - started, error_values={})
        work.session.add(run)
        work.session.flush()
        return run.id


def arrive(program: Program, run_id: int | None, *raw: bytes, slug: str = "cert-b") -> None:
    with program.work(SYSTEM) as work:
        peer = work.session.scalars(sa.select(Peer).where(Peer.slug == slug)).one()
        answers = take(work, raw, peer=peer, run_id=run_id)
        assert {answer.outcome.value for answer in answers} <= {"taken", "known"}, answers


def of(program: Program, value: str, number: int = 1, **more: Any) -> bytes:
    """An indicator on a value, changed just now."""
    with program.work(SYSTEM, write=False) as work:
        now = f"{work.now:%Y-%m-%dT%H:%M:%S}.000Z"
    return an_indicator(
        **{
            "id": numbered("indicator", number),
            "pattern": PATTERNS.get(value, value),
            "created": now,
            "modified": now,
            "valid_from": now,
            **more,
        }
    )


def news(program: Program, actor: Actor) -> dict[str, int]:
    with program.work(actor, write=False) as work:
        return {line.reference: line.count for line in match_news(work)}


def known(program: Program, actor: Actor, kind: Kind, value: str, **more: Any) -> Known:
    one = Observable(kind, value)
    with program.work(actor, write=False) as work:
        return known_of(work, [one], **more)[one.key]


def holding_incident(program: Program, actor: Actor, text: str, **more: Any) -> Incident:
    incident = an_incident(program, actor, **more)
    with_observables(program, actor, incident, text)
    return incident


@pytest.mark.parametrize(
    ("arrives", "held"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("198.51.100.0/24", "198.51.100.7"),
        ("198.51.100.0/24", "http://198.51.100.7/x"),
        ("198.51.100.7", "http://198.51.100.7/x"),
        ("2001:db8:1::/48", "2001:db8:1::7"),
        ("2001:db8:1::7", "http://[2001:db8:1::7]/x"),
        ("evil.example", "evil.example"),
        ("evil.example", "a.evil.example"),
        ("evil.example", "http://a.evil.example/x"),
        ("a.evil.example", "http://a.evil.example/y?z"),
    ],
)
@pytest.mark.parametrize("first", ["held", "arrives"])
def test_an_indicator_meets_what_lies_within_it_whichever_was_first(
    program: Program, lead: Actor, arrives: str, held: str, first: str
) -> None:
    run = a_run(program)
    if first == "held":
        incident = holding_incident(program, lead, f"It was {held} here")
        arrive(program, run, of(program, arrives))
    else:
        arrive(program, run, of(program, arrives))
        incident = holding_incident(program, lead, f"It was {held} here")

    assert news(program, lead) == {incident.reference: 1}


@pytest.mark.parametrize(
    ("arrives", "held"),
    [
        ("a.evil.example", "evil.example"),
        ("a.evil.example", "b.evil.example"),
        ("http://a.evil.example/x", "a.evil.example"),
        ("http://a.evil.example/x", "http://a.evil.example/y"),
        ("198.51.100.7", "198.51.100.0/24"),
        ("198.51.100.0/24", "198.51.101.7"),
        ("2001:db8:1::/48", "2001:db8:2::7"),
        ("evil.example", "notevil.example"),
        ("duckdns.org", "somebody.duckdns.org"),
    ],
)
def test_what_is_narrower_or_beside_is_no_news(
    program: Program, lead: Actor, arrives: str, held: str
) -> None:
    holding_incident(program, lead, f"It was {held} here")

    arrive(program, a_run(program), of(program, arrives))

    assert news(program, lead) == {}


def test_an_observable_is_known_by_its_host_and_the_domains_above(
    program: Program, lead: Actor
) -> None:
    arrive(program, a_run(program), of(program, "evil.example"))

    found = known(program, lead, Kind.URL, "http://a.evil.example/x")

    assert found.peers == ("CERT-B",)
    assert found.related is None


def test_what_lies_below_an_observable_is_told_apart(program: Program, lead: Actor) -> None:
    arrive(program, a_run(program), of(program, "http://a.evil.example/x"))
    report = a_report(program, "They wrote from b.evil.example")

    found = known(program, lead, Kind.DOMAIN, "evil.example")

    assert found.is_empty
    assert not found.is_new
    assert found.related is not None
    assert found.related.peers == ("CERT-B",)
    assert [hit.reference for hit in found.related.reports] == [report.reference]


def test_an_indicator_names_what_lies_below_it_and_relates_to_what_it_lies_within(
    program: Program, lead: Actor
) -> None:
    below = holding_incident(program, lead, "http://a.evil.example/x")
    above = holding_incident(program, lead, "evil.example")

    found = known(program, lead, Kind.DOMAIN, "a.evil.example", as_indicator=True)

    assert [hit.reference for hit in found.incidents] == [below.reference]
    assert found.related is not None
    assert [hit.reference for hit in found.related.incidents] == [above.reference]


def test_one_line_for_an_incident_and_a_run(program: Program, lead: Actor) -> None:
    incident = holding_incident(program, lead, "198.51.100.7 and evil.example")
    run = a_run(program)

    arrive(program, run, of(program, "198.51.100.7", 1), of(program, "evil.example", 2))
    arrive(program, run, of(program, "198.51.100.0/24", 3))

    assert news(program, lead) == {incident.reference: 3}
    with program.work(SYSTEM, write=False) as work:
        assert work.session.scalar(sa.select(sa.func.count()).select_from(MatchNews)) == 1


def test_what_came_before_is_no_news_in_its_next_version(
    program: Program, lead: Actor, clock: FakeClock
) -> None:
    incident = holding_incident(program, lead, "198.51.100.7 and evil.example")
    run = a_run(program)
    arrive(program, run, of(program, "198.51.100.7"))
    clock.forward(hours=1)

    arrive(program, run, of(program, "198.51.100.7", created="2026-11-18T12:00:00.000Z"))
    once = news(program, lead)
    clock.forward(hours=1)
    arrive(program, run, of(program, "evil.example", created="2026-11-18T12:00:00.000Z"))

    assert once == {incident.reference: 1}
    assert news(program, lead) == {incident.reference: 2}


def test_what_was_old_when_the_link_began_is_found_and_no_news(
    program: Program, lead: Actor
) -> None:
    incident = holding_incident(program, lead, "198.51.100.7")
    old = "2026-11-01T00:00:00.000Z"
    raw = of(program, "198.51.100.7", created=old, modified=old)

    arrive(program, a_run(program), raw)

    assert news(program, lead) == {}
    assert known(program, lead, Kind.IPV4, "198.51.100.7").peers == ("CERT-B",)
    arrive(program, a_run(program, started=timedelta(days=60)), of(program, "198.51.100.0/24", 2))
    assert news(program, lead) == {incident.reference: 1}


def test_revoked_and_expired_ones_meet_nothing(program: Program, lead: Actor) -> None:
    holding_incident(program, lead, "198.51.100.7")
    past = {"valid_from": "2026-01-01T00:00:00Z", "valid_until": "2026-02-01T00:00:00Z"}

    arrive(
        program,
        a_run(program),
        of(program, "198.51.100.7", 1, revoked=True),
        of(program, "198.51.100.7", 2, **past),
    )

    assert news(program, lead) == {}


def test_hidden_incidents_are_not_told_of(program: Program, lead: Actor) -> None:
    tomas = a_person(program, "Tomas", Role.HANDLER)
    red = holding_incident(program, lead, "198.51.100.7", tlp=Tlp.RED)

    arrive(program, a_run(program), of(program, "198.51.100.7"))

    assert news(program, tomas) == {}
    assert news(program, lead) == {red.reference: 1}


def test_dismissed_observables_are_not_matched(program: Program, lead: Actor) -> None:
    incident = holding_incident(program, lead, "198.51.100.7")
    with program.work(lead) as work:
        [row] = work.session.scalars(sa.text("SELECT id FROM incident_observable")).all()
        service.decide_observables(work, DecideObservables(incident.reference, (), (row,)))

    arrive(program, a_run(program), of(program, "198.51.100.7"))

    assert news(program, lead) == {}


@pytest.mark.parametrize("value", ["10.1.2.3", "8.8.8.8", "google.com"])
def test_what_is_too_common_is_not_matched_and_says_so(
    program: Program, lead: Actor, value: str
) -> None:
    holding_incident(program, lead, f"It was {value} here")
    kind = Kind.DOMAIN if value == "google.com" else Kind.IPV4

    arrive(program, a_run(program), of(program, value))

    found = known(program, lead, kind, value)
    assert news(program, lead) == {}
    assert found.is_common
    assert found.is_empty
    assert not found.is_new


def test_a_page_on_a_large_site_is_matched_by_its_own_address_alone(
    program: Program, lead: Actor
) -> None:
    incident = holding_incident(program, lead, "http://google.com/evil")
    run = a_run(program)
    arrive(program, run, of(program, "google.com", 1))
    before = news(program, lead)

    arrive(program, run, of(program, "[url:value = 'http://google.com/evil']", 2))

    assert before == {}
    assert news(program, lead) == {incident.reference: 1}


def test_operators_edit_the_warning_list(program: Program, lead: Actor) -> None:
    incident = holding_incident(program, lead, "http://www.ours.example/x and 198.51.100.7")
    with program.work(lead) as work:
        assert warn(work, Warn("ours.example 198.51.100.0/24", "Our own", below=True)) == 2
        assert warn(work, Warn("ours.example", "Again")) == 0
    run = a_run(program)
    arrive(program, run, of(program, "198.51.100.7"))
    held_back = known(program, lead, Kind.URL, "http://www.ours.example/x").is_common
    with program.work(lead) as work:
        ids = work.session.scalars(sa.text("SELECT id FROM warned_value WHERE reason = 'Our own'"))
        assert unwarn(work, Unwarn(tuple(ids), "Sold")) == 2

    assert held_back
    assert news(program, lead) == {}
    assert known(program, lead, Kind.IPV4, "198.51.100.7").incident_count == 1
    assert not known(program, lead, Kind.URL, "http://www.ours.example/x").is_common
    arrive(program, run, of(program, "198.51.100.0/24", 2))
    assert news(program, lead) == {incident.reference: 1}


def test_who_passes_on_is_no_witness(program: Program, lead: Actor) -> None:
    """A makes one; B passes it on with an id of its own; C says so by itself; the same id from D is known already."""
    names = {slug: numbered("identity", n) for n, slug in enumerate("abcd", 1)}
    for slug, identity in names.items():
        with program.work(CONSOLE) as work:
            a_reader(work, f"cert-{slug}", transit=slug == "b").identity_id = identity
    by_a = of(program, "198.51.100.7", 1, created_by_ref=names["a"])
    arrive(program, None, by_a, slug="cert-a")
    arrive(program, None, of(program, "198.51.100.7", 2, created_by_ref=names["a"]), slug="cert-b")
    arrive(program, None, of(program, "198.51.100.7", 3, created_by_ref=names["c"]), slug="cert-c")
    arrive(program, None, by_a, slug="cert-d")
    holding_incident(program, lead, "198.51.100.7")

    found = known(program, lead, Kind.IPV4, "198.51.100.7")

    assert sorted(found.peers) == ["CERT-A", "CERT-C"]
    with program.work(lead, write=False) as work:
        [seen] = desk(work).also_seen
        assert seen.peers == 2


def test_old_news_is_dropped(program: Program, lead: Actor, clock: FakeClock) -> None:
    holding_incident(program, lead, "198.51.100.7")
    arrive(program, a_run(program), of(program, "198.51.100.7"))
    clock.forward(days=8)
    unseen = news(program, lead)
    clock.forward(days=30)

    HANDLERS["jobs.tidy"](program, {})

    assert unseen == {}
    with program.work(SYSTEM, write=False) as work:
        assert work.session.scalar(sa.select(sa.func.count()).select_from(MatchNews)) == 0


def a_push_link(program: Program, back: SightingsBack) -> None:
    a_run(program)
    with program.work(CONSOLE) as work:
        set_sightings(work, "cert-b", back)
        peer = work.session.scalars(sa.select(Peer)).one()
        link = Link(
            peer_id=peer.id,
            direction=LinkDirection.PUSH,
            remote="inbox",
            error_values={},
            created_at=work.now,
        )
        work.session.add(link)


def sightings_sent(program: Program) -> list[str]:
    """What the sightings that wait say of where, after the job ran twice."""
    for _ in range(2):
        HANDLERS[sightings_back.JOB](program, {})
    with program.work(SYSTEM, write=False) as work:
        query = (
            sa.select(ObjectContent.body)
            .join(Outgoing, Outgoing.version_id == ObjectContent.version_id)
            .order_by(Outgoing.id)
        )
        return [json.loads(body)["sighting_of_ref"] for body in work.session.scalars(query)]


@pytest.mark.parametrize(
    ("back", "tlp", "sent"),
    [
        (SightingsBack.ANONYMOUS, Tlp.AMBER, 1),
        (SightingsBack.ANONYMOUS, Tlp.AMBER_STRICT, 0),
        (SightingsBack.ANONYMOUS, Tlp.RED, 0),
        (SightingsBack.ASK, Tlp.AMBER, 0),
        (SightingsBack.NEVER, Tlp.AMBER, 0),
    ],
)
def test_a_sighting_goes_back_by_itself_only_where_a_lead_has_said_so(
    program: Program, lead: Actor, back: SightingsBack, tlp: Tlp, sent: int
) -> None:
    a_push_link(program, back)
    arrive(program, None, of(program, "198.51.100.7"))

    holding_incident(program, lead, "198.51.100.7", tlp=tlp)

    assert sightings_sent(program) == [numbered("indicator", 1)] * sent


def test_by_itself_nothing_is_made_for_a_peer_that_hears_from_us_by_files_alone(
    program: Program, lead: Actor
) -> None:
    a_push_link(program, SightingsBack.ANONYMOUS)
    with program.work(CONSOLE) as work:
        push = sa.update(Link).where(Link.direction == LinkDirection.PUSH)
        work.session.execute(push.values(by_file=True))
    arrive(program, None, of(program, "198.51.100.7"))
    holding_incident(program, lead, "198.51.100.7")

    assert sightings_sent(program) == []
    with program.work(CONSOLE) as work:
        made = sa.select(StixObject.stix_id).where(StixObject.type == "sighting")
        assert work.session.scalars(made).all() == []
        work.session.execute(push.values(by_file=False))

    assert sightings_sent(program) == [numbered("indicator", 1)]


def test_what_nobody_may_speak_of_keeps_no_other_sighting_back(
    program: Program, lead: Actor, clock: FakeClock
) -> None:
    """Its later version at the console is TLP:RED."""
    a_push_link(program, SightingsBack.ANONYMOUS)
    red, other = of(program, "198.51.100.7"), of(program, "evil.example", 2)
    arrive(program, None, red, other)
    holding_incident(program, lead, "198.51.100.7 evil.example")
    clock.forward(minutes=1)
    with program.work(CONSOLE) as work:
        said = json.loads(red)
        said["modified"] = f"{clock.now():%Y-%m-%dT%H:%M:%S}.000Z"
        said["object_marking_refs"] = [TLP2_REFS[Tlp.RED]]
        [arrival] = take(work, [json.dumps(said).encode()], peer=None)
        assert arrival.outcome.value == "taken"

    assert sightings_sent(program) == [numbered("indicator", 2)]


def test_never_holds_for_what_a_person_reports_too(program: Program, lead: Actor) -> None:
    a_push_link(program, SightingsBack.NEVER)
    arrive(program, None, of(program, "198.51.100.7"))

    with program.work(lead) as work:
        cmd = ReportSighting(numbered("indicator", 1), first=work.now, last=work.now)
        said = report_sighting(work, cmd)

    assert said.link_id is None
    assert "none go back to CERT-B" in said.sentence


def test_a_lead_says_on_the_page_of_a_peer_what_goes_back(program: Program) -> None:
    a_run(program)
    visitor = signed_in(program, Role.LEAD)
    visitor.get("/peers/cert-b")

    wrong = visitor.send("/peers/cert-b/sightings", back="everything")
    assert wrong.status_code == 422
    visitor.send("/peers/cert-b/sightings", back="anonymous")
    visitor.follow()

    assert "By itself what is confirmed on an incident" in visitor.text
    with program.work(CONSOLE, write=False) as work:
        assert find_peer(work.session, "cert-b").sightings is SightingsBack.ANONYMOUS


def test_a_lead_edits_the_warning_list_on_its_page(program: Program) -> None:
    visitor = signed_in(program, Role.LEAD)
    visitor.get("/warning-list?words=10.1.2.3")
    assert "10[.]0[.]0[.]0/8" in visitor.text
    visitor.get("/warning-list/new")

    refused = visitor.send("/warning-list/new", text="nonsense", reason="Why")
    assert refused.status_code == 422
    assert "nonsense" in visitor.page
    visitor.send("/warning-list/new", text="198.51.100.0/24", reason="Our own network")
    visitor.follow()
    assert "On the list." in visitor.text
    visitor.get("/warning-list?words=198.51.100.7")
    [row_id] = re.findall(r'name="ids" value="(\d+)"', visitor.page)
    visitor.send("/warning-list/end", ids=row_id, reason="Given back")
    visitor.follow()
    assert "Off the list." in visitor.text
    visitor.get("/warning-list?words=198.51.100.7")
    assert "not on the list" in visitor.text


def test_only_leads_edit_it(program: Program) -> None:
    tomas = a_person(program, "Tomas", Role.HANDLER)

    with pytest.raises(NotAllowed), program.work(tomas) as work:
        warn(work, Warn("ours.example", "Ours"))
    with pytest.raises(NotAllowed), program.work(tomas) as work:
        unwarn(work, Unwarn((1,), "Why"))


def test_the_desk_and_the_incident_say_it(program: Program) -> None:
    visitor = signed_in(program, Role.LEAD)
    lead = a_person(program, "Irena", Role.LEAD)
    incident = holding_incident(program, lead, "http://a.evil.example/x and 8.8.8.8")
    arrive(program, a_run(program), of(program, "evil.example"))

    visitor.get("/desk")
    assert "1 new match" in visitor.text
    visitor.get(f"/incidents/{incident.reference}/observables")
    assert "CERT-B" in visitor.text
    assert "too common to mean anything" in visitor.text
    visitor.get(f"/indicators/{numbered('indicator', 1)}")
    assert incident.reference in visitor.text


def test_a_page_of_many_asks_as_often_as_one_of_few(program: Program, lead: Actor) -> None:
    holding_incident(program, lead, "198.51.100.7 evil.example 198.51.101.0/24")
    run = a_run(program)
    kinds: list[Callable[[int], str]] = [
        lambda n: f"[ipv4-addr:value = '203.0.{n}.1']",
        lambda n: f"[ipv4-addr:value ISSUBSET '198.51.{n}.0/24']",
        lambda n: f"[domain-name:value = 'h{n}.evil.example']",
        lambda n: f"[url:value = 'http://h{n}.evil.example/x']",
    ]
    pages = [
        [of(program, kinds[n % 4](n), first + n) for n in range(98, 98 + count)]
        for first, count in ((1000, 8), (2000, 150))  # of both one lies in our network
    ]
    arrive(program, run, of(program, "[ipv4-addr:value = '192.0.2.1']", 900))  # the way is known
    asked = []
    for page in pages:
        with asked_of(program.engine) as texts:
            arrive(program, run, *page)
        asked.append(len(texts))

    assert asked[0] == asked[1]


def test_the_index_answers_what_is_asked_of_own_observables(program: Program) -> None:
    queries = [
        held_query([1, 2]),
        within_query([Observable(Kind.IPV4, "198.51.100.0/24").key]),
    ]
    with program.engine.connect() as connection:
        for query in queries:
            text = str(query.compile(connection, compile_kwargs={"literal_binds": True}))
            if connection.dialect.name == "sqlite":
                steps = [
                    str(row[3]) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}")
                ]
                own = [
                    step for step in steps if "incident_observable" in step or "wider_key" in step
                ]
                assert own
                assert all(step.startswith("SEARCH") for step in own), steps
            else:
                connection.exec_driver_sql("SET enable_seqscan = off")
                plan = "\n".join(
                    str(row[0]) for row in connection.exec_driver_sql(f"EXPLAIN {text}")
                )
                assert "ix_incident_observable_key" in plan, plan
                assert "Seq Scan on incident_observable" not in plan, plan


def test_two_leads_who_list_the_same_at_once_follow_one_another(
    program: Program, lead: Actor
) -> None:
    listed: list[int] = []

    def also() -> None:
        with program.work(lead) as work:
            listed.append(warn(work, Warn("ours.example", "Ours, too")))

    other = Thread(target=also)
    with program.work(lead) as work:
        listed.append(warn(work, Warn("ours.example", "Ours")))
        other.start()
        other.join(0.5)
    other.join()

    assert listed == [1, 0]
