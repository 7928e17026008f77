"""Everything else that the gate decides by: objects and agreements that differ in one fact each, and in every pair of facts.

And what the oracle is asked of one object and one that asks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cirt.objects.codec import StixObject
from cirt.release.models import CollectionKind
from tests.support.covering import Row, covering, one_by_one, opened
from tests.support.store import numbered

# Of each the first is the open value; ``by`` is who brought it, and what became of that (see BRINGERS).
OBJECT = {
    "tlp": ("green", "none", "clear", "amber", "amber+strict", "red"),
    "by": ("us", "onward", "kept", "permits", "lapsed", "vouched", "signed", "too"),
    "iep": ("none", "nothing", "ask", "free", "not-begun", "over", "unnamed", "red"),
    "permission": ("none", "given", "run-out", "ended", "for-one", "too-low", "not-begun"),
    "shape": ("indicator", "relationship", "sighting", "report"),
    "end": ("none", "open", "red", "amber", "foreign"),
    "listed": ("no", "value", "above", "taken-off"),
    "personal": ("no", "yes", "cleared"),
    "disputed": ("no", "yes", "solved"),
    "sector": ("none", "energy", "finance"),
    "pap": ("none", "red", "amber"),
    "later": ("none", "red", "clear"),
    "part": ("none", "clear", "red"),
    "maker": ("open", "red"),
}
TERMS = {
    "level": ("mou", "tlp-ack", "mou+nda"),
    "ceiling": ("amber+strict", "clear", "green", "amber"),
    "ceiling_in": ("amber+strict", "clear"),
    "direction": ("both", "give", "take"),
    "types": ("all", "indicator", "malware"),
    "sectors": ("all", "energy", "health"),
    "personal_data": ("yes", "no"),
    "transit": ("yes", "no"),
    "default": ("amber+strict", "none", "green"),
    "purposes": ("none", "research"),
}
# How the agreement stands in the end, all of its terms being open.
STATES = ("none", "draft", "not-yet", "suspended", "ended", "expired", "peer-suspended")
BRINGERS = {  # whose objects: the peer that brought them
    "onward": "onward",  # its agreement lets them go on
    "kept": "kept",  # its agreement does not
    "permits": "permits",  # the same as onward, and a permission for all up to AMBER is on record
    "lapsed": "lapsed",  # its agreement did, and is suspended since
    "vouched": "onward",  # the console imported them too
    "signed": "onward",  # they name CHOSEN as their author
    "too": "onward",  # CHOSEN has sent them too
}
CHOSEN = "chosen"  # a reader: whom permissions for one name, whom "signed" objects name as author
CAME = "2025-03-01T10:00:00.000Z"  # the version that each came with
FIRST = 0x1000  # number of the first object
ENDS = {"open": 0x501, "red": 0x502, "amber": 0x503, "foreign": 0x504}
FROM = 0x500
RED_ENDS = (0x502, 0x601)
RED_MAKER = numbered("identity", RED_ENDS[1])
POLICIES: Mapping[str, tuple[int, dict[str, Any]]] = {
    "nothing": (0x701, {"permitted_actions": "none"}),
    "ask": (0x702, {"permitted_actions": "contact-for-instruction"}),
    "free": (0x703, {"permitted_actions": "externally-visible-direct-actions"}),
    "not-begun": (0x704, {"start_date": "2027-06-01T00:00:00.000Z"}),
    "over": (0x705, {"end_date": "2026-11-18T13:00:00.000Z"}),  # an hour after all begins
    "unnamed": (0x706, {"attribution": "must-not"}),
    "red": (0x707, {"tlp": "red"}),
}
PLACES = {
    "indicator": ("name", "description", "label", "reference", "pattern"),
    "relationship": ("description", "label", "reference"),
    "sighting": ("description", "label", "reference"),
    "report": ("name", "description", "label", "reference"),
}


def ends_of(kind: CollectionKind) -> dict[str, int]:
    """Numbers of those ends and makers that do not stand in the collection themselves."""
    found = ENDS | {"maker": 0x601}
    return {n: v for n, v in found.items() if n != "foreign" or kind is CollectionKind.PUBLISHED}


def can_be(row: Row) -> bool:
    """Whether such an object can come to be here at all."""
    is_own, is_red = row["by"] == "us", "red" in (row["tlp"], row["iep"], row["part"], row["later"])
    joins = row["shape"] != "indicator"
    return (
        (is_own or not is_red)  # RED of others is not taken
        and (is_own or (row["maker"], row["later"], row["part"]) == ("open", "none", "none"))
        and (is_own or row["end"] != "foreign")
        and (row["permission"] == "none" or row["by"] in ("onward", "kept"))
        and (joins == (row["end"] != "none"))
        and (not joins or (row["listed"], row["later"], row["part"]) == ("no", "none", "none"))
        and (row["later"] != "clear" or row["tlp"] not in ("none", "red"))
        and (row["part"] != "clear" or row["tlp"] not in ("none", "red"))
        and not (  # of RED neither is said here: it is not open to those who say it
            (row["personal"], row["disputed"]) != ("no", "no")
            and "red" in (row["tlp"], row["iep"], row["part"])
        )
    )


def object_rows() -> tuple[list[Row], list[Row]]:
    """Those that differ in one fact, and those that cover the pairs."""
    base = opened(OBJECT)
    single = one_by_one(OBJECT, can_be)
    single += [
        base | {"by": by, "tlp": "amber", "permission": permission}
        for by in ("onward", "kept")
        for permission in OBJECT["permission"]
    ]
    single += [
        base | {"by": by, "tlp": tlp} for by in ("permits", "vouched") for tlp in OBJECT["tlp"][:5]
    ]
    single += [
        base | {"by": by, "shape": shape, "end": end}
        for by in ("us", "onward")
        for shape in ("relationship", "sighting", "report")
        for end in OBJECT["end"][1:]
    ]
    return [row for row in single if can_be(row)], covering(OBJECT, can_be)


@dataclass(frozen=True, slots=True)
class Made:
    number: int
    facts: Row
    one: StixObject
    is_late: bool  # what can be said afterwards is said afterwards

    @property
    def places(self) -> tuple[str, ...]:
        return (*PLACES[self.facts["shape"]], "id")

    @property
    def named(self) -> tuple[str, ...]:
        """Of ends and makers that stay here, those whose ids are in its bytes."""
        maker = ("maker",) if self.facts["maker"] == "red" else ()
        return (self.facts["end"], *maker)

    @property
    def is_red(self) -> bool:
        return "red" in [self.facts[name] for name in ("tlp", "iep", "part", "later")]

    def word(self, place: str) -> str:
        return f"zq{self.number:04}{place}zq"


@dataclass(frozen=True, slots=True)
class Reader:
    """A peer by its terms and how its agreement stands; ``is_member`` of the one collection."""

    slug: str
    terms: Row
    state: str = "in-force"
    is_member: bool = True


def cell_for_peer(made: Made, reader: Reader, kind: CollectionKind) -> dict[str, str]:
    """What the oracle is asked of this object and that peer."""
    facts, terms = made.facts, reader.terms
    bringer = BRINGERS.get(facts["by"], "")
    is_shared = kind is CollectionKind.SHARED
    lets_go = {slug: slug not in ("kept", "lapsed") for slug in BRINGERS.values()}
    asked = {
        **_of_object(made),
        "recipient": "member" if reader.is_member else "non-member",
        "agreement": reader.state,
        "origin": _origin(facts["by"], reader.slug, is_shared=is_shared),
        "onward": _both(lets_go.get(bringer, True), terms["transit"] == "yes"),
        "permission": _permission(facts, reader),
        **{name: value for name, value in terms.items() if name != "transit"},
    }
    if facts["end"] == "foreign":  # brought by "kept", which knows it
        asked["end"] = "open" if reader.slug == "kept" else "posted" if is_shared else "foreign"
        asked["onward"] = "one"
    return asked


def cell_for_staff(made: Made, role: str, at: str) -> dict[str, str]:
    return {
        **_of_object(made),
        "recipient": role,
        "named": "yes" if role == "named" else "no",
        "at": at,
    }


def _of_object(made: Made) -> dict[str, str]:
    """As it is in the end: what was taken back is as if it had never been."""
    undone = {"cleared": "no", "taken-off": "no", "solved": "no"}
    names = ("tlp", "iep", "pap", "sector", "end", "maker", "later", "part")
    said = {name: made.facts[name] for name in names}
    for name in ("personal", "listed", "disputed"):
        said[name] = undone.get(made.facts[name], made.facts[name])
    return said | {"type": made.facts["shape"], "state": "released"}


def _origin(by: str, slug: str, *, is_shared: bool) -> str:
    if by == "us":
        return "own"
    if slug == BRINGERS[by]:
        return "back" if is_shared else "echo"
    if by == "vouched":
        return "vouched"
    if is_shared:
        return "posted"
    if slug == CHOSEN and by in ("signed", "too"):
        return "author" if by == "signed" else "echo"
    return "foreign"


def _both(one: bool, other: bool) -> str:
    return "both" if one and other else "one" if one or other else "neither"


def _permission(facts: Row, reader: Reader) -> str:
    if facts["by"] == "permits":
        return "too-low" if facts["tlp"] == "amber+strict" else "in-force"
    how = facts["permission"]
    if how == "for-one":
        return "in-force" if reader.slug == CHOSEN else "for-another"
    return "in-force" if how == "given" else how
