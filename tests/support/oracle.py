"""Who may have what, transcribed by hand from the sharing digest (section 5) and the rulings; it imports nothing of the product.

Each row of TABLE says ``yes``, ``may`` (allowed, and not owed) or ``no`` for the cells that it matches; ``*`` matches all, a
leading ``!`` all but those named. Each row of FACTS does the same and names only what it asks for: everything else that the
gate decides by, which stands open (OPEN) where a cell does not say otherwise. Of the rows that match a cell the strictest
holds: ``no``, then ``may``, then ``yes``; a cell that none matches is ``no``. A new dimension is a column of TABLE, or a name
with its open value in OPEN; a new rule is a row.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from itertools import product

TLPS = ("none", "clear", "green", "amber", "amber+strict", "red")
AGREEMENTS = ("none", "in-force", "suspended", "ended", "other-scope")
PEERS = ("member", "non-member")
STAFF = ("triage", "handler", "lead", "auditor", "named")
OUTSIDE = ("admin", "reporter", "public")
RECIPIENTS = (*PEERS, *STAFF, *OUTSIDE)
STATES = ("draft", "asked", "released", "recalled")
WHATS = ("content", "id")  # of an object; a bare revocation is its id

COLUMNS = ("thing", "tlp", "agreement", "recipient", "state", "what", "level", "says", "source")
DEFAULTS = {"level": "mou", "thing": "object", "agreement": "*", "state": "*", "what": "content"}
OPEN = {
    # of the object
    "origin": "own",  # vouched; foreign, posted (into a shared collection); echo, back (in a shared one); author
    "onward": "both",  # whose agreements let go on what peers bring: both, one, neither
    "permission": "none",
    "pap": "none",
    "iep": "none",
    "personal": "no",
    "listed": "no",
    "disputed": "no",
    "sector": "none",
    "type": "indicator",
    "end": "none",
    "maker": "open",
    "later": "none",  # marking of a newer version, which stays here
    "part": "none",  # a granular marking
    "named": "no",  # who asks is named on it
    # of the agreement, as they stand at the minute
    "ceiling": "amber+strict",
    "ceiling_in": "amber+strict",
    "direction": "both",
    "types": "all",
    "sectors": "all",
    "personal_data": "yes",
    "default": "amber+strict",
    "purposes": "none",
    # of the exit, and of a person who gets mail
    "at": "bulk",  # page: of the object alone
    "person": "named",
}

TABLE = """
# thing   | tlp          | agreement    | recipient                          | state        | what    | level   | says | source
# Our own objects to a peer with an MoU: row "own", columns "peer-cirt mou" and "mou+nda"; unmarked is AMBER.
object    | !red         | in-force     | member                             | released     | *       | !tlp-ack| yes  | digest 5, rulings 2
object    | clear,green  | in-force     | member                             | released     | *       | tlp-ack | yes  | digest 5, GREEN by two
object    | !red         | in-force     | member                             | recalled     | id      | !tlp-ack| yes  | rulings 16
object    | clear,green  | in-force     | member                             | recalled     | id      | tlp-ack | yes  | rulings 16
object    | !red         | other-scope  | member                             | recalled     | id      | !tlp-ack| yes  | rulings 16: over scope
object    | clear,green  | other-scope  | member                             | recalled     | id      | tlp-ack | yes  | rulings 16: over scope
*         | red          | *            | member,non-member                  | *            | *       | *       | no   | rulings 5
*         | *            | none,suspended,ended | member,non-member          | *            | *       | *       | no   | rulings 8
object    | *            | other-scope  | member                             | !recalled    | *       | *       | no   | rulings 7
*         | *            | *            | non-member                         | *            | *       | *       | no   | contract 6
object    | *            | *            | member                             | draft,asked  | *       | *       | no   | rulings 6
object    | *            | *            | member                             | recalled     | content | *       | no   | rulings 16
# Staff read up to AMBER+STRICT; of what is revoked the house keeps earlier versions, and need not show them.
object    | !red         | *            | triage,handler,lead,auditor,named  | *            | *       | *       | yes  | rulings 11
object    | *            | *            | triage,handler,lead,auditor,named  | recalled     | content | *       | may  | rulings 16
object    | red          | *            | triage,handler,lead,auditor        | *            | *       | *       | no   | rulings 5, 11
# Cases: the register is for staff, RED for the persons named on it.
case      | !red         | *            | triage,handler,lead,auditor,named  | *            | *       | *       | yes  | rulings 11
case      | red          | *            | named                              | *            | *       | *       | yes  | rulings 5
case      | red          | *            | triage,handler,lead,auditor        | *            | *       | *       | no   | rulings 5
# Nobody else: no exit of this program shows objects or cases to them.
*         | *            | *            | admin,reporter,public              | *            | *       | *       | no   | contract 5, rulings 11
"""

FACTS = """
# where | says | source
# What peers brought: rows "foreign" of the digest's table, and its section 6.
recipient=member origin=echo                                                        | no  | digest 6.2
recipient=member origin=author                                                      | no  | digest 6.2: the reader is its author
recipient=member origin=foreign onward=!both                                        | no  | digest 6.10
recipient=member origin=foreign tlp=none,amber,amber+strict permission=!in-force    | no  | digest 5: P
recipient=member origin=foreign,vouched disputed=yes                                | no  | digest 6.5
recipient=member origin=posted level=tlp-ack tlp=green                              | no  | digest 5: A, and nobody approved
# In a shared collection everybody reads back what they posted, whatever is held of it here.
recipient=member origin=back tlp=!red agreement=in-force direction=!take            | yes | rulings 9, 22
# Policies and PAP; PAP says what may be done, not who may have it.
recipient=member origin=!back iep=nothing,not-begun,over,unnamed                    | no  | digest 3
recipient=member origin=!own,back,posted iep=ask permission=!in-force               | no  | digest 3: its source is asked first; of ours that is us: A
recipient=member iep=red                                                            | no  | rulings 1, 5
recipient=triage,handler,lead,auditor iep=red                                       | no  | rulings 1, 5
recipient=named iep=red named=no                                                    | no  | rulings 1, 5
recipient=named iep=red at=bulk                                                     | no  | rulings 5
# Persons, and what stands on the do-not-share list.
recipient=member origin=!back personal=yes personal_data=no                         | no  | rulings 12, digest 7
recipient=member origin=!back listed=value,above                                    | no  | rulings 12
# Ids in the bytes: ends of relationships and sightings, what a report is about, who made it.
recipient=member origin=!back end=red                                               | no  | digest 5: both ends
recipient=member origin=!back end=amber ceiling=clear,green                         | no  | digest 5: both ends
recipient=member origin=!back end=amber level=tlp-ack                               | no  | digest 5: both ends
recipient=member origin=own end=foreign onward=!both                                | no  | rulings 9, digest 6.10
recipient=member origin=own end=foreign ceiling=clear                               | no  | rulings 9
recipient=member origin=own end=posted                                              | may | it left by its bringer's act, not by ours
recipient=member maker=red                                                          | no  | digest 5: ids disclose
recipient=triage,handler,lead,auditor,named end=red                                 | may | rulings 5: nor its id, to whom it does not name
recipient=triage,handler,lead,auditor,named maker=red                               | may | rulings 5
# The marking of a part, and of a newer version, governs.
recipient=member part=red                                                           | no  | rulings 1, 5
recipient=member later=red                                                          | no  | rulings 1, 5
recipient=triage,handler,lead,auditor part=red                                      | no  | rulings 1, 5
recipient=triage,handler,lead,auditor later=red                                     | no  | rulings 1, 5
recipient=named part=red named=no                                                   | no  | rulings 1, 5
recipient=named later=red named=no                                                  | no  | rulings 1, 5
recipient=named part=red at=bulk                                                    | no  | rulings 5
recipient=named later=red at=bulk                                                   | no  | rulings 5
recipient=named tlp=red thing=object named=no                                       | no  | rulings 5
recipient=named tlp=red thing=object at=bulk                                        | no  | rulings 5
recipient=named tlp=red thing=object named=yes at=page                              | yes | rulings 5
# What the agreement says beside its level; purposes and what it lets in decide nothing of what goes out.
recipient=member agreement=draft,not-yet,expired,peer-suspended                     | no  | rulings 8
recipient=member direction=take                                                     | no  | digest 7
recipient=member origin=!back ceiling=clear tlp=!clear                              | no  | digest 5
recipient=member origin=!back ceiling=green tlp=none,amber,amber+strict             | no  | digest 5
recipient=member origin=!back ceiling=amber tlp=amber+strict                        | no  | digest 5
recipient=member origin=!back types=indicator type=!indicator                       | no  | rulings 7
recipient=member origin=!back types=malware type=!malware                           | no  | rulings 7
recipient=member origin=!back sectors=energy sector=!energy                         | no  | rulings 7
recipient=member origin=!back sectors=health sector=!health                         | no  | rulings 7
recipient=member origin=!back tlp=none default=green,clear                          | no  | rulings 2
# RED to persons whom an agreement names, by encrypted mail.
recipient=person origin=own tlp=red level=mou+nda agreement=in-force                | yes | digest 5: named only, A
recipient=person tlp=red person=!named                                              | no  | rulings 5
recipient=person tlp=red iep=nothing,not-begun,over,unnamed                         | no  | digest 3
recipient=person tlp=red origin=!own iep=ask                                        | no  | digest 3
recipient=person tlp=red personal=yes personal_data=no                              | no  | rulings 12
recipient=person tlp=red listed=value,above                                         | no  | rulings 12
recipient=person tlp=red types=malware                                              | no  | rulings 7
recipient=person tlp=red sectors=!all                                               | no  | rulings 7
recipient=person tlp=red direction=take                                             | no  | digest 7
"""
_STRICTNESS = ("yes", "may", "no")


def _rows() -> Iterator[Mapping[str, str]]:
    for cells_of in _lines(TABLE):
        yield dict(zip(COLUMNS, cells_of, strict=True))
    for where, says_, source in _lines(FACTS):
        yield dict(each.split("=") for each in where.split()) | {"says": says_, "source": source}


def _lines(table: str) -> Iterator[list[str]]:
    for line in table.strip().splitlines():
        if not line.startswith("#"):
            yield [cell.strip() for cell in line.split("|")]


_ROWS = tuple(_rows())


def _matches(cell: str, value: str) -> bool:
    if value == "*" or cell == "*":
        return True
    named = cell.removeprefix("!").split(",")
    return (value in named) != cell.startswith("!")


def says(**cell: str) -> str:
    """``yes``, ``may`` or ``no`` for one cell; what is not said of it is as in DEFAULTS and OPEN."""
    return _says(tuple(sorted({**DEFAULTS, **OPEN, **cell}.items())))


@cache
def _says(cell: tuple[tuple[str, str], ...]) -> str:
    asked = dict(cell)
    found = [
        row["says"]
        for row in _ROWS
        if all(
            _matches(wanted, asked[name])
            for name, wanted in row.items()
            if name not in ("says", "source")
        )
    ]
    return max(found, key=_STRICTNESS.index, default="no")


def cells() -> Iterator[tuple[str, str, str, str]]:
    """TLP, agreement, recipient, state."""
    yield from product(TLPS, AGREEMENTS, RECIPIENTS, STATES)
