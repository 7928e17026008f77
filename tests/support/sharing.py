"""Builders for the gate's rules: facts, terms and readers, each good as it stands."""

from datetime import UTC, datetime, timedelta
from typing import Any

from cirt.kernel.tlp import Tlp
from cirt.sharing.facts import Consent, Facts, Grant, NamedReader, PeerReader, Permit, Terms
from cirt.sharing.models import AgreementState, Direction, Level

NOW = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
B, C = 2, 3  # ids of two peers


def facts(tlp: Tlp = Tlp.GREEN, **more: Any) -> Facts:
    """Our own indicator, marked, unless said otherwise."""
    return Facts(**{"type": "indicator", "tlp": tlp, "written_tlp": tlp, **more})


def unmarked(tlp: Tlp, **more: Any) -> Facts:
    return facts(tlp, written_tlp=None, **more)


def terms(**more: Any) -> Terms:
    """An MoU in force in both directions, up to AMBER+STRICT."""
    values: dict[str, Any] = {
        "reference": "MOU-2026-0001",
        "version": 1,
        "state": AgreementState.IN_FORCE,
        "level": Level.MOU,
        "ceiling": Tlp.AMBER_STRICT,
        "default_tlp": None,
        "direction": Direction.BOTH,
        "valid_from": NOW - timedelta(days=30),
        "valid_until": None,
        **more,
    }
    return Terms(**values)


def peer(under: Terms | None = None, **more: Any) -> PeerReader:
    values: dict[str, Any] = {
        "peer_id": B,
        "slug": "cert-b",
        "name": "CERT-B",
        "identity_id": "identity--b",
        "suspended": False,
        "terms": under or terms(),
        **more,
    }
    return PeerReader(**values)


def lets_on(*peer_ids: int, permits: tuple[Permit, ...] = ()) -> Consent:
    """Agreements in force let go on what these bring."""
    return Consent(permits, tuple(Grant(each, NOW - timedelta(days=1), None) for each in peer_ids))


def a_permit(**more: Any) -> Permit:
    """C lets go on all that it brings, up to AMBER+STRICT, to every peer, since yesterday."""
    values: dict[str, Any] = {
        "id": 1,
        "origin_id": C,
        "up_to": Tlp.AMBER_STRICT,
        "reader_id": None,
        "given_at": NOW - timedelta(days=1),
        "until": None,
        **more,
    }
    return Permit(**values)


def named(under: Terms | None = None, **more: Any) -> NamedReader:
    """Mei of CERT-B, named in an MoU with NDA, with a key."""
    values: dict[str, Any] = {
        "person_id": 1,
        "name": "Mei",
        "email": "mei@cert-b.example",
        "peer": peer(under or terms(level=Level.MOU_NDA)),
        "named_in": "MOU-2026-0001",
        "key": "A" * 40,
        **more,
    }
    return NamedReader(**values)
