"""What must be true when the days are over; each answers with what is not."""

import json

import sqlalchemy as sa

from cirt.exchange.models import LinkDirection
from cirt.kernel.work import CONSOLE
from tests.support.simulated.days import Days
from tests.support.simulated.houses import House
from tests.support.simulated.judge import Version, agreement

_ACCOUNTS = sa.text("SELECT facts FROM audit_entry WHERE act = 'arrivals.take'")
_MOST_OF_ONE = (
    40  # times that one version goes from one house to another: each crash or doubt repeats a page
)


def lost(days: Days) -> list[str]:
    """Who may have the newest version of an object, and could get it, and has it not."""
    judge = days.judge
    held = [books.held() for books in judge.books]
    first = [books.bringers() for books in judge.books]
    found: list[str] = []
    ways = [_way(link) for link in days.links]
    for author in days.houses:
        for stix_id in sorted(author.released & author.lowest.keys()):
            newest = held[author.number][stix_id][-1]
            have: set[int] = {author.number}
            before: set[int] = set()
            while have != before:
                before = set(have)
                have |= {
                    to
                    for giver, to in ways
                    if giver in have
                    and _may_have(days, giver, to, stix_id, newest, held)
                    and _may_take(days, giver, to, author, stix_id, first, held)
                }
            for number in sorted(have):
                texts = [each.text for each in held[number].get(stix_id, [])]
                if newest.text not in texts:
                    found.append(f"house {number} lacks {stix_id} {newest.text}, has {texts}")
    return found


def _way(link: tuple[int, int, LinkDirection]) -> tuple[int, int]:
    """From whom to whom objects go on a link."""
    one, other, direction = link
    return (other, one) if direction is LinkDirection.PULL else (one, other)


def _may_have(
    days: Days,
    giver: int,
    to: int,
    stix_id: str,
    newest: Version,
    held: list[dict[str, list[Version]]],
) -> bool:
    """Both have agreed, and the table says yes. Of a revocation only those learn who had the object from there."""
    house, other = days.houses[giver], days.houses[to]
    if agreement(house, other) != "in-force" or agreement(other, house) != "in-force":
        return False
    here = next((v for v in held[giver].get(stix_id, []) if v.text == newest.text), None)
    if here is None:
        return False  # it is missed there already
    if newest.is_revoked:
        went = any(days.judge.sent[giver, to, stix_id, v.text] for v in held[giver][stix_id][:-1])
        if not went or stix_id not in held[to]:
            return False
    return days.judge.says(giver, to, here.said, held[giver]) == "yes"


def _may_take(
    days: Days,
    giver: int,
    to: int,
    author: House,
    stix_id: str,
    first: list[dict[str, int | None]],
    held: list[dict[str, list[Version]]],
) -> bool:
    """The first bringer and the author bring versions, nobody else."""
    if to == author.number:
        return False
    return stix_id not in held[to] or giver in (first[to][stix_id], author.number)


def doubled(days: Days) -> list[str]:
    """What was counted as new more than once, or is held with other bytes than its author's."""
    found = []
    by_author = [
        books.held(sorted(h.lowest)) for books, h in zip(days.judge.books, days.houses, strict=True)
    ]
    true = {
        (i, v.text): v.body for held in by_author for i, versions in held.items() for v in versions
    }
    for house, books in zip(days.houses, days.judge.books, strict=True):
        held = books.held()
        foreign = [
            (i, v) for i, versions in held.items() for v in versions if v.bringer is not None
        ]
        with house.program.work(CONSOLE, write=False) as work:
            accounts = [json.loads(one) for one in work.session.scalars(_ACCOUNTS)]
        taken = sum(one.get("taken", 0) for one in accounts)
        if taken != len(foreign):
            found.append(f"house {house.number} took {taken} and holds {len(foreign)}")
        found += [
            f"house {house.number} holds {i} {v.text} with other bytes"
            for i, v in foreign
            if true.get((i, v.text), v.body) != v.body
        ]
    return found


def echoed(days: Days) -> list[str]:
    """What a house made itself and holds as brought by another."""
    return [
        f"house {house.number} got {stix_id} {version.text} back as new"
        for house, books in zip(days.houses, days.judge.books, strict=True)
        for stix_id, versions in books.held(sorted(house.lowest)).items()
        for version in versions
        if version.bringer is not None
    ]


def too_much(days: Days) -> list[str]:
    """What went over one way again and again."""
    return [f"{key}: {n} times" for key, n in days.judge.sent.items() if n > _MOST_OF_ONE]


def restless(days: Days) -> list[str]:
    """What still goes to and fro when everybody has everything."""
    before = days.judge.sent.copy()
    for _ in range(3):
        days.round()
    return [f"{key}: {n} more" for key, n in (days.judge.sent - before).items()]
