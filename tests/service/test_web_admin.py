"""Pages of administration: accounts, collections, the audit trail, jobs."""

import re

import sqlalchemy as sa

from cirt.kernel import jobs
from cirt.kernel.audit import AuditEntry
from cirt.kernel.clock import FakeClock
from cirt.kernel.program import Program
from cirt.kernel.work import CONSOLE, SYSTEM
from cirt.parties.accounts import get_account
from cirt.parties.roles import Role
from cirt.release.collections import find_collection
from cirt.release.models import CollectionKind
from tests.support.browse import Visitor, a_colleague, signed_in, web_app
from tests.support.release import a_collection, a_reader


def test_an_added_account_gets_a_password_that_is_shown_once_and_works_once(
    program: Program,
) -> None:
    admin = signed_in(program, Role.ADMIN)
    admin.get("/admin/users")

    answer = admin.send("/admin/users", name="Tomas", email="Tomas@Example.org", roles=["handler"])

    assert answer.status_code == 200
    found = re.search(r"[a-z2-9]{4}(-[a-z2-9]{4}){4}", admin.text)
    assert found
    admin.get("/admin/users")
    assert found[0] not in admin.page
    assert "Tomas" in admin.text
    newcomer = Visitor(web_app(program))
    newcomer.sign_in("tomas@example.org", found[0])
    newcomer.follow()
    assert "You signed in with a one-time password" in newcomer.text


def test_an_address_that_is_none_or_taken_is_said_at_its_field(program: Program) -> None:
    admin = signed_in(program, Role.ADMIN)
    for email, said in (("nobody", "is not an e-mail address"), ("amina@example.org", "already")):
        admin.get("/admin/users")

        answer = admin.send("/admin/users", name="Lin", email=email)

        assert answer.status_code in (409, 422)
        assert said in admin.text
        assert admin.form("/admin/users").fields["name"] == ["Lin"]


def test_roles_are_given_to_others_and_never_to_oneself(program: Program) -> None:
    admin = signed_in(program, Role.ADMIN)
    a_colleague(program, Role.TRIAGE, name="Lin")
    with program.work(CONSOLE, write=False) as work:
        lin = get_account(work.session, "lin@example.org").id
        me = get_account(work.session, "amina@example.org").id
    admin.get(f"/admin/users/{lin}")

    admin.send(f"/admin/users/{lin}/roles", roles=["triage", "lead"])
    admin.follow()

    assert "The roles are saved" in admin.text
    with program.work(CONSOLE, write=False) as work:
        grants = get_account(work.session, "lin@example.org").grants
        assert {grant.role for grant in grants} == {Role.TRIAGE, Role.LEAD}
    token = admin.form(f"/admin/users/{lin}/roles").fields["form_token"][0]
    refused = admin.post(f"/admin/users/{me}/roles", {"form_token": token, "roles": ["lead"]})
    assert refused.status_code == 409
    assert "Another administrator must" in admin.text


def test_a_disabled_account_loses_its_session_at_once(program: Program) -> None:
    admin = signed_in(program, Role.ADMIN)
    other = signed_in(program, Role.HANDLER, name="Tomas")
    with program.work(CONSOLE, write=False) as work:
        tomas = get_account(work.session, "tomas@example.org").id
    admin.get(f"/admin/users/{tomas}")

    admin.send(f"/admin/users/{tomas}/disable")
    admin.follow()

    assert "Every session of this account has ended" in admin.text
    assert other.get("/indicators").status_code == 303


def test_a_reset_password_is_shown_once(program: Program) -> None:
    admin = signed_in(program, Role.ADMIN)
    a_colleague(program, Role.HANDLER, name="Tomas")
    with program.work(CONSOLE, write=False) as work:
        tomas = get_account(work.session, "tomas@example.org").id
    admin.get(f"/admin/users/{tomas}")

    admin.send(f"/admin/users/{tomas}/reset")

    assert "This is shown once" in admin.text


def test_an_administrator_makes_empty_collections_only(program: Program) -> None:
    admin = signed_in(program, Role.ADMIN)
    admin.get("/admin/collections")

    admin.send("/admin/collections", title="Early warning", alias="early-warning", kind="shared")
    admin.follow()

    assert "Nobody sees it until a lead gives it members" in admin.text
    with program.work(CONSOLE, write=False) as work:
        made = find_collection(work.session, "early-warning")
        assert made.kind is CollectionKind.SHARED
    admin.send("/admin/collections", title="Again", alias="Early Warning!", kind="shared")
    assert "cannot name a collection" in admin.text


def test_collections_show_their_members(program: Program) -> None:
    with program.work(CONSOLE) as work:
        a_collection(work, a_reader(work))
    admin = signed_in(program, Role.ADMIN)

    admin.get("/admin/collections")

    assert "CERT-B" in admin.text


def test_an_auditor_reads_the_trail_newest_first_and_filters_it(program: Program) -> None:
    with program.work(CONSOLE) as work:
        a_collection(work, alias="first")
    with program.work(CONSOLE) as work:
        a_collection(work, alias="second")
    auditor = signed_in(program, Role.AUDITOR)

    auditor.get("/admin/audit", query_string={"act": "collection"})

    assert auditor.page.index(">second<") < auditor.page.index(">first<")
    assert "account.sign-in" not in auditor.page.replace('value="', "")
    auditor.get("/admin/audit", query_string={"subject": "first"})
    assert "1 entry" in auditor.text


def test_the_trail_is_paged_both_ways(program: Program) -> None:
    with program.work(CONSOLE) as work:
        for number in range(60):
            work.audit("test.act", f"subject-{number:02}")
    auditor = signed_in(program, Role.AUDITOR)
    auditor.get("/admin/audit", query_string={"act": "test"})
    first = set(re.findall(r"subject-\d\d", auditor.page))

    auditor.get(_link(auditor, "Older"))
    second = set(re.findall(r"subject-\d\d", auditor.page))
    auditor.get(_link(auditor, "Older"))
    third = set(re.findall(r"subject-\d\d", auditor.page))
    auditor.get(_link(auditor, "Newer"))
    back = set(re.findall(r"subject-\d\d", auditor.page))

    assert [len(first), len(second), len(third)] == [25, 25, 10]
    assert len(first | second | third) == 60
    assert back == second


def test_a_changed_entry_is_named_by_its_place(program: Program) -> None:
    with program.work(CONSOLE) as work:
        work.audit("test.act", "REL-2026-0001", verdict="no")
    auditor = signed_in(program, Role.AUDITOR)
    auditor.get("/admin/audit", query_string={"check": "1"})
    assert "No entry was changed or removed" in auditor.text
    with program.work(SYSTEM) as work:
        seq = work.session.scalars(
            sa.select(AuditEntry.seq).where(AuditEntry.act == "test.act")
        ).one()
        work.session.execute(
            sa.update(AuditEntry).where(AuditEntry.seq == seq).values(facts='{"verdict":"yes"}')
        )

    auditor.get("/admin/audit", query_string={"check": "1"})

    assert f"The trail does not hold at entry {seq}" in auditor.text


def test_jobs_that_were_given_up_come_first_and_quote_nothing_to_an_administrator(
    program: Program, clock: FakeClock
) -> None:
    with program.work(SYSTEM) as work:
        jobs.put(work.session, "jobs.tidy", {}, run_at=work.now)
        jobs.put(work.session, "link.sync", {"link": 7}, run_at=work.now)
        bad = work.session.scalars(sa.select(jobs.Job).where(jobs.Job.kind == "link.sync")).one()
        bad.state, bad.error = jobs.JobState.DEAD, "ValueError: secret.example.org is not known"
    admin = signed_in(program, Role.ADMIN)
    auditor = signed_in(program, Role.AUDITOR, name="Farid")

    admin.get("/admin/jobs")
    auditor.get("/admin/jobs")

    assert admin.page.index("link.sync") < admin.page.index("jobs.tidy")
    assert "Given up" in admin.text
    assert "ValueError" in admin.text
    assert "secret" not in admin.text
    assert "secret[.]example[.]org" in auditor.text


def test_each_opens_only_their_own_pages_of_administration(program: Program) -> None:
    expected = {
        Role.ADMIN: {"users": 200, "collections": 200, "audit": 403, "jobs": 200},
        Role.AUDITOR: {"users": 200, "collections": 200, "audit": 200, "jobs": 200},
        Role.LEAD: {"users": 403, "collections": 403, "audit": 403, "jobs": 403},
    }
    for role, pages in expected.items():
        visitor = signed_in(program, role, name=role.value)

        found = {page: visitor.get(f"/admin/{page}").status_code for page in pages}

        assert found == pages, role


def test_an_auditor_changes_nothing(program: Program) -> None:
    auditor = signed_in(program, Role.AUDITOR)
    auditor.get("/admin/users")
    token = auditor.form("/sign-out").fields["form_token"][0]

    for path in ("/admin/users", "/admin/collections", "/admin/users/1/disable"):
        fields = {"form_token": token, "name": "X", "email": "x@example.org", "roles": ["lead"]}
        if path.endswith("collections"):
            fields = {"form_token": token, "alias": "xx", "title": "X", "kind": "shared"}
        assert auditor.post(path, fields).status_code == 403, path


def _link(visitor: Visitor, words: str) -> str:
    found = re.search(rf'<a href="([^"]+)"[^>]*>{words}</a>', visitor.page)
    assert found, visitor.text
    return found[1].replace("&amp;", "&")
