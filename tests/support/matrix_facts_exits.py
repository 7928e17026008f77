"""What each exit says of the objects of the matrix of facts."""

from collections.abc import Iterator

from tests.support.matrix import (
    Told,
    page_of,
    saved,
    taxii,
)
from tests.support.matrix_facts import Made, Reader
from tests.support.matrix_facts_world import Facts

_CSV = frozenset({"name", "description", "label", "pattern", "id"})
_LISTED = frozenset({"indicators alone"})  # relationships and the like have no place in it
_MISP = frozenset({"name", "pattern", "id"}) | _LISTED
_WHOLE = _CSV | {"reference"}
_NOTHING = frozenset[str]()
FORMS = (("stix", _WHOLE), ("csv", _CSV), ("misp", _MISP))


def told_to_reader(world: Facts, reader: Reader, *, deep: bool) -> Iterator[Told]:
    """What asks for many at once; ``deep`` asks for every kind of file as well."""
    for path, carries in (
        ("", _NOTHING),
        ("collections/", _NOTHING),
        ("collections/wide/", _NOTHING),
        ("collections/wide/objects/", _WHOLE),
        ("collections/wide/objects/?match[version]=all&match[spec_version]=2.1", _WHOLE),
        ("collections/wide/manifest/", frozenset({"id"})),
    ):
        status, text = taxii(world, reader.slug, path)
        yield Told(f"taxii {path or 'api root'}", status, text, carries)
    yield Told("taxii objects in small pages", 200, _pages(world, reader.slug), _WHOLE)
    yield Told("as this peer sees it", 200, _as_seen(world, reader.slug), frozenset({"name or id"}))
    for form, carries in FORMS if deep else FORMS[:1]:
        status, text = saved(world, "lead", "collection", "wide", form, reader.slug)
        yield Told(f"export collection {form} as for a peer", status, text, carries)
        if deep:
            status, text = saved(world, "lead", "indicators", "", form, reader.slug)
            yield Told(f"export indicators {form} as for a peer", status, text, carries | _LISTED)


def _pages(world: Facts, slug: str, limit: int = 17) -> str:
    """Page after page, until there is no more."""
    found, after = "", ""
    while True:
        path = f"collections/wide/objects/?limit={limit}{after}"
        status, text = taxii(world, slug, path)
        found += text
        _, is_more, rest = text.partition('"next":"')
        if status != 200 or not is_more:
            return found
        after = f"&next={rest.partition(chr(34))[0]}"


def _as_seen(world: Facts, slug: str) -> str:
    """The pages that show a lead what this peer could fetch."""
    visitor, found = world.visitors["lead"], ""
    path = f"/peers/{slug}/view"
    found += page_of(visitor, path).text
    path += "/wide"
    while path:
        text = page_of(visitor, path).text
        found += text
        _, is_more, rest = text.partition(f'href="/peers/{slug}/view/wide?after=')
        path = f"/peers/{slug}/view/wide?after={rest.partition(chr(34))[0]}" if is_more else ""
    return found


def told_of_one_to_reader(world: Facts, reader: Reader, made: Made) -> Iterator[Told]:
    for path, carries in (("", _WHOLE), ("versions/", _NOTHING)):
        address = f"collections/wide/objects/{made.one.stix_id}/{path}"
        status, text = taxii(world, reader.slug, address)
        yield Told(f"taxii objects/<id>/{path}", status, text, carries)


def told_to_role(world: Facts, role: str) -> Iterator[Told]:
    for path in (
        f"/release/{world.reference}",
        f"/release/{world.reference}/print",
        "/indicators",
        "/indicators?words=zq",
        "/indicators?source=other",
        "/peers",
        "/sync",
    ):
        yield page_of(world.visitors[role], path)
    for form, carries in FORMS:
        status, text = saved(world, role, "indicators", "", form, "")
        yield Told(f"export indicators {form}", status, text, carries | _LISTED)


def told_of_one_to_role(world: Facts, role: str, made: Made) -> Iterator[Told]:
    is_indicator = made.facts["shape"] == "indicator"
    page = page_of(world.visitors[role], f"/indicators/{made.one.stix_id}")
    shown = frozenset({"name", "description", "pattern"}) if is_indicator else _NOTHING
    yield Told("/indicators/<id>", page.status, page.text, shown)
    page = page_of(world.visitors[role], f"/indicators/{made.one.stix_id}/who-may")
    yield Told("/indicators/<id>/who-may", page.status, page.text, _NOTHING)


def told_to_strangers(world: Facts) -> Iterator[Told]:
    paths = ("/", "/report", "/indicators", "/exports", "/indicators?words=zq", "/taxii2/national/")
    for path in (*paths, "/taxii2/national/collections/wide/objects/"):
        yield page_of(world.visitors["public"], path)
