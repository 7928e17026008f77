"""Who may have what, transcribed by hand from the sharing digest (section 5) and the rulings; it imports nothing of the product.

Each row of TABLE says ``yes``, ``may`` (allowed, and not owed) or ``no`` for the cells that it matches; ``*`` matches all, a
leading ``!`` all but those named. Of the rows that match a cell the strictest holds: ``no``, then ``may``, then ``yes``; a cell
that none matches is ``no``. A new dimension is a column and a default in DEFAULTS, a new rule is a row.
"""

from collections.abc import Iterator, Mapping
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
object    | red          | *            | triage,handler,lead,auditor,named  | *            | *       | *       | no   | rulings 5, 11
# Cases: the register is for staff, RED for the persons named on it.
case      | !red         | *            | triage,handler,lead,auditor,named  | *            | *       | *       | yes  | rulings 11
case      | red          | *            | named                              | *            | *       | *       | yes  | rulings 5
case      | red          | *            | triage,handler,lead,auditor        | *            | *       | *       | no   | rulings 5
# Nobody else: no exit of this program shows objects or cases to them.
*         | *            | *            | admin,reporter,public              | *            | *       | *       | no   | contract 5, rulings 11
"""
_STRICTNESS = ("yes", "may", "no")


def _rows() -> Iterator[Mapping[str, str]]:
    for line in TABLE.strip().splitlines():
        if not line.startswith("#"):
            cells = [cell.strip() for cell in line.split("|")]
            yield dict(zip(COLUMNS, cells, strict=True))


_ROWS = tuple(_rows())


def _matches(cell: str, value: str) -> bool:
    if value == "*" or cell == "*":
        return True
    named = cell.removeprefix("!").split(",")
    return (value in named) != cell.startswith("!")


def says(**cell: str) -> str:
    """``yes``, ``may`` or ``no`` for one cell; what is not said of it is as in DEFAULTS."""
    asked = {**DEFAULTS, **cell}
    found = [
        row["says"] for row in _ROWS if all(_matches(row[name], asked[name]) for name in asked)
    ]
    return max(found, key=_STRICTNESS.index, default="no")


def cells() -> Iterator[tuple[str, str, str, str]]:
    """TLP, agreement, recipient, state."""
    yield from product(TLPS, AGREEMENTS, RECIPIENTS, STATES)
