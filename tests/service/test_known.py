"""What is known of an observable: by itself however it was written, by the networks around it, by what lies within."""

import pytest

from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, Actor
from cirt.objects import codec, store
from cirt.objects.observables.kinds import Kind, Observable
from cirt.parties.peers import PeerFacts, add_peer
from cirt.parties.roles import Role
from cirt.register import queries
from cirt.register.known import Known, known_of
from cirt.register.queue.filters import QueueFilter
from cirt.register.queue.lines import queue
from tests.support.register import a_person, a_report, an_incident, with_observables
from tests.support.stix import an_indicator


@pytest.fixture
def lead(program: Program) -> Actor:
    return a_person(program, "Irena", Role.LEAD)


def known(program: Program, actor: Actor, kind: Kind, value: str) -> Known:
    one = Observable(kind, value)
    with program.work(actor, write=False) as work:
        return known_of(work, [one])[one.key]


@pytest.mark.parametrize(
    ("kept", "kind", "asked"),
    [
        ("198.51.100.0/24", Kind.IPV4, "198.51.100.7"),
        ("198.51.100.7", Kind.IPV4, "198.51.100.0/24"),
        ("198.51.0.0/16", Kind.IPV4, "198.51.100.0/24"),
        ("2001:db8:1::/48", Kind.IPV6, "2001:db8:1::7"),
        ("2001:db8:1::7", Kind.IPV6, "2001:db8::/32"),
        ("hxxp://evil[.]example/a", Kind.URL, "http://evil.example/a"),
        ("evil[dot]example", Kind.DOMAIN, "evil.example"),
        ("198[.]51[.]100[.]7", Kind.IPV4, "198.51.100.7"),
        ("C41D8CD98F00B204E9800998ECF8427E", Kind.MD5, "c41d8cd98f00b204e9800998ecf8427e"),
    ],
)
def test_what_meets_is_known_in_reports_and_incidents(
    program: Program, lead: Actor, kept: str, kind: Kind, asked: str
) -> None:
    report = a_report(program, f"We saw {kept} here")
    incident = an_incident(program, lead)
    with_observables(program, lead, incident, f"Again {kept} there")

    found = known(program, lead, kind, asked)

    assert [hit.reference for hit in found.reports] == [report.reference]
    assert [hit.reference for hit in found.incidents] == [incident.reference]
    assert (found.report_count, found.incident_count) == (1, 1)


@pytest.mark.parametrize(
    ("kept", "kind", "asked"),
    [
        ("198.51.100.0/25", Kind.IPV4, "198.51.100.200"),
        ("198.51.101.7", Kind.IPV4, "198.51.100.0/24"),
        ("2001:db8:1::/48", Kind.IPV6, "2001:db8:2::7"),
    ],
)
def test_what_lies_beside_is_not(
    program: Program, lead: Actor, kept: str, kind: Kind, asked: str
) -> None:
    a_report(program, f"We saw {kept} here")

    assert known(program, lead, kind, asked).is_new


def test_a_peers_indicator_on_a_network_is_known_of_an_address_in_it(
    program: Program, lead: Actor
) -> None:
    read = codec.read(an_indicator(pattern="[ipv4-addr:value ISSUBSET '198.51.100.0/24']"))
    assert isinstance(read, codec.StixObject)
    with program.work(CONSOLE) as work:
        peer = add_peer(work, program.keys, "meridia", PeerFacts(name="Meridia", country="ME"))
        store.put_many(work, [read], origin_id=peer.id, default_tlp=Tlp.AMBER)
    report = a_report(program, "It called 198.51.100.7")

    assert known(program, lead, Kind.IPV4, "198.51.100.7").peers == ("Meridia",)
    with program.work(lead, write=False) as work:
        (row,) = queue(work, QueueFilter()).rows
        view = queries.report_view(work, report.reference)
    assert row.hits.peers == view.hits.peers == ("Meridia",)


def test_one_report_that_names_both_counts_once_and_not_for_itself(
    program: Program, lead: Actor
) -> None:
    both = a_report(program, "198.51.100.7 of 198.51.100.0/24")
    other = a_report(program, "198.51.100.9")

    found = known(program, lead, Kind.IPV4, "198.51.100.7")
    with program.work(lead, write=False) as work:
        view = queries.report_view(work, both.reference)
        rows = {row.reference: row for row in queue(work, QueueFilter()).rows}
    assert found.report_count == 1
    assert view.hits.reports == (other.reference,)
    assert rows[other.reference].hits.reports == (both.reference,)


def test_a_network_of_a_hidden_incident_is_not_known(program: Program, lead: Actor) -> None:
    tomas = a_person(program, "Tomas", Role.HANDLER)
    red = an_incident(program, lead, tlp=Tlp.RED)
    with_observables(program, lead, red, "198.51.100.0/24")

    assert known(program, tomas, Kind.IPV4, "198.51.100.7").is_new
    assert known(program, lead, Kind.IPV4, "198.51.100.7").incident_count == 1
