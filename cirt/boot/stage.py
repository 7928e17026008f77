"""Who plays in the demo, and one installation as they find it."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from cirt.kernel.clock import FakeClock
from cirt.kernel.program import Program
from cirt.kernel.work import CONSOLE, Actor
from cirt.parties.accounts import get_account
from cirt.parties.rights import actor_of
from cirt.parties.roles import Role

TRIAGE, HANDLER, LEAD = 0, 1, 2  # places in a team's people


class Team(Enum):
    VALDORA = (
        "valdora",
        "CIRT Valdora",
        "XV",
        (("Amina", "Tomas", "Irena", "Lin"), "Omar", "Rosa"),
    )
    MERIDIA = (
        "meridia",
        "CERT Meridia",
        "XM",
        (("Joon", "Farid", "Elena", "Kofi"), "Mei", "Paulo"),
    )

    def __init__(
        self, slug: str, title: str, country: str, people: tuple[tuple[str, ...], str, str]
    ) -> None:
        self.slug, self.title, self.country = slug, title, country
        (triage, handler, lead, second), admin, auditor = people
        self.people = (
            (triage, Role.TRIAGE),
            (handler, Role.HANDLER),
            (lead, Role.LEAD),
            (second, Role.LEAD),
            (admin, Role.ADMIN),
            (auditor, Role.AUDITOR),
        )

    def email(self, name: str) -> str:
        return f"{name.lower()}@{self.slug}.example"


@dataclass(frozen=True, slots=True)
class Stage:
    """One installation with a clock that the story moves."""

    team: Team
    program: Program
    clock: FakeClock
    present: datetime  # where the story ends

    def actor(self, number: int) -> Actor:
        email = self.team.email(self.team.people[number][0])
        with self.program.work(CONSOLE, write=False) as work:
            return actor_of(get_account(work.session, email))
