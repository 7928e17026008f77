"""Puts objects, peers and agreements into a database for tests."""

from datetime import timedelta
from typing import Any

from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.objects.checking.refusal import Refusal
from cirt.objects.codec import StixObject, read
from cirt.objects.markings import IEP_EXTENSION, TLP2_REFS
from cirt.objects.store import Stored, put_many
from cirt.parties.models import Peer
from cirt.sharing.models import Agreement, AgreementState, Direction, Level
from tests.support.stix import an_indicator, an_object


def taken(raw: bytes) -> StixObject:
    """Read an object that must be good."""
    found = read(raw)
    assert not isinstance(found, Refusal), str(found)
    return found


def numbered(kind: str, number: int) -> str:
    """A STIX id that is the same in every run."""
    return f"{kind}--{number:08x}-0000-4000-8000-000000000000"


def marked(tlp: Tlp | None) -> list[str] | None:
    return None if tlp is None else [TLP2_REFS[tlp]]


def indicator(number: int = 1, *, tlp: Tlp | None = None, day: int = 1, **more: Any) -> StixObject:
    """Indicator ``number`` in its version of that day; unmarked unless a level is given."""
    return taken(
        an_indicator(
            **{
                "id": numbered("indicator", number),
                "pattern": f"[ipv4-addr:value = '198.51.{number // 256 % 256}.{number % 256}']",
                "modified": f"2025-03-{day:02}T10:00:00.000Z",
                "object_marking_refs": marked(tlp),
                **more,
            }
        )
    )


def relationship(
    source: str, target: str, number: int = 1, *, tlp: Tlp | None = Tlp.CLEAR, **more: Any
) -> StixObject:
    return taken(
        an_object(
            "relationship",
            **{
                "id": numbered("relationship", number),
                "relationship_type": "related-to",
                "source_ref": source,
                "target_ref": target,
                "object_marking_refs": marked(tlp),
                **more,
            },
        )
    )


def a_peer(work: Work, slug: str = "cert-b", identity: str | None = None) -> Peer:
    peer = Peer(
        slug=slug,
        name=slug.upper(),
        country="BB",
        identity_id=identity,
        created_at=work.now,
    )
    work.session.add(peer)
    work.session.flush()
    return peer


def an_agreement(work: Work, peer: Peer, **terms: Any) -> Agreement:
    """In force since yesterday, MoU, ceiling AMBER, both directions, unless said otherwise."""
    values: dict[str, Any] = {
        "reference": f"MOU-2026-{peer.id:04}",
        "state": AgreementState.IN_FORCE,
        "level": Level.MOU,
        "ceiling": Tlp.AMBER,
        "default_tlp": None,
        "direction": Direction.BOTH,
        "valid_from": work.now - timedelta(days=1),
        "valid_until": None,
        "types": [],
        "sectors": [],
        "created_at": work.now,
        **terms,
    }
    agreement = Agreement(peer_id=peer.id, version=1, **values)
    work.session.add(agreement)
    work.session.flush()
    return agreement


def put(
    work: Work,
    *objects: StixObject,
    origin: Peer | None = None,
    default_tlp: Tlp | None = None,
    sector: str | None = None,
) -> list[Stored]:
    origin_id = origin.id if origin else None
    return put_many(work, objects, origin_id=origin_id, default_tlp=default_tlp, sector=sector)


def a_policy(number: int, **iep: Any) -> StixObject:
    """A marking that says an IEP."""
    said = {"extension_type": "property-extension", "iep_version": "2.0", **iep}
    return taken(
        an_object(
            "marking-definition",
            id=numbered("marking-definition", number),
            name="A policy",
            modified=None,
            extensions={IEP_EXTENSION: said},
        )
    )
