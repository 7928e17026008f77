"""The report on one agreement and one period, put together."""

from dataclasses import dataclass

import sqlalchemy as sa

from cirt.figures.agreements.delays import Delay, delays
from cirt.figures.agreements.flows import Flow, given, received, revocations
from cirt.figures.agreements.refusals import Refusal, refusals
from cirt.figures.agreements.scope import scope_of
from cirt.figures.periods import Period
from cirt.kernel.text import mark
from cirt.kernel.work import Work
from cirt.parties.models import Peer
from cirt.release.holdings.of_peer import is_behind
from cirt.sharing.case import terms_rule
from cirt.sharing.facts import Terms
from cirt.sharing.models import AgreementVersion
from cirt.sharing.queries import find_agreement, peer_reader, terms_of

NOT_MEASURED = (
    mark(
        "How fast letters and requests between us are answered: they are not kept with a time of answer."
    ),
    mark("What they fetched of manifests alone: a manifest holds no objects."),
    mark(
        "What went to named persons as TLP:RED: even its number is for those who are named on it."
    ),
)


@dataclass(frozen=True, slots=True)
class AgreementReport:
    reference: str
    peer: str
    slug: str
    terms: Terms
    standing: str | None  # the rule that keeps it from being in force today
    versions: int  # made in the period
    period: Period
    given: Flow
    received: Flow
    revocations: int  # that they fetched
    delays: list[Delay]
    refusals: list[Refusal]
    is_behind: bool  # pages that it was answered last are not counted yet

    @property
    def balance(self) -> float | None:
        """Objects received for each one given; None where nothing was given."""
        return self.received.objects / self.given.objects if self.given.objects else None


def agreement_report(work: Work, reference: str, period: Period) -> AgreementReport:
    """
    Raises:
        NoSuchAgreement, NotAllowed.
    """
    work.require("agreement:report")
    session = work.session
    found = find_agreement(session, reference)
    scope = scope_of(session, found, period)
    peer = session.get_one(Peer, found.peer_id)
    terms = terms_of(found)
    is_suspended = peer_reader(session, peer.id, work.now).suspended
    made = sa.select(sa.func.count()).where(
        AgreementVersion.agreement_id == found.id, *scope.in_period(AgreementVersion.made_at)
    )
    return AgreementReport(
        reference=found.reference,
        peer=peer.name,
        slug=peer.slug,
        terms=terms,
        standing="peer-suspended" if is_suspended else terms_rule(terms, work.now),
        versions=session.scalar(made) or 0,
        period=period,
        given=given(session, scope),
        received=received(session, scope),
        revocations=revocations(session, scope),
        delays=delays(session, scope),
        refusals=refusals(session, scope),
        is_behind=period.until > work.now and is_behind(session, peer.id),
    )
