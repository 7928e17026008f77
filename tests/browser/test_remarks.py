"""A handler says what the house thinks of a peer's indicator, with the keyboard, with and without script."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from cirt.kernel.clock import SystemClock
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE
from cirt.parties.roles import Role
from tests.support.browser import a_person as at_a_browser
from tests.support.databases import Databases
from tests.support.register import PASSWORD, a_person
from tests.support.release import a_reader
from tests.support.store import indicator, put
from tests.support.taxii import served


@pytest.mark.parametrize("script", [True, False])
def test_a_note_and_an_opinion_of_a_peers_indicator(
    databases: Databases, tmp_path: Path, chromium: Browser, script: bool
) -> None:
    with databases.program("sqlite", tmp_path, SystemClock()) as program:
        a_person(program, "Tomas", Role.HANDLER)
        with program.work(CONSOLE) as work:
            put(work, indicator(1, tlp=Tlp.GREEN), origin=a_reader(work))
        with served(program) as url, at_a_browser(chromium, url, script=script) as tomas:
            tomas.sign_in("tomas@ex-cirt.example", PASSWORD)
            tomas.open(f"/indicators/{indicator(1).stix_id}")
            tomas.press("Write a note")
            tomas.fill(Heading="First look", Note="Seen in two ministries.")
            tomas.press("Keep this note")
            tomas.reads("It stays in the house until it is released", "First look")
            tomas.press("Give an opinion")
            tomas.page.get_by_label("Disagree", exact=True).check()
            tomas.fill(What_makes_you_think_so="A shared host.")
            tomas.press("Keep this opinion")
            tomas.reads("A shared host.", "Disagrees", "2 in all")
            assert tomas.problems == []
