"""Readers of a stress test: by date, by token, restless, with taxii2-client; each keeps what it has met."""

import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import requests
from taxii2client.v21 import Collection, as_pages

from tests.support.stress_ledger import Key, Ledger, Limits, Line
from tests.support.stress_writers import patiently
from tests.support.taxii import PASSWORD, ROOT, Client, keys_of, version_of

FIRST, LAST = "X-TAXII-Date-Added-First", "X-TAXII-Date-Added-Last"
_PAUSE_S = 0.1


@dataclass(frozen=True)
class Meeting:
    """A version on a page, and when that page was asked for and answered."""

    key: Key
    asked_at: float
    answered_at: float


@dataclass
class Reader:
    """Follows one feed until all writers have ended and nothing more comes."""

    name: str
    client: Client
    collection: str
    chance: random.Random
    by_token: bool = False
    wanted: str | None = "all"  # match[version]
    resource: str = "objects"
    restless: bool = False  # asks pages again, changes the limit, comes anew, sends date and token
    met: list[Meeting] = field(default_factory=list)
    date: str = ""
    token: str = ""
    walk_from: str = ""  # the added_after with which the present walk by token began

    def run(self, ended: threading.Event) -> None:
        while True:
            was_over = ended.is_set()
            if self.step():
                continue
            if was_over:
                self.client.close()
                return
            time.sleep(_PAUSE_S)

    def step(self) -> bool:
        """One page; whether it had anything or said that more follow."""
        if self.restless and self.chance.random() < 0.2:
            self.client.close()  # the next one may be another worker's
            self.client.session = requests.Session()
        params = self._params()
        asked_at = time.monotonic()
        path = f"collections/{self.collection}/{self.resource}/"
        answer, _ = patiently(lambda: self.client.get(path, **params))
        assert answer.status_code == 200, (self.name, answer.text)
        if self.restless and self.chance.random() < 0.2:
            return True  # this answer never came
        said = answer.json()
        more = bool(said.get("more"))
        assert "next" in said or not more, self.name
        self._note(answer, Meetings(asked_at, time.monotonic()), more=more)
        if self.by_token:
            self.token = said.get("next", "")
        if not self.token:
            self.walk_from = self.date
        return more or "objects" in said

    def _params(self) -> dict[str, Any]:
        limit = self.chance.choice((3, 20, 50, 200)) if self.restless else 50
        params: dict[str, Any] = {"limit": limit}
        if self.wanted:
            params["match_version"] = self.wanted
        if self.token:
            params["next"] = self.token
        date = self.walk_from if self.token else self.date
        if self.token and self.restless:
            date = self.chance.choice((self.date, self.walk_from, ""))
        if date:
            params["added_after"] = date
        return params

    def _note(self, answer: requests.Response, when: "Meetings", *, more: bool) -> None:
        objects = answer.json().get("objects", [])
        if not objects:
            assert FIRST not in answer.headers
            assert not more, f"{self.name}: nothing, and no date to go on from"
            return
        first, last = answer.headers[FIRST], answer.headers[LAST]
        assert self.date < first <= last, (self.name, self.date, first, last)
        assert len(objects) == 1 or first < last
        if self.resource == "manifest":
            dates = [one["date_added"] for one in objects]
            assert dates == sorted(set(dates))
            assert (dates[0], dates[-1]) == (first, last)
        self.met += [when.of(key) for key in keys_of(answer)]
        self.date = last

    def keys(self) -> list[Key]:
        return [one.key for one in self.met]


@dataclass(frozen=True)
class Meetings:
    asked_at: float
    answered_at: float

    def of(self, key: Key) -> Meeting:
        return Meeting(key, self.asked_at, self.answered_at)


@dataclass
class PagesReader:
    """taxii2-client's own ``as_pages``, from the beginning to the end, again and again."""

    base: str
    uuid: str
    username: str
    per_request: int
    walks: list[tuple[float, list[Key]]] = field(default_factory=list)  # begun at, met

    def run(self, ended: threading.Event) -> None:
        while True:
            was_over = ended.is_set()
            begun_at = time.monotonic()
            try:
                self.walks.append((begun_at, self._walk()))
            except requests.ConnectionError:  # a worker has died; this client knows no second try
                continue
            if was_over:
                return
            time.sleep(_PAUSE_S)

    def _walk(self) -> list[Key]:
        url = f"{self.base}{ROOT}collections/{self.uuid}/"
        with Collection(url, user=self.username, password=PASSWORD) as collection:
            pages = as_pages(collection.get_objects, per_request=self.per_request, version="all")
            return [
                (one["id"], version_of(one)) for page in pages for one in page.get("objects", [])
            ]


# -- what must hold at the end


def assert_met_all(
    name: str, ledger: Ledger, keys: list[Key], due: list[Line], *, again: int = 0
) -> None:
    """Everything due was met, nothing was met more often than it was dated, and nothing that nobody posted."""
    counts = Counter(keys)
    lost = [line.key for line in due if not counts[line.key]]
    assert not lost, f"{name} lost {len(lost)}: {lost[:5]}"
    unknown = counts.keys() - ledger.lines.keys()
    assert not unknown, f"{name} met what nobody posted: {sorted(unknown)[:5]}"
    doubled = [key for key, count in counts.items() if count > ledger.lines[key].offers + again]
    assert not doubled, f"{name} met {len(doubled)} too often: {doubled[:5]}"


def assert_ends_with_newest(name: str, ledger: Ledger, keys: list[Key]) -> None:
    """For a reader of last versions, what it met last of each object is the newest that stands."""
    ends = dict(keys)
    newest = {stix_id: line.key[1] for stix_id, line in ledger.newest().items()}
    wrong = {
        stix_id: (ends.get(stix_id), version)
        for stix_id, version in newest.items()
        if ends.get(stix_id) != version
    }
    assert not wrong, f"{name} ends otherwise: {list(wrong.items())[:5]}"


def assert_kept_to(name: str, ledger: Ledger, met: list[Meeting], limits: Limits) -> None:
    """Between the commit of a narrowing and the beginning of the widening, nothing that it forbids."""
    for span in limits.spans:
        within = [
            ledger.lines[one.key]
            for one in met
            if one.asked_at >= span.begin and one.answered_at <= span.end
        ]
        seen = [line.key for line in within if span.forbids(line)]
        assert not seen, f"{name} saw {len(seen)} beyond its limits: {seen[:5]}"
        told = [
            line
            for line in ledger.lines.values()
            if span.forbids(line) and span.begin < (line.told_at or 0) < span.end
        ]
        assert told, "nothing was posted that the narrower agreement forbids"
