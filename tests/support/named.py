"""A TLP:RED incident with an indicator, and named persons of a peer under a memorandum with confidentiality."""

from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from cirt.kernel.gpg import PublicKey
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, SYSTEM, Actor
from cirt.parties.accounts import get_account
from cirt.parties.models import Peer
from cirt.parties.rights import actor_of
from cirt.parties.roles import Role
from cirt.register import service
from cirt.register.commands import Promote
from cirt.release.asking import ask_release
from cirt.release.commands import AskRelease
from cirt.release.deciding import Outcome
from cirt.release.handing.models import Handover, HandoverState
from cirt.release.handing.service import ready, was_sent
from cirt.sharing.agreements.persons import NamePerson, name_person_in
from cirt.sharing.models import Level
from tests.support.register import a_person, an_incident, with_observables
from tests.support.release import a_reader, decided

A_KEY = PublicKey("A" * 40, "-----BEGIN PGP PUBLIC KEY BLOCK-----", None)


@dataclass
class RedDesk:
    """Tomas handles the RED incident, Irena and Petra may decide; Mei of CERT-B is named."""

    program: Program
    tomas: Actor
    irena: Actor
    petra: Actor
    peer: Peer
    agreement: str
    mei: int
    stix_id: str
    incident: str

    def ask(self, *persons: int, **more: Any) -> str:
        with self.program.work(self.tomas) as work:
            cmd = AskRelease(
                "For Mei",
                "She leads theirs",
                (),
                (self.stix_id,),
                persons=persons or (self.mei,),
                **more,
            )
            return ask_release(work, cmd).reference

    def approve(self, reference: str, *actors: Actor) -> Outcome:
        outcomes = [
            decided(self.program, actor, reference) for actor in actors or (self.irena, self.petra)
        ]
        return outcomes[-1]

    def handovers(self) -> list[Handover]:
        with self.program.work(CONSOLE, write=False) as work:
            return list(work.session.scalars(sa.select(Handover).order_by(Handover.id)))

    def mailed(self) -> None:
        """What waits goes, as the gate decides now; without the mail itself."""
        for each in self.handovers():
            if each.state is HandoverState.WAITING:
                with self.program.work(SYSTEM) as work:
                    assert ready(work, each.id, f"<{each.id}@ex-cirt.example>") is not None
                    was_sent(work, each.id)

    def name(self, name: str, email: str, key: PublicKey | None = A_KEY) -> int:
        with self.program.work(CONSOLE) as work:
            return name_person_in(work, NamePerson(self.agreement, name, email, key)).id


def a_red_desk(
    program: Program,
    key: PublicKey | None = A_KEY,
    level: Level = Level.MOU_NDA,
    tlp: Tlp = Tlp.RED,
) -> RedDesk:
    tomas = a_person(program, "Tomas", Role.HANDLER)
    irena, petra = (a_person(program, name, Role.LEAD) for name in ("Irena", "Petra"))
    with program.work(CONSOLE) as work:
        peer = a_reader(work, level=level, ceiling=Tlp.AMBER_STRICT)
        agreement = f"MOU-2026-{peer.id:04}"
        person = NamePerson(agreement, "Mei Lan", "mei@cert-b.example", key)
        mei = name_person_in(work, person).id
    incident = an_incident(program, tomas, tlp=tlp, title="The ministry")
    [row] = with_observables(program, tomas, incident, "203.0.113.7")
    with program.work(tomas) as work:
        [made] = service.promote(work, Promote(incident.reference, (row.id,), tlp))
    return RedDesk(
        program, tomas, irena, petra, peer, agreement, mei, made.stix_id, incident.reference
    )


def mailing(program: Program, port: int) -> Program:
    given = {
        "smtp_host": "127.0.0.1",
        "smtp_tls": "none",
        "smtp_port": port,
        "mail_from": "cert@cirt.example",
    }
    return replace(program, settings=replace(program.settings, **given))  # type: ignore[arg-type]


def the_actor(program: Program, email: str) -> Actor:
    """Whoever has this account, as they act once signed in."""
    with program.work(CONSOLE, write=False) as work:
        return actor_of(get_account(work.session, email))
