"""A citizen and the team talk: reported anonymously on a telephone without script, asked, answered with a file, read."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, ViewportSize

from cirt.kernel.work import CONSOLE
from cirt.parties.accounts import AddAccount, add_account
from cirt.parties.roles import Role
from tests.support.browser import PASSWORD, Person, a_person
from tests.support.databases import Databases
from tests.support.served import Served, serve

PHONE: ViewportSize = {"width": 360, "height": 740}
EMAIL = "amina@ex-cirt.example"


@pytest.fixture(scope="module")
def site(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve(databases, "sqlite", tmp_path_factory.mktemp("reporter")) as served:
        with served.program.work(CONSOLE) as work:
            add_account(work, AddAccount(EMAIL, "Amina", (Role.HANDLER,), PASSWORD))
        yield served


def test_an_anonymous_citizen_is_asked_and_answers_with_a_file(
    site: Served, chromium: Browser
) -> None:
    with (
        a_person(chromium, site.url, script=False) as citizen,
        a_person(chromium, site.url) as amina,
    ):
        citizen.page.set_viewport_size(PHONE)
        reference, code = reports_anonymously(citizen)
        amina.sign_in(EMAIL, PASSWORD)
        asks(amina, reference)
        answers(citizen, reference, code)
        reads_the_answer(amina, reference)
        assert citizen.problems == amina.problems == []


def reports_anonymously(citizen: Person) -> tuple[str, str]:
    citizen.open("/")
    citizen.press("Private person")
    citizen.reads("Call your bank now")
    citizen.fill(What_happened="Somebody called and had me install a program.")
    citizen.page.get_by_role("button", name="العربية").click()
    assert citizen.page.locator("html").get_attribute("dir") == "rtl"
    assert citizen.page.locator("#text").input_value().startswith("Somebody called")
    citizen.page.get_by_role("button", name="English").click()
    citizen.reads("Call your bank now")
    citizen.page.get_by_label("I stay anonymous").check()
    assert citizen.page.locator("#reporter").is_hidden()
    citizen.press("Send report")
    citizen.reads("Your report has arrived", "Watch your bank account")
    assert_fits(citizen)
    reference, code = citizen.page.locator("main dd").all_inner_texts()
    return reference, code


def asks(amina: Person, reference: str) -> None:
    amina.open(f"/intake/{reference}")
    amina.reads("Private person", "Nothing was said yet")
    amina.fill(Text="Which program was it? Do you have its file?")
    amina.press("Save message")
    amina.reads("Which program was it?", "On the status page")


def answers(citizen: Person, reference: str, code: str) -> None:
    citizen.open("/status")
    citizen.fill(Reference=reference.lower(), Follow=code.lower().replace("-", " "))
    citizen.page.locator("#code").press("Enter")
    citizen.reads("We have a question for you", "Which program was it?")
    assert_fits(citizen)
    citizen.press("Send answer")
    citizen.reads("Write something, or add a file", "Which program was it?")
    citizen.fill(Your_answer="It called itself helpdesk.exe and phoned 198.51.100[.]77")
    citizen.page.locator("#files").set_input_files(
        {"name": "helpdesk.zip", "mimeType": "application/zip", "buffer": b"PK\x05\x06"}
    )
    citizen.press("Send answer")
    citizen.reads("We have your answer", "helpdesk.zip", "198[.]51[.]100[.]77")
    assert_fits(citizen)


def reads_the_answer(amina: Person, reference: str) -> None:
    amina.open("/desk")
    amina.reads("1 answer of a reporter waits")
    amina.press("Read what they say")
    amina.reads(reference, "It called itself helpdesk.exe")
    amina.page.locator("main .top a").click()
    amina.reads("helpdesk.zip", "New")
    amina.press("Mark as read")
    amina.reads_not("Mark as read", "New")
    amina.open(f"/triage?selected={reference}")
    amina.reads("198[.]51[.]100[.]77")
    amina.reads_not("Answer waits", "The reporter answered")


def test_a_call_is_written_down_and_its_code_works(site: Served, chromium: Browser) -> None:
    with a_person(chromium, site.url, script=False) as amina:
        amina.sign_in(EMAIL, PASSWORD)
        amina.open("/triage")
        amina.press("Report by telephone")
        amina.fill(What_happened="The pumps do not answer.", Name_of_the_caller="Shift lead")
        amina.choose("Who reports", "operator")
        amina.fill(When_did_they_call="2031-01-01T10:00")
        amina.press("Save report")
        amina.reads("a time of the last year")
        amina.fill(When_did_they_call="")
        amina.press("Save report")
        amina.reads("Read this out to the caller", "follow your emergency plan")
        reference, code = amina.page.locator("main dd").all_inner_texts()

        amina.open("/status")
        amina.fill(Reference=reference, Follow=code)
        amina.press("Show how it stands")

        amina.reads("We have your report")


def test_choosing_another_lane_loses_nothing_and_enter_sends(
    site: Served, chromium: Browser
) -> None:
    with a_person(chromium, site.url, script=False) as citizen:
        citizen.open("/report")
        citizen.fill(What_happened="Our bills are paid to somebody else.", Your_name="Shift lead")
        citizen.page.locator("#files").set_input_files(
            {"name": "bill.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-"}
        )
        citizen.press("Small firm")
        citizen.reads("Were payment details changed?", "Choose your files once more")
        assert citizen.page.locator("#text").input_value() == "Our bills are paid to somebody else."
        citizen.page.locator("#reporter").press("Enter")
        citizen.reads("Your report has arrived", "Personal data lost?")


def assert_fits(person: Person) -> None:
    """Nothing reaches beyond the side of the screen."""
    assert person.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
