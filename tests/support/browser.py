"""People with a browser of their own: the system's Chromium, driven as a hand and an eye would."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Playwright

PASSWORD = "seven small green boats"
NO_CHROMIUM = "No Chromium here. Install it (apt-get install chromium) or set CHROMIUM to its path."
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_PATIENCE_MS = 45_000  # for what comes with a sync
_CLICK_MS = 15_000  # for what a click brings


def find_chromium() -> str | None:
    given = os.environ.get("CHROMIUM")
    return given or next((path for name in _NAMES if (path := shutil.which(name))), None)


def launch(playwright: Playwright, path: str) -> Browser:
    """No sandbox, for tests run as root too; no names resolve, so nothing but loopback is reached."""
    return playwright.chromium.launch(
        executable_path=path,
        args=[
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        ],
    )


@dataclass
class Person:
    """Somebody at one installation's pages."""

    page: Page
    base: str
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(_CLICK_MS)
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))

    def _note(self, message: ConsoleMessage) -> None:
        is_of_page = message.location.get("url") == self.page.url  # a refusal; the test reads it
        if message.type in ("error", "warning") and not is_of_page:
            self.problems.append(f"{self.page.url}: {message.text} {message.location}")

    def open(self, path: str) -> int:
        """Go to a path; the status of the answer."""
        answer = self.page.goto(f"{self.base}{path}")
        assert answer is not None
        return answer.status

    @property
    def path(self) -> str:
        return self.page.url.removeprefix(self.base)

    @property
    def text(self) -> str:
        """What can be read of the page, on one line."""
        return re.sub(r"\s+", " ", self.page.locator("main").inner_text())

    def reads(self, *words: str) -> None:
        for each in words:
            assert each in self.text, f"{each!r} is not on {self.page.url}:\n{self.text}"

    def reads_not(self, *words: str) -> None:
        for each in words:
            assert each not in self.text, f"{each!r} is on {self.page.url}:\n{self.text}"

    def fill(self, **fields: str) -> None:
        """By the label of each; ``_`` stands for a space."""
        typed = self.page.locator("main input:not([type=radio], [type=checkbox]), main textarea")
        for label, value in fields.items():
            typed.and_(self.page.get_by_label(label.replace("_", " "))).first.fill(value)

    def choose(self, label: str, value: str) -> None:
        self.page.get_by_label(label).first.select_option(value)

    def press(self, words: str) -> None:
        """A button or a link with these words on it, in the page's content."""
        self.control(words).click()

    def control(self, words: str) -> Locator:
        main = self.page.locator("main")
        return (
            main.get_by_role("button", name=words).or_(main.get_by_role("link", name=words)).first
        )

    def waits_for(self, path: str, *words: str) -> None:
        """Ask again until the page says it; a sync brings it within seconds."""
        for _ in range(_PATIENCE_MS // 500):
            if self.open(path) == 200 and all(each in self.text for each in words):
                return
            self.page.wait_for_timeout(500)
        self.reads(*words)

    def sign_in(self, email: str, password: str) -> None:
        self.open("/sign-in")
        self.fill(**{"E-mail_address": email, "Password": password})
        self.press("Sign in")

    def sign_in_first(self, email: str, one_time: str) -> None:
        """With the password that was handed out, which must be replaced before anything else."""
        self.sign_in(email, one_time)
        self.reads("one-time password")
        self.open("/account")
        self.reads("one-time password")
        self.fill(Your_present_password=one_time)
        self.page.locator("#new_password").fill(PASSWORD)
        self.page.locator("#again").fill(PASSWORD)
        self.press("Change password")
        self.sign_in(email, PASSWORD)
        self.page.get_by_role("button", name="Sign out").wait_for()


@contextmanager
def a_person(
    browser: Browser,
    base: str,
    *,
    script: bool = True,
    look: Literal["light", "dark"] = "light",
) -> Iterator[Person]:
    """With cookies of their own; English is what they read."""
    context = browser.new_context(java_script_enabled=script, locale="en-GB", color_scheme=look)
    try:
        yield Person(context.new_page(), base)
    finally:
        context.close()
