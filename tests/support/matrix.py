"""An installation with an object for every marking and state, a peer for every agreement, and what each exit says of them."""

import base64
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from argon2 import PasswordHasher
from werkzeug.test import Client

from cirt.boot.app import create_app
from cirt.kernel.errors import NotFound
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, PUBLIC, Actor, Work
from cirt.objects.codec import StixObject
from cirt.parties.models import Peer, PeerCredential
from cirt.parties.peers import PeerFacts, add_peer, ourselves
from cirt.parties.roles import Role
from cirt.register import service
from cirt.register.commands import OpenIncident, SentFile, TakeReport, WriteNote
from cirt.register.models import ReportSource, Severity
from cirt.register.tasks.commands import AddTask
from cirt.register.tasks.service import add_task
from cirt.release.commands import Revoke
from cirt.release.models import CollectionKind
from cirt.release.recalling.revoking import revoke_indicator
from cirt.release.settling import offer_missing
from cirt.sharing.models import Agreement, AgreementState, Level
from tests.support import oracle
from tests.support.browse import Visitor
from tests.support.register import PASSWORD, a_person
from tests.support.release import a_collection, an_asker, asked, decided, read_page
from tests.support.store import an_agreement, indicator, put

TAXII = "application/taxii+json;version=2.1"
FIELDS = ("name", "description", "label", "reference", "pattern")  # each with its own canary
SIGNED_IN = ("triage", "handler", "lead", "auditor", "named", "admin")


@dataclass
class Doors:
    """An installation with those who ask at its exits."""

    program: Program
    kind: CollectionKind
    visitors: dict[str, Visitor] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    def open(self, roles: Iterable[str]) -> None:
        """Sign in everybody of the team; the others come as they are."""
        app = create_app(self.program)
        for role in roles:
            visitor = Visitor(app)
            visitor.sign_in(f"{role}@ex-cirt.example", PASSWORD)
            visitor.get("/account")
            self.tokens[role] = visitor.form("/account/language").fields["form_token"][0]
            self.visitors[role] = visitor
        self.visitors |= {role: Visitor(app) for role in ("public", "reporter", "peer")}


@dataclass
class World(Doors):
    level: str = "mou"
    objects: dict[tuple[str, str], StixObject] = field(default_factory=dict)  # by TLP and state
    cases: dict[str, dict[str, str]] = field(default_factory=dict)  # by TLP: canaries by place
    peers: dict[tuple[str, str], Peer] = field(default_factory=dict)  # by recipient, agreement
    references: dict[str, str] = field(default_factory=dict)  # of cases and releases
    code: tuple[str, str] = ("", "")

    def word(self, tlp: str, state: str, place: str) -> str:
        return f"zq{tlp.replace('+', '')}{state}{place}zq"


def the_team(program: Program) -> dict[str, Actor]:
    return {
        role: a_person(program, role.title(), Role(role) if role != "named" else Role.HANDLER)
        for role in SIGNED_IN
    }


def a_world(program: Program, kind: CollectionKind, level: str) -> World:
    world = World(program, kind, level=level)
    people = the_team(program)
    second = a_person(program, "Second", Role.LEAD)
    _add_peers(world)
    _put_objects(world)
    _release(world, people, second)
    _open_cases(world, people["named"])
    _change_agreements(world)
    world.open(SIGNED_IN)
    return world


def quick_credentials(work: Work, peer: Peer) -> None:
    """Its slug with PASSWORD, hashed so lightly that dozens of peers sign in at once."""
    row = PeerCredential(
        peer_id=peer.id,
        username=peer.slug,
        password_hash=_QUICK.hash(PASSWORD),
        changed_at=work.now,
    )
    work.session.add(row)


_QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def _add_peers(world: World) -> None:
    with world.program.work(CONSOLE) as work:
        for agreement in oracle.AGREEMENTS:
            for recipient in oracle.PEERS:
                slug = f"{recipient}-{agreement}"
                peer = add_peer(work, world.program.keys, slug, PeerFacts(slug, "XP"))
                quick_credentials(work, peer)
                world.peers[recipient, agreement] = peer
                if agreement != "none":
                    an_agreement(work, peer, ceiling=Tlp.AMBER_STRICT, level=Level(world.level))
        members = [world.peers["member", each] for each in oracle.AGREEMENTS]
        a_collection(work, *members, alias="wide", kind=world.kind)


def _put_objects(world: World) -> None:
    with world.program.work(CONSOLE) as work:
        us = ourselves(work.session).identity_id
        for number, (tlp, state) in enumerate(_cells()):
            words = {place: world.word(tlp, state, place) for place in FIELDS}
            made = indicator(
                number + 1,
                tlp=None if tlp == "none" else Tlp(tlp),
                created_by_ref=us,
                name=words["name"],
                description=words["description"],
                labels=[words["label"]],
                external_references=[
                    {"source_name": "zq", "description": words["reference"]},
                ],
                pattern=f"[domain-name:value = '{words['pattern']}.example']",
            )
            put(work, made)
            world.objects[tlp, state] = made


def _cells() -> Iterator[tuple[str, str]]:
    return ((tlp, state) for tlp in oracle.TLPS for state in oracle.STATES)


def _release(world: World, people: Mapping[str, Actor], second: Actor) -> None:
    """Asked for by somebody who is named on it, approved by two; fetched by every member; then some of it recalled."""
    program = world.program
    ids = {
        state: [one.stix_id for (_, of), one in world.objects.items() if of == state]
        for state in oracle.STATES
    }
    asker = an_asker(program, [one.stix_id for one in world.objects.values()])
    asked(program, asker, *ids["asked"], alias="wide")
    reference = asked(program, asker, *ids["released"], *ids["recalled"], alias="wide")
    world.references["release"] = reference
    for decider in (people["lead"], second):
        decided(program, decider, reference)
    for (recipient, agreement), peer in world.peers.items():
        if recipient == "member" and agreement != "none":
            read_page(program, peer, "wide")
    for stix_id in ids["recalled"]:
        with program.work(people["lead"]) as work:
            try:
                revoke_indicator(work, Revoke(stix_id, "zqrecallreasonzq"))
            except NotFound:  # RED: nobody could release it, so there is nothing to recall
                assert stix_id == world.objects["red", "recalled"].stix_id


def _open_cases(world: World, named: Actor) -> None:
    for tlp in Tlp:
        words = {each: f"zqcase{tlp.value.replace('+', '')}{each}zq" for each in _PLACES}
        with world.program.work(named) as work:
            cmd = OpenIncident(
                words["title"], "intrusions", "system-compromise", Severity.HIGH, tlp
            )
            incident = service.open_incident(work, cmd)
            service.write_note(work, WriteNote(incident.reference, words["note"]))
            add_task(work, AddTask(incident.reference, words["task"]))
            report, _ = service.take_report(
                work,
                TakeReport(
                    text=words["text"],
                    reporter=words["reporter"],
                    tlp=tlp,
                    source=ReportSource.DESK,
                    files=(SentFile(f"{words['file']}.txt", "text/plain", b"x"),),
                ),
            )
        world.cases[tlp.value] = words
        world.references[f"case-{tlp.value}"] = incident.reference
        world.references[f"report-{tlp.value}"] = report.reference
    with world.program.work(PUBLIC) as work:
        report, code = service.take_report(work, TakeReport(text="Of the reporter"))
        world.code = (report.reference, code)


_PLACES = ("title", "note", "task", "text", "reporter", "file")
ON_INCIDENT, ON_REPORT = ("title", "note", "task"), ("text", "reporter", "file")


def _change_agreements(world: World) -> None:
    """After all was released and fetched, which is the harder case."""
    with world.program.work(CONSOLE) as work:
        for (_, agreement), peer in world.peers.items():
            row = work.session.query(Agreement).filter_by(peer_id=peer.id).one_or_none()
            if row is None or agreement == "in-force":
                continue
            row.version += 1
            if agreement == "suspended":
                row.state = AgreementState.SUSPENDED
            elif agreement == "ended":
                row.valid_until = work.now
            else:
                row.types = ["malware"]
            work.session.flush()
            offer_missing(work, peer.id)


@dataclass(frozen=True, slots=True)
class Told:
    """What one exit said; ``carries`` are the fields that it shows of an object that may go."""

    exit: str
    status: int
    text: str
    carries: frozenset[str]


_ALL = frozenset(FIELDS) | {"id"}
_SAVING = (
    "lead",
    "named",
    "admin",
    "public",
)  # who save one object after the other; all save lists
ON_PAGE = frozenset({"name", "description", "pattern", "id"})
_CSV = frozenset({"name", "description", "label", "pattern", "id"})
_MISP = frozenset({"name", "pattern", "id"})


def told_to_peer(world: World, recipient: str, agreement: str) -> Iterator[Told]:
    """Lists; what is asked for one by one is ``told_of_one``."""
    slug = world.peers[recipient, agreement].slug
    for path, carries in (
        ("collections/", frozenset[str]()),
        ("collections/wide/", frozenset[str]()),
        ("collections/wide/objects/", _ALL),
        ("collections/wide/objects/?match[version]=all", _ALL),
        ("collections/wide/manifest/", frozenset({"id"})),
    ):
        status, text = taxii(world, slug, path)
        yield Told(f"taxii {path}", status, text, carries)
    for form, carries in (("stix", _ALL), ("csv", _CSV), ("misp", _MISP)):
        for subject, name in (
            ("indicators", ""),
            ("collection", "wide"),
            ("release", world.references["release"]),
        ):
            status, text = saved(world, "lead", subject, name, form, slug)
            shown = carries if subject != "release" else frozenset[str]()
            yield Told(f"export {subject} {form} as for a peer", status, text, shown)


def told_to_staff(world: World, role: str) -> Iterator[Told]:
    visitor = world.visitors[role]
    for path in ("/indicators", "/indicators?words=zq&state=active", "/release", "/desk", "/sync"):
        yield page_of(visitor, path)
    for path in ("", "/print"):
        yield page_of(visitor, f"/release/{world.references['release']}{path}")
    for form, carries in (("stix", _ALL), ("csv", _CSV), ("misp", _MISP)):
        for subject, name in (("indicators", ""), ("collection", "wide")):
            status, text = saved(world, role, subject, name, form, "")
            shown = carries if subject == "indicators" else frozenset[str]()
            yield Told(f"export {subject} {form}", status, text, shown)


def told_outside(world: World, role: str) -> Iterator[Told]:
    visitor = world.visitors[role]
    paths = ("/", "/report", "/status", "/sign-in", "/indicators", "/incidents", "/exports")
    for path in (*paths, "/taxii2/national/collections/wide/objects/"):
        yield page_of(visitor, path)
    status, text = saved(world, role, "indicators", "", "stix", "")
    yield Told("export", status, text, frozenset())
    if role == "reporter":
        reference, code = world.code
        answer = visitor.post("/status", {"reference": reference, "code": code})
        yield Told("follow-up page", answer.status_code, answer.get_data(as_text=True), frozenset())


def told_of_one(world: World, role: str, stix_id: str) -> Iterator[Told]:
    """By its own address: the page for who signs in, the TAXII endpoints for peers."""
    if role in world.visitors:
        page = page_of(world.visitors[role], f"/indicators/{stix_id}")
        yield Told("/indicators/<id>", page.status, page.text, ON_PAGE)
        forms = (("stix", _ALL), ("csv", _CSV), ("misp", _MISP)) if role in _SAVING else ()
        for form, carries in forms:
            status, text = saved(world, role, "object", stix_id, form, "")
            yield Told(f"export object {form}", status, text, carries)
        return
    for path, carries in (("", _ALL), ("versions/", frozenset[str]())):
        status, text = taxii(world, role, f"collections/wide/objects/{stix_id}/{path}")
        yield Told(f"taxii objects/<id>/{path}", status, text, carries)


def taxii(world: Doors, slug: str, path: str) -> tuple[int, str]:
    client: Client = world.visitors["peer"].client
    secret = base64.b64encode(f"{slug}:{PASSWORD}".encode()).decode()
    headers = {"Accept": TAXII, "Authorization": f"Basic {secret}"}
    answer = client.get(f"/taxii2/national/{path}", headers=headers)
    return answer.status_code, answer.get_data(as_text=True) + str(answer.headers)


def saved(
    world: Doors, role: str, subject: str, name: str, form: str, audience: str
) -> tuple[int, str]:
    data: dict[str, Any] = {
        "subject": subject,
        "name": name,
        "format": form,
        "audience": audience,
        "form_token": world.tokens.get(role, ""),
    }
    answer = world.visitors[role].post("/exports", data)
    said = answer.get_data(as_text=True)
    if answer.status_code != 200:  # the page that says no shows what was asked for
        said = said.replace(name, "") if name else said
    return answer.status_code, said + str(answer.headers)


def page_of(visitor: Visitor, path: str) -> Told:
    answer = visitor.get(path)
    return Told(
        path, answer.status_code, answer.get_data(as_text=True) + str(answer.headers), frozenset()
    )


def plain(found: str) -> str:
    """As searched: small letters, nothing made safe to click."""
    return found.lower().replace("[.]", ".")


def id_in(text: str, stix_id: str) -> bool:
    """A MISP file names objects by their UUID alone."""
    return stix_id.partition("--")[2] in text
