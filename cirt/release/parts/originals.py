"""The objects of an incident or of a release, as far as the actor may read them."""

from dataclasses import dataclass, field
from typing import Any

import orjson
import sqlalchemy as sa

from cirt.kernel.among import among
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.objects.models import ObjectFacts, ObjectVersion, StixObject
from cirt.objects.policies import Pap
from cirt.parties.peers import ourselves
from cirt.register.queries import indicators_of
from cirt.release.models import ProposalObject
from cirt.release.requests import get_proposal
from cirt.sharing.gate import release
from cirt.sharing.queries import staff_reader

_MOST = 200


@dataclass(frozen=True, slots=True)
class Original:
    stix_id: str
    object_id: int
    tlp: Tlp
    is_ours: bool
    revoked: bool
    personal: bool
    pap: Pap | None  # of all its markings; None: nothing said
    raw: bytes = field(repr=False)

    @property
    def content(self) -> dict[str, Any]:
        found: dict[str, Any] = orjson.loads(self.raw)
        return found

    @property
    def name(self) -> str:
        return str(self.content.get("name") or self.stix_id)

    def may_be_known(self, tlp: Tlp) -> bool:
        """To whom a part so marked may go: only then may the part say of what it was made."""
        return self.is_ours and not self.revoked and self.tlp <= tlp


def originals(work: Work, incident: str | None, reference: str | None) -> list[Original]:
    """In the order in which they were made or asked for; the newest version of each.

    Raises:
        NoSuchIncident, NoSuchRelease.
    """
    work.require("content:read")
    if incident:
        ids = [row.object_id for row in indicators_of(work, incident)]
    else:
        proposal = get_proposal(work.session, reference or "")
        named = sa.select(ProposalObject.object_id).where(ProposalObject.proposal_id == proposal.id)
        ids = list(work.session.scalars(named.order_by(ProposalObject.object_id)))
    return _read(work, ids[:_MOST])


def _read(work: Work, object_ids: list[int]) -> list[Original]:
    query = (
        sa.select(
            StixObject.id,
            StixObject.stix_id,
            StixObject.revoked,
            StixObject.newest_id,
            ObjectFacts.tlp,
            ObjectFacts.origin_id,
            ObjectFacts.creator,
            ObjectFacts.personal,
            ObjectFacts.pap,
        )
        .join(ObjectVersion, ObjectVersion.id == StixObject.newest_id)
        .join(ObjectFacts, ObjectFacts.id == ObjectVersion.facts_id)
        .where(among(StixObject.id, object_ids))
    )
    rows = {row.id: row for row in work.session.execute(query)}
    version_ids = [row.newest_id for row in rows.values()]
    released = release(work, staff_reader(work.actor), None, version_ids) if rows else []
    bodies = {each.version_id: each.body for each in released}
    us = ourselves(work.session).identity_id
    return [
        Original(
            row.stix_id,
            row.id,
            row.tlp,
            row.origin_id is None and row.creator == us,
            row.revoked,
            row.personal,
            row.pap,
            bodies[row.newest_id],
        )
        for row in (rows[each] for each in dict.fromkeys(object_ids) if each in rows)
        if row.newest_id in bodies
    ]
