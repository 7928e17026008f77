"""Printed pages bear the strictest marking of what is on them, above and below, and printing is in the trail."""

from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE
from cirt.parties.roles import Role
from cirt.register import service
from cirt.register.commands import WriteNote
from tests.support.browse import Visitor, signed_in, web_app
from tests.support.register import PASSWORD, a_person, an_incident, with_observables
from tests.support.release import a_collection, a_reader, asked, our_indicator
from tests.support.store import put


def test_an_incident_is_printed_under_the_strictest_of_what_the_reader_sees(
    program: Program,
) -> None:
    nadia = a_person(program, "Nadia", Role.HANDLER)
    incident = an_incident(program, nadia, tlp=Tlp.GREEN)
    with_observables(program, nadia, incident, "198.51.100.7")
    with program.work(nadia) as work:
        service.write_note(work, WriteNote(incident.reference, "Told in confidence", Tlp.RED))
        service.write_note(work, WriteNote(incident.reference, "Within the house", Tlp.AMBER))
    named = Visitor(web_app(program))
    named.sign_in("nadia@ex-cirt.example", PASSWORD)
    other = signed_in(program, Role.HANDLER)
    path = f"/incidents/{incident.reference}/print"

    for visitor, level, paper in ((named, "TLP:RED", "pg-red"), (other, "TLP:AMBER", "pg-amber")):
        visitor.get(path)
        assert f'<body class="{paper}">' in visitor.page
        assert visitor.text.index(level) < visitor.text.index("198[.]51[.]100[.]7")
        assert level in visitor.text[visitor.text.rindex("Within the house") :]
    assert "Told in confidence" not in other.page
    assert "TLP:RED" not in other.text
    auditor = signed_in(program, Role.AUDITOR, name="Farid")
    auditor.get("/admin/audit?act=incident.print")
    assert incident.reference in auditor.text


def test_a_release_is_printed_with_who_gets_what(program: Program) -> None:
    with program.work(CONSOLE) as work:
        collection_reader = a_reader(work)
        a_collection(work, collection_reader)
        made = our_indicator(work, tlp=Tlp.AMBER)
        put(work, made)
    reference = asked(program, a_person(program, "Hana", Role.HANDLER), made.stix_id)
    lead = signed_in(program, Role.LEAD)

    lead.get(f"/release/{reference}/print")

    assert '<body class="pg-amber">' in lead.page
    assert "CERT-B" in lead.text
    assert "Early warning" in lead.text
    assert lead.get("/release/REL-2026-9999/print").status_code == 404
