"""Peers, how we reach them, and the account with which each reaches us."""

import hashlib
import hmac
import re
import threading
from dataclasses import KW_ONLY, dataclass, field
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.exchange_keys import PublicKeys
from cirt.kernel.keys import Keys
from cirt.kernel.prepared import Prepared
from cirt.kernel.work import Work
from cirt.parties.certificates import CertificateAlone, check_authorities, check_client, shown
from cirt.parties.errors import (
    CountryWrong,
    ExchangeKeyTaken,
    IdentityWrong,
    NameTaken,
    NoSuchPeer,
    PeerExists,
    SlugWrong,
)
from cirt.parties.models import Ourselves, Peer, PeerCredential, PeerState, SightingsBack
from cirt.parties.passwords import hash_password, one_time_password, verify

PASSWORD_SEAL = "peer-password"  # noqa: S105 - what the seal is for
CLIENT_KEY_SEAL = "peer-client-key"
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,38}[a-z0-9]\Z")
_REMEMBERED = 1000  # far more than there are peers
_IDENTITY = re.compile(r"identity--[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")


@dataclass(frozen=True, slots=True)
class PeerFacts:
    """What may be said of a peer; None leaves it as it is. The PEM is taken away by an empty text."""

    name: str | None = None
    country: str | None = None
    _: KW_ONLY
    identity: str | None = None
    discovery_url: str | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    exchange_key: str | None = None
    ca_pem: str | None = None  # of its server, instead of the public authorities
    client_cert_pem: str | None = None
    client_key_pem: str | None = field(default=None, repr=False)


def add_peer(work: Work, keys: Keys, slug: str, facts: PeerFacts) -> Peer:
    """
    Raises:
        PeerExists, SlugWrong, CountryWrong, IdentityWrong, ExchangeKeyWrong, NotAllowed.
        CertificateWrong, CertificateAlone, CertificateExpired, ClientKeyWrong, ClientKeyOther.
    """
    work.require("peer:write")
    if not _SLUG.match(slug) or slug == "status":  # the word that `cirt sync` keeps for itself
        raise SlugWrong(slug=slug[:60])
    if _peer(work.session, slug) is not None:
        raise PeerExists(slug=slug)
    peer = Peer(slug=slug, name=slug, country="", created_at=work.now)
    _apply(peer, keys, facts, work.now)
    work.session.add(peer)
    work.session.flush()
    work.audit("peer.add", slug, name=peer.name, country=peer.country)
    return peer


def set_peer(work: Work, keys: Keys, slug: str, facts: PeerFacts) -> Peer:
    """
    Raises:
        NoSuchPeer, CountryWrong, IdentityWrong, ExchangeKeyWrong, ExchangeKeyTaken, NotAllowed.
    """
    work.require("peer:write")
    peer = find_peer(work.session, slug)
    _apply(peer, keys, facts, work.now)
    _check_key(work.session, peer)
    own = shown(peer.client_cert_pem).subject if peer.client_cert_pem else None
    work.audit(
        "peer.set",
        slug,
        name=peer.name,
        url=peer.discovery_url,
        own_authority=peer.ca_pem is not None,
        exchange_key=exchange_fingerprint(peer),
        client_certificate=own,
    )
    return peer


def _check_key(session: Session, peer: Peer) -> None:
    if peer.exchange_key is None:
        return
    query = sa.select(Peer.slug).where(Peer.exchange_key == peer.exchange_key, Peer.id != peer.id)
    holder = session.scalars(query).first()
    if holder is not None:
        raise ExchangeKeyTaken(slug=holder)


def exchange_fingerprint(peer: Peer) -> str | None:
    """Of the key with which it signs files; None where none is recorded."""
    return PublicKeys.parse(peer.exchange_key).fingerprint if peer.exchange_key else None


def suspend_peer(work: Work, slug: str) -> None:
    """As if there were no agreement; its links rest."""
    _change_state(work, slug, PeerState.SUSPENDED, "peer.suspend")


def resume_peer(work: Work, slug: str) -> None:
    _change_state(work, slug, PeerState.ACTIVE, "peer.resume")


def set_sightings(work: Work, slug: str, back: SightingsBack) -> None:
    """What goes back to it of what we see of its objects.

    Raises:
        NoSuchPeer, NotAllowed.
    """
    work.require("peer:write")
    find_peer(work.session, slug).sightings = back
    work.audit("peer.sightings", slug, back=back.value)


def _change_state(work: Work, slug: str, state: PeerState, act: str) -> None:
    work.require("peer:write")
    find_peer(work.session, slug).state = state
    work.audit(act, slug)


def check_country(country: str) -> str:
    """Two letters, in capitals.

    Raises:
        CountryWrong.
    """
    if not re.match(r"[A-Za-z]{2}\Z", country):
        raise CountryWrong(country=country[:20])
    return country.upper()


def _apply(peer: Peer, keys: Keys, facts: PeerFacts, now: datetime) -> None:
    if facts.name is not None:
        peer.name = facts.name.strip() or peer.slug
    if facts.country is not None:
        peer.country = check_country(facts.country)
    if facts.identity is not None:
        if not _IDENTITY.match(facts.identity):
            raise IdentityWrong(identity=facts.identity[:80])
        peer.identity_id = facts.identity
    if facts.discovery_url is not None:
        peer.discovery_url = facts.discovery_url
    if facts.username is not None:
        peer.username = facts.username
    if facts.password is not None:
        peer.sealed_password = keys.seal(PASSWORD_SEAL, facts.password)
    if facts.exchange_key is not None:
        peer.exchange_key = PublicKeys.parse(facts.exchange_key).text
    _apply_certificates(peer, keys, facts, now)


def _apply_certificates(peer: Peer, keys: Keys, facts: PeerFacts, now: datetime) -> None:
    if facts.ca_pem:
        check_authorities(facts.ca_pem, now)
    if facts.ca_pem is not None:
        peer.ca_pem = facts.ca_pem or None
    certificate, key = facts.client_cert_pem, facts.client_key_pem
    if bool(certificate) != bool(key):
        raise CertificateAlone
    if certificate and key:
        check_client(certificate, key, now)
    if certificate is not None:
        peer.client_cert_pem = certificate or None
        peer.sealed_client_key = keys.seal(CLIENT_KEY_SEAL, key) if key else None


def set_credentials(
    work: Work, slug: str, username: str | None = None, password: str | None = None
) -> tuple[str, str | None]:
    """Make or replace the account with which a peer reaches us: (name, password to show once or None).

    Raises:
        NoSuchPeer, NameTaken, PasswordTooShort, NotAllowed.
    """
    work.require("peer:write")
    peer = find_peer(work.session, slug)
    username = username or slug
    holder = work.session.scalars(
        sa.select(PeerCredential.peer_id).where(PeerCredential.username == username)
    ).one_or_none()
    if holder not in (None, peer.id):
        raise NameTaken(username=username)
    made = None if password else one_time_password()
    credential = work.session.get(PeerCredential, peer.id) or PeerCredential(peer_id=peer.id)
    credential.username = username
    credential.password_hash = hash_password(password or made or "")
    credential.changed_at = work.now
    work.session.add(credential)
    work.session.flush()
    work.audit("peer.credentials", slug, username=username)
    return username, made


class Credential(NamedTuple):
    """The account with which a peer signs in, as it stands."""

    peer_id: int
    password_hash: str
    changed_at: datetime


class CredentialCheck:
    """Basic sign-in of peers. A verified pair is remembered, keyed by a digest that dies with the credential."""

    def __init__(self, keys: Keys) -> None:
        self._key = keys.derive("basic-cache")
        self._good: set[bytes] = set()
        self._lock = threading.Lock()

    def verify(self, found: Credential | None, password: str) -> bool:
        """Whether it is this account's password; without an account it takes as long and is not."""
        if found is None:
            verify(None, password)
            return False
        if self.remembers(found, password):
            return True
        if not verify(found.password_hash, password):
            return False
        with self._lock:
            if len(self._good) > _REMEMBERED:
                self._good.clear()
            self._good.add(self._digest(found, password))
        return True

    def remembers(self, found: Credential | None, password: str) -> bool:
        """Whether that has been verified here; takes no hash."""
        return found is not None and self._digest(found, password) in self._good

    def _digest(self, found: Credential, password: str) -> bytes:
        said = f"{found.peer_id}\0{found.password_hash}\0{found.changed_at}\0{password}"
        return hmac.digest(self._key, said.encode(), hashlib.sha256)


def find_peer(session: Session, slug: str) -> Peer:
    """
    Raises:
        NoSuchPeer.
    """
    peer = _peer(session, slug)
    if peer is None:
        raise NoSuchPeer(slug=slug[:60])
    return peer


def peers(session: Session) -> list[Peer]:
    return list(session.scalars(sa.select(Peer).order_by(Peer.name)))


def is_founded(session: Session) -> bool:
    """Whether ``cirt init`` has been here."""
    return session.get(Ourselves, 1) is not None


_NAME = Prepared(sa.select(Ourselves.name))


def our_name(work: Work) -> str:
    """Of the CIRT that this installation serves; asked at each request."""
    return str(_NAME.rows(work.connection, {})[0].name)


def ourselves(session: Session) -> Ourselves:
    """The CIRT that this installation serves; ``cirt init`` made it."""
    return session.get_one(Ourselves, 1)


def _peer(session: Session, slug: str) -> Peer | None:
    return session.scalars(sa.select(Peer).where(Peer.slug == slug)).one_or_none()
