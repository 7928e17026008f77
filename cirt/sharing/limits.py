"""Rules that only ever narrow: the do-not-share list, policies of sources, transit, personal data. Pure."""

from collections.abc import Iterator
from datetime import datetime

from cirt.kernel.clock import to_us
from cirt.objects.policies import Action
from cirt.sharing.case import Case, PeerRule
from cirt.sharing.facts import Facts


def transit(case: Case) -> str | None:
    """A peer's object goes on only where its bringer's agreement and the reader's both allow it (digest, section 6)."""
    facts, terms = case.facts, case.reader.terms
    if facts.is_own or facts.companion or case.is_posted_here or facts.origin_id is None:
        return None
    both = terms is not None and terms.transit
    return None if both and case.consent.passes_on(facts.origin_id, case.now) else "transit"


def source_unnamed(case: Case) -> str | None:
    """What names its maker is not passed on where whoever brought it is not to be named (digest, sections 3 and 7)."""
    facts = case.facts
    if facts.is_own or facts.companion or case.is_posted_here or facts.origin_id is None:
        return None
    is_named = facts.creator is not None
    return (
        "source-unnamed"
        if is_named and not case.consent.may_name(facts.origin_id, case.now)
        else None
    )


def do_not_share(case: Case) -> str | None:
    return "do-not-share" if case.facts.withheld else None


def personal_agreed(case: Case) -> str | None:
    terms = case.reader.terms
    is_agreed = terms is not None and terms.personal_data
    return "personal-not-agreed" if case.facts.personal and not is_agreed else None


def personal_two(case: Case) -> str | None:
    """What a peer posts it answers for itself: no approval of ours stands behind it."""
    return "personal-two" if case.facts.personal and not case.is_posted_here else None


def policy_period(facts: Facts, now: datetime) -> str | None:
    """Whether its policy has begun and not ended."""
    iep, now_us = facts.iep, to_us(now)
    if iep.start_us is not None and now_us < iep.start_us:
        return "iep-not-begun"
    return "iep-ended" if iep.end_us is not None and now_us >= iep.end_us else None


def policy_unnamed(facts: Facts) -> str | None:
    return "iep-unnamed" if facts.iep.unnamed else None


def policy_actions(facts: Facts) -> str | None:
    return _ACTIONS.get(facts.iep.actions) if facts.iep.actions else None


_ACTIONS = {Action.NONE: "iep-nothing", Action.ASK: "iep-ask"}


def _period(case: Case) -> str | None:
    return policy_period(case.facts, case.now)


def _unnamed(case: Case) -> str | None:
    return policy_unnamed(case.facts)


def _actions(case: Case) -> str | None:
    """A recorded permission is the asking (rulings 12). Of what is ours we are the source, so two of us are asked."""
    rule = policy_actions(case.facts)
    if rule != "iep-ask":
        return rule
    if case.facts.origin_id is None:
        return "iep-ask-us"
    return None if case.is_permitted else rule


LIMITS: tuple[PeerRule, ...] = (
    do_not_share,
    _period,
    _unnamed,
    _actions,
    transit,
    source_unnamed,
    personal_agreed,
    personal_two,
)


def public_limits(facts: Facts, now: datetime) -> Iterator[str]:
    policy = policy_period(facts, now), policy_unnamed(facts), policy_actions(facts)
    yield from filter(None, policy)
    if facts.withheld:
        yield "do-not-share"
    if facts.personal:
        yield "personal-public"
