"""Administration of connectors in the browser: their state, run now, and a mapping that is tried before it is saved."""

from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from cirt.kernel.audit import AuditEntry
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, SYSTEM
from cirt.objects.models import StixObject
from cirt.parties.peers import PeerFacts, add_peer
from cirt.parties.roles import Role
from cirt.sharing.agreements.commands import AddAgreement
from cirt.sharing.agreements.service import add_agreement
from cirt.sources import service
from cirt.sources.models import SourceRunRow
from cirt.worker.loop import run_one
from tests.support.browse import Visitor, forms_in, signed_in

_LIST = "/admin/connectors"
_PAGE = f"{_LIST}/blocklist"
_ROWS = "when,address\n2026-11-17 00:00:00,198.51.100.7\n2026-11-17,nowhere\n"


@pytest.fixture
def reading(program: Program, tmp_path: Path) -> Program:
    """A program in which ``blocklist`` reads a folder with one list, in the name of the peer ``vendor``."""
    folder = tmp_path / "lists"
    folder.mkdir()
    (folder / "today.csv").write_text(_ROWS)
    with program.work(CONSOLE) as work:
        add_peer(work, program.keys, "vendor", PeerFacts("Vendor", "XV"))
        add_agreement(work, AddAgreement("vendor", ceiling=Tlp.AMBER))
    table = {"connector": "csv", "peer": "vendor", "folder": str(folder)}
    return replace(program, settings=replace(program.settings, connectors={"blocklist": table}))


@pytest.fixture
def admin(reading: Program) -> Visitor:
    return signed_in(reading, Role.ADMIN)


def _brought(program: Program) -> int:
    with program.work(CONSOLE, write=False) as work:
        theirs = sa.select(sa.func.count()).where(StixObject.brought_by_id.is_not(None))
        return work.session.scalar(theirs) or 0


def _type(visitor: Visitor, **typed: str) -> TestResponse:
    """Fill in the form with the mapping on the present page and send it."""
    form = next(one for one in forms_in(visitor.page) if "value" in one.fields)
    return visitor.post(form.action, {**form.fields, **typed})


def _run_asked(program: Program) -> None:
    while run_one(program):
        pass


def test_a_mapping_is_tried_saved_and_read_by(reading: Program, admin: Visitor) -> None:
    mapping = "address = ip\nwhen = time"
    admin.get(_PAGE)
    tried = _type(admin, value=mapping, sample=_ROWS, do="preview")
    assert "ipv4-addr: 198[.]51[.]100[.]7" in tried.text
    assert "value that is no ip" in tried.text
    assert "1 = any" in admin.get(_PAGE).text  # nothing was kept

    saved = _type(admin, value=mapping, do="save")
    admin.get(_PAGE)
    admin.send(f"{_PAGE}/run")
    _run_asked(reading)

    assert saved.status_code == 303
    page = admin.get(_PAGE).text
    assert "address = ip" in page
    assert "<bdi>value that is no ip</bdi>" in page
    assert _brought(reading) == 1
    with reading.work(SYSTEM, write=False) as work:
        run = work.session.scalars(sa.select(SourceRunRow)).one()
        acts = set(work.session.scalars(sa.select(AuditEntry.act)))
    assert (run.offered, run.taken, run.refused) == (1, 1, 0)
    assert {"source.set", "source.ask", "source.read"} <= acts


def test_a_mapping_that_is_none_is_refused_with_what_was_typed(admin: Visitor) -> None:
    admin.get(_PAGE)

    answer = _type(admin, value="address = adress", sample="x", do="save")

    assert answer.status_code == 422
    assert "“adress” is nothing that a column can hold" in answer.text
    assert "address = adress" in answer.text


def test_two_who_save_at_once_do_not_overwrite_each_other(reading: Program, admin: Visitor) -> None:
    other = signed_in(reading, Role.ADMIN, name="Second")
    admin.get(_PAGE)
    other.get(_PAGE)
    _type(other, value="address = ip", do="save")

    answer = _type(admin, value="1 = ip", do="save")

    assert answer.status_code == 409
    assert "1 = ip" in answer.text


def test_auditors_look_and_leads_do_not(reading: Program) -> None:
    auditor, lead = signed_in(reading, Role.AUDITOR), signed_in(reading, Role.LEAD, name="Lena")

    assert "blocklist" in auditor.get(_LIST).text
    assert "<textarea" not in auditor.get(_PAGE).text
    assert lead.get(_LIST).status_code == 403


def test_a_fault_is_shown_with_its_sentence(reading: Program, admin: Visitor) -> None:
    table = {"connector": "csv", "peer": "vendor", "folder": "/nowhere"}
    broken = replace(reading, settings=replace(reading.settings, connectors={"blocklist": table}))
    admin.get(_PAGE)
    admin.send(f"{_PAGE}/run")

    _run_asked(broken)

    assert "/nowhere is not a folder" in admin.get(_LIST).text


def test_a_run_of_which_nothing_had_a_place_cannot_be_missed(
    reading: Program, admin: Visitor
) -> None:
    service.run_source(reading, SYSTEM, "blocklist")  # the first column holds no address

    assert "Takes nothing" in admin.get(_LIST).text


def test_what_is_not_in_use_has_no_page(admin: Visitor) -> None:
    assert "stix-folder" in admin.get(_LIST).text
    assert admin.get(f"{_LIST}/stix-folder").status_code == 404
    assert admin.get(f"{_LIST}/nothing").status_code == 404


def test_sync_health_says_the_same_of_it_also_after_runs_that_found_nothing_new(
    reading: Program, admin: Visitor
) -> None:
    service.run_source(reading, SYSTEM, "blocklist")  # the first column holds no address
    service.run_source(reading, SYSTEM, "blocklist")

    says = "Of what it read last, nothing has a place here."
    lead = signed_in(reading, Role.LEAD, name="Lena")
    for page in (admin.get(_LIST), admin.get(_PAGE), lead.get("/sync")):
        assert "Takes nothing" in page.text
        assert says in page.text


def test_settings_that_are_not_set_are_named_too(admin: Visitor) -> None:
    page = admin.get(_PAGE).text

    assert "The name of the list, if its address or folder may change." in page
    assert "not set" in page
