"""What may leave a house, by the table of tests/support/oracle.py and by what is in the house; asks nothing of the product.

The rows are read by plain SQL; markings and authors from the bytes themselves; terms are those that the
simulation wrote down when it agreed on them.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from cirt.kernel.work import CONSOLE
from tests.support.oracle import TLPS, says
from tests.support.simulated.houses import House

_MARKINGS = {
    "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487": "clear",
    "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb": "green",
    "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421": "amber",
    "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003": "amber+strict",
    "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1": "red",
}
_HELD = sa.text(
    "SELECT o.stix_id, v.version_text, f.origin_id, c.body FROM stix_object o "
    "JOIN object_version v ON v.object_id = o.id JOIN object_facts f ON f.id = v.facts_id "
    "JOIN object_content c ON c.version_id = v.id WHERE o.stix_id IN :ids "
    "ORDER BY o.stix_id, v.version_us"
).bindparams(sa.bindparam("ids", expanding=True, type_=sa.String))
_ALL_IDS = sa.text("SELECT stix_id FROM stix_object ORDER BY stix_id")
_PEERS = sa.text("SELECT id, slug FROM peer")
_BRINGERS = sa.text("SELECT stix_id, brought_by_id FROM stix_object")


@dataclass(frozen=True, slots=True)
class Version:
    text: str
    bringer: int | None  # number of the house that brought it here; None: made here
    body: bytes
    said: Mapping[str, Any]

    @property
    def tlp(self) -> str:
        return _tlp(self.said)

    @property
    def is_revoked(self) -> bool:
        return self.said.get("revoked") is True


def _tlp(said: Mapping[str, Any]) -> str:
    found = [_MARKINGS[ref] for ref in said.get("object_marking_refs", ()) if ref in _MARKINGS]
    return max(found, key=TLPS.index, default="none")


class Books:
    """What stands in one house's tables."""

    def __init__(self, house: House, number_of: Mapping[str, int]) -> None:
        self._house = house
        with house.program.work(CONSOLE, write=False) as work:
            rows = work.session.execute(_PEERS).all()
        self._numbers = {row.id: number_of[row.slug] for row in rows}

    def held(self, stix_ids: Iterable[str] | None = None) -> dict[str, list[Version]]:
        """By id, every version, the oldest first."""
        found: dict[str, list[Version]] = {}
        with self._house.program.work(CONSOLE, write=False) as work:
            ids = list(work.session.scalars(_ALL_IDS)) if stix_ids is None else list(stix_ids)
            for row in work.session.execute(_HELD, {"ids": ids}):
                body = bytes(row.body)
                bringer = None if row.origin_id is None else self._numbers[row.origin_id]
                version = Version(row.version_text, bringer, body, json.loads(body))
                found.setdefault(row.stix_id, []).append(version)
        return found

    def bringers(self) -> dict[str, int | None]:
        """Who was the first to bring each object."""
        with self._house.program.work(CONSOLE, write=False) as work:
            rows = work.session.execute(_BRINGERS).all()
        return {row[0]: None if row[1] is None else self._numbers[row[1]] for row in rows}


def agreement(giver: House, reader: House) -> str:
    terms, now = giver.terms[reader.number], giver.clock.now()
    if terms.suspended:
        return "peer-suspended"
    if terms.since is None or now < terms.since:
        return "not-yet"
    return "ended" if terms.until is not None and now >= terms.until else "in-force"


def onward(giver: House, bringer: House, reader: House) -> str:
    """Whose agreements with the giver let foreign objects go on."""
    lets = agreement(giver, bringer) == "in-force" and giver.terms[bringer.number].transit
    takes = giver.terms[reader.number].transit
    return {2: "both", 1: "one", 0: "neither"}[lets + takes]


@dataclass(slots=True)
class Judge:
    houses: Sequence[House]
    books: Sequence[Books]
    sent: Counter[tuple[int, int, str, str]] = field(default_factory=Counter)
    forbidden: list[str] = field(default_factory=list)

    def watch(self, giver: int, reader: int, body: bytes) -> None:
        """Bytes leave one house for another at this moment."""
        if not self.houses:
            return
        said = json.loads(body or b"{}")
        objects = [one for one in said.get("objects", ()) if "spec_version" in one]
        if not objects:
            return
        ids = {one["id"] for one in objects}
        ids |= {one["sighting_of_ref"] for one in objects if "sighting_of_ref" in one}
        held = self.books[giver].held(ids)
        for one in objects:
            version = one.get("modified", one.get("created", ""))
            self.sent[giver, reader, one["id"], version] += 1
            why = self.says(giver, reader, one, held)
            if why != "yes":
                at = self.houses[giver].clock.now()
                self.forbidden.append(
                    f"{at:%d %H:%M:%S} {giver}>{reader} {one['id']} {version}: {why}"
                )

    def says(
        self,
        giver: int,
        reader: int,
        said: Mapping[str, Any],
        held: Mapping[str, Sequence[Version]],
    ) -> str:
        """``yes``, or the cell of the table that speaks against it."""
        versions = held.get(said["id"], [])
        here = next((v for v in versions if v.said == said), None)
        if here is None:
            return "not as it is held"
        if said["type"] in ("identity", "marking-definition") and here.bringer is None:
            return (
                "yes" if agreement(self.houses[giver], self.houses[reader]) == "in-force" else "no"
            )
        cell = self._cell(giver, reader, here, versions, held)
        return "yes" if says(**cell) == "yes" else repr(cell)

    def _cell(
        self,
        giver: int,
        reader: int,
        here: Version,
        versions: Sequence[Version],
        held: Mapping[str, Sequence[Version]],
    ) -> dict[str, str]:
        house, other = self.houses[giver], self.houses[reader]
        newest = versions[-1]
        cell = {
            "recipient": "member",
            "tlp": max(here.tlp, newest.tlp, key=TLPS.index),
            "agreement": agreement(house, other),
            "ceiling": house.terms[reader].ceiling.value,
            "type": str(here.said["type"]),
            "origin": self._origin(other, here),
        }
        if here.bringer is not None and cell["origin"] == "foreign":
            cell["onward"] = onward(house, self.houses[here.bringer], other)
        if newest.is_revoked and (here.bringer is None or here is not newest):
            cell |= {"state": "recalled", "what": "id" if here is newest else "content"}
            if here is newest:
                del cell["ceiling"]  # a recall passes over marking and scope (rulings 16)
        else:
            stix_id = str(here.said["id"])
            goes_by_itself = here.said["type"] == "sighting" or newest.is_revoked
            is_released = goes_by_itself or stix_id in house.released
            cell["state"] = "released" if is_released else "draft"
        return cell | self._end(house, other, here, held)

    @staticmethod
    def _origin(other: House, here: Version) -> str:
        if here.bringer == other.number:
            return "echo"
        if here.said.get("created_by_ref") == other.identity:
            return "author"
        return "own" if here.bringer is None else "foreign"

    def _end(
        self, house: House, other: House, here: Version, held: Mapping[str, Sequence[Version]]
    ) -> dict[str, str]:
        """What our own sighting is of; whose it is may always read of it."""
        if here.said["type"] != "sighting" or here.bringer is not None:
            return {}
        end = held.get(here.said["sighting_of_ref"], [])
        if not end or end[-1].bringer is None:
            return {}
        brought_by = {version.bringer for version in end}
        if other.number in brought_by:
            return {}
        bringer = self.houses[end[-1].bringer]
        return {"end": "foreign", "onward": onward(house, bringer, other)}
