"""Drafts a part with a lower marking, and makes it when it is exactly what was shown."""

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from cirt.kernel.clock import from_us
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.objects import build, codec
from cirt.objects.codec import StixObject
from cirt.objects.definitions import pap_refs
from cirt.objects.store import put_many
from cirt.parties.peers import ourselves
from cirt.register.incidents import note_entry
from cirt.register.models import EntryKind, Incident
from cirt.register.sight import for_trail, get_incident
from cirt.release.parts.commands import PreparePart, Seed
from cirt.release.parts.errors import PartChanged, PartEmpty, PartHigh, WordShort
from cirt.release.parts.gathering import internal_in, strictest_around, words_of
from cirt.release.parts.originals import Original, originals
from cirt.release.parts.policies import carried_by
from cirt.release.parts.rules import Carried, Derived, Recipe, WhyNot, derive, typed_words
from cirt.release.parts.words import LEAST, Word, WordKind, normal, worth

_IDS = 20


@dataclass(frozen=True, slots=True)
class Item:
    """One chosen object with what would be made of it; ``link`` says of what it was made."""

    original: Original
    derived: Derived
    link: StixObject | None = None
    carried: Carried = Carried()  # noqa: RUF009 - a value


@dataclass(frozen=True, slots=True)
class Draft:
    """``digest`` is that of the exact bytes."""

    items: list[Item]
    words: list[Word]
    digest: str

    @property
    def made(self) -> list[StixObject]:
        return [each.derived.made for each in self.items if each.derived.made]

    @property
    def links(self) -> list[StixObject]:
        return [each.link for each in self.items if each.link]


def draft_part(work: Work, cmd: PreparePart, seed: Seed) -> Draft:
    """What would be made; nothing is kept.

    Raises:
        PartHigh, WordShort, NoSuchIncident, NoSuchRelease, NotAllowed.
    """
    work.require("indicator:write")
    chosen = [
        each for each in originals(work, cmd.incident, cmd.release) if each.stix_id in cmd.stix_ids
    ]
    strictest = max((each.tlp for each in chosen), default=Tlp.RED)
    if cmd.tlp >= strictest:
        raise PartHigh(tlp=strictest.label)
    words = _words(work, cmd, chosen)
    recipe = Recipe(
        cmd.tlp, ourselves(work.session).identity_id, from_us(seed.at_us), words, cmd.keep_text
    )
    kept = carried_by(work, chosen, cmd.tlp)
    items = [_item(each, recipe, seed, cmd, kept[each.stix_id]) for each in chosen]
    raw = b"\n".join(
        one.raw for each in items for one in (each.derived.made, each.link) if one is not None
    )
    return Draft(items, words, hashlib.sha256(raw).hexdigest())


def make_part(work: Work, cmd: PreparePart, seed: Seed, digest: str) -> list[str]:
    """Make what was shown: new objects of ours, in the house until they are released; their ids.

    Raises:
        PartChanged: it is not what was shown; PartEmpty; and as ``draft_part``.
    """
    draft = draft_part(work, cmd, seed)
    if not draft.made:
        raise PartEmpty
    if draft.digest != digest:
        raise PartChanged
    incident = get_incident(work, cmd.incident, lock=True) if cmd.incident else None
    _keep(work, draft)
    _tell(work, cmd, draft, incident)
    return [each.stix_id for each in (*draft.made, *draft.links)]


def _keep(work: Work, draft: Draft) -> None:
    """What was said of the original holds of the part, which names the same: whether it concerns a person."""
    for each in draft.items:
        pap_refs(work, each.carried.pap)
    for personal in (True, False):
        some = [
            each.derived.made
            for each in draft.items
            if each.derived.made and each.original.personal is personal
        ]
        put_many(work, some, origin_id=None, personal=personal)
    put_many(work, draft.links, origin_id=None)


def _words(work: Work, cmd: PreparePart, chosen: Sequence[Original]) -> list[Word]:
    typed = typed_words(cmd.words)
    short = next((each for each in typed if len(normal(each)) < LEAST), None)
    if short is not None:
        raise WordShort(word=short[:20])
    texts = [str(each.content.get(name, "")) for each in chosen for name in ("name", "description")]
    return worth(
        [
            *(Word(WordKind.TYPED, each) for each in typed),
            *words_of(work, [each.object_id for each in chosen], cmd.incident),
            *internal_in(texts),
        ]
    )


def _item(
    original: Original, recipe: Recipe, seed: Seed, cmd: PreparePart, carried: Carried
) -> Item:
    if original.revoked:
        return Item(original, Derived(None, why_not=WhyNot.REVOKED))
    if not original.is_ours:
        return Item(original, Derived(None, why_not=WhyNot.NOT_OURS))
    ids = [_new_id("indicator", seed, original.stix_id, number) for number in range(_IDS)]
    read = codec.read(original.raw)
    observables = [] if isinstance(read, codec.Refusal) else list(read.observables)
    derived = derive(original.content, observables, recipe, ids, carried)
    link = None
    if derived.made and cmd.derived_from and original.may_be_known(cmd.tlp):
        link = build.new_relationship(
            source=derived.made.stix_id,
            kind="derived-from",
            target=original.stix_id,
            creator=recipe.creator,
            at=recipe.at,
            tlp=cmd.tlp,
            marking_refs=carried.refs,
            stix_id=_new_id("relationship", seed, original.stix_id, 0),
        )
    return Item(original, derived, link, carried)


def _new_id(kind: str, seed: Seed, of: str, number: int) -> str:
    """Random for everybody who has not the seed, so that it does not lead to the original."""
    drawn = hashlib.sha256(f"{seed.secret} {of} {number}".encode()).digest()
    return f"{kind}--{uuid.UUID(bytes=drawn[:16], version=4)}"


def _tell(work: Work, cmd: PreparePart, draft: Draft, incident: Incident | None) -> None:
    strictest = max(each.original.tlp for each in draft.items)
    around = strictest_around(work, [each.original.object_id for each in draft.items])
    why = for_trail(max(strictest, around), cmd.reason)
    for one in draft.made:
        facts = {"tlp": cmd.tlp, "below": strictest, "from": cmd.incident or cmd.release}
        work.audit("part.make", one.stix_id, reason=why, **facts)
    if incident is not None:
        note_entry(
            work,
            incident.id,
            EntryKind.INDICATOR,
            count=len(draft.made),
            tlp=cmd.tlp.label,
            objects=[one.stix_id for one in draft.made],
            below=strictest,
            reason=cmd.reason,
        )
