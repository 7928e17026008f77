"""Words and glyphs for what goes out and comes in: releases, agreements, links, quarantine, indicators, jobs."""

from collections.abc import Mapping
from datetime import datetime
from string import Formatter
from typing import Any

from markupsafe import Markup, escape

from cirt.exchange.health import HEALTH_WORDS, Health
from cirt.exchange.models import Ending, LinkDirection, Outcome
from cirt.exchange.remarks.commands import Opinion
from cirt.exchange.remarks.relating import Relation
from cirt.kernel.jobs import JobState
from cirt.kernel.text import mark
from cirt.kernel.tlp import Tlp
from cirt.objects.catalogue import Life
from cirt.objects.models import WayKind
from cirt.release.handing.models import HandoverState
from cirt.release.models import CollectionKind, ProposalState
from cirt.release.recalling.models import LetterKind, LetterState, RecallKind
from cirt.sharing.models import AgreementState, Direction, Level
from cirt.sharing.permissions.queries import Standing
from cirt.sharing.verdicts import RULES, Decision, Verdict
from cirt.web import i18n
from cirt.web.icons import icon
from cirt.web.prose import defanged

# Glyph and tone (ui.md, section 5), then the words.
Sign = tuple[str, str, str]

PROPOSALS: Mapping[ProposalState, Sign] = {
    ProposalState.ASKED: ("st-wait", "warn", mark("Waits for a decision")),
    ProposalState.RELEASED: ("st-done", "ok", mark("Released")),
    ProposalState.SENT_BACK: ("swap", "warn", mark("Sent back to the asker")),
    ProposalState.REFUSED: ("ban", "off", mark("Refused")),
    ProposalState.VOIDED: ("ban", "off", mark("Void")),
    ProposalState.RECALLED_IN_PART: ("x", "warn", mark("Recalled in part")),
    ProposalState.RECALLED: ("x", "off", mark("Recalled")),
    ProposalState.WITHDRAWN: ("x", "off", mark("Withdrawn by the asker")),
}

HANDOVERS: Mapping[HandoverState, Sign] = {
    HandoverState.WAITING: ("st-wait", "warn", mark("Waits to be sent")),
    HandoverState.SENT: ("st-done", "ok", mark("Sent")),
    HandoverState.STAYED: ("ban", "bad", mark("Stayed here")),
}

# What whoever gets it may do with it (TLP 2.0), for the sentence on a release.
MAY_PASS_ON: Mapping[Tlp, str] = {
    Tlp.CLEAR: mark("They may pass it on to everybody. That is what TLP:CLEAR means."),
    Tlp.GREEN: mark(
        "They may pass it on in their community, never in public. That is what TLP:GREEN means."
    ),
    Tlp.AMBER: mark(
        "They may pass it on inside their own organisation and to clients who need it, no further. That is what TLP:AMBER means."
    ),
    Tlp.AMBER_STRICT: mark(
        "They may pass it on inside their own organisation only. That is what TLP:AMBER+STRICT means."
    ),
    Tlp.RED: mark(
        "They may pass it on to nobody, not even inside their own organisation. That is what TLP:RED means."
    ),
}

WAYS = {  # how an object went to a peer: endpoints of pages, and exits
    "objects": mark("fetched by TAXII"),
    "object": mark("fetched by TAXII, alone"),
    "push": mark("pushed to them"),
    "file": mark("in a signed file"),
    "export": mark("exported for them"),
    "mail": mark("by mail"),
}
RECALLS: Mapping[RecallKind, Sign] = {
    RecallKind.REVOKED: ("x", "off", mark("Revoked by us")),
    RecallKind.WITHDRAWN: ("ban", "off", mark("Offered no longer")),
    RecallKind.PASSED_ON: ("out", "off", mark("Revoked by its author")),
}
ENDINGS: Mapping[Ending, Sign] = {
    Ending.TAKEN: ("st-done", "ok", mark("Taken")),
    Ending.KNOWN: ("st-done", "off", mark("Known already")),
    Ending.MOVED: ("swap", "off", mark("Kept for another reason")),
    Ending.DROPPED: ("x", "off", mark("Dropped")),
    Ending.FIRST: ("st-done", "off", mark("The first content is right")),
    Ending.NEITHER: ("ban", "off", mark("Neither content is right")),
}
LETTERS: Mapping[LetterState, Sign] = {
    LetterState.PREPARED: ("st-wait", "warn", mark("Waits to be sent")),
    LetterState.QUEUED: ("st-work", "", mark("On its way")),
    LetterState.SENT: ("st-done", "ok", mark("Sent")),
    LetterState.FAILED: ("st-fail", "bad", mark("Not sent")),
    LetterState.DROPPED: ("st-open", "off", mark("Not needed")),
}
LETTER_KINDS = {
    LetterKind.CLOSED: mark("They had it, and our collections are not open to them now"),
    LetterKind.REMINDER: mark("Reminder: they have not fetched the revocation"),
    LetterKind.AUTHOR: mark("To its author: we offer it no longer"),
}

LIVES: Mapping[Life, Sign] = {
    Life.ACTIVE: ("st-done", "ok", mark("Active")),
    Life.PAST: ("clock", "off", mark("No longer valid")),
    Life.REVOKED: ("st-fail", "off", mark("Revoked")),
}

HEALTH: Mapping[Health, Sign] = {
    Health.GOOD: ("st-done", "ok", HEALTH_WORDS[Health.GOOD]),
    Health.TROUBLE: ("st-fail", "bad", HEALTH_WORDS[Health.TROUBLE]),
    Health.NOTHING_TAKEN: ("ban", "warn", HEALTH_WORDS[Health.NOTHING_TAKEN]),
    Health.SILENT: ("st-wait", "warn", HEALTH_WORDS[Health.SILENT]),
    Health.RESTING: ("st-wait", "off", HEALTH_WORDS[Health.RESTING]),
    Health.NEW: ("st-new", "", HEALTH_WORDS[Health.NEW]),
}

OUTCOMES: Mapping[Outcome, Sign] = {
    Outcome.HELD: ("st-wait", "warn", mark("Held")),
    Outcome.REFUSED: ("ban", "off", mark("Refused")),
}

AGREEMENTS: Mapping[AgreementState, Sign] = {
    AgreementState.DRAFT: ("st-new", "", mark("Draft")),
    AgreementState.IN_FORCE: ("st-done", "ok", mark("In force")),
    AgreementState.SUSPENDED: ("st-wait", "warn", mark("Suspended")),
    AgreementState.ENDED: ("st-fail", "off", mark("Ended")),
}

# By the rule that keeps an agreement from being in force; None where none does.
STANDINGS: Mapping[str | None, Sign] = {
    None: ("st-done", "ok", mark("Agreement in force")),
    "peer-suspended": ("st-wait", "warn", mark("Peer suspended")),
    "agreement-none": ("st-open", "off", mark("No agreement")),
    "agreement-draft": ("st-new", "", mark("Agreement is a draft")),
    "agreement-suspended": ("st-wait", "warn", mark("Agreement suspended")),
    "agreement-ended": ("st-fail", "bad", mark("Agreement ended")),
    "agreement-not-yet": ("st-new", "", mark("Agreement not begun")),
}

JOBS: Mapping[JobState, Sign] = {
    JobState.WAITING: ("st-wait", "", mark("Waits")),
    JobState.RUNNING: ("st-work", "", mark("Runs")),
    JobState.DONE: ("st-done", "ok", mark("Done")),
    JobState.DEAD: ("st-fail", "bad", mark("Given up")),
}

OPINIONS: Mapping[Opinion, Sign] = {
    Opinion.STRONGLY_AGREE: ("st-done", "ok", mark("Agrees strongly")),
    Opinion.AGREE: ("st-done", "ok", mark("Agrees")),
    Opinion.NEUTRAL: ("st-open", "", mark("Is undecided")),
    Opinion.DISAGREE: ("st-fail", "warn", mark("Disagrees")),
    Opinion.STRONGLY_DISAGREE: ("st-fail", "bad", mark("Disagrees strongly")),
}

RELATIONS = {
    Relation.RELATED: mark("related to"),
    Relation.DUPLICATE: mark("duplicate of"),
    Relation.DERIVED: mark("derived from"),
}
CAME_BY = {
    WayKind.READ: mark("read in their collection {collection}"),
    WayKind.POSTED: mark("sent to our collection {collection}"),
}
LEVELS = {
    Level.TLP_ACK: mark("Accepts the Traffic Light Protocol"),
    Level.MOU: mark("Memorandum of understanding"),
    Level.MOU_NDA: mark("Memorandum and confidentiality"),
}
DIRECTIONS = {
    Direction.GIVE: mark("We give"),
    Direction.TAKE: mark("We take"),
    Direction.BOTH: mark("We give and take"),
}
LINKS = {LinkDirection.PULL: mark("We read"), LinkDirection.PUSH: mark("We send to")}
COLLECTION_KINDS = {
    CollectionKind.PUBLISHED: mark("Published: members read what we released"),
    CollectionKind.SHARED: mark("Shared: members read and write"),
    CollectionKind.INBOX: mark("Inbox: members write, only we read"),
}
STEPS = {
    Verdict.YES: mark("yes"),
    Verdict.NEEDS_APPROVAL: mark("if two approve"),
    Verdict.NEEDS_PERMISSION: mark("no"),
    Verdict.NO: mark("no"),
}
PERMISSIONS: Mapping[Standing, Sign] = {
    Standing.HOLDS: ("st-done", "ok", mark("In force")),
    Standing.NOT_YET: ("st-new", "", mark("Not begun")),
    Standing.PAST: ("clock", "off", mark("Over")),
    Standing.ENDED: ("st-fail", "off", mark("Ended")),
}
VERDICTS: Mapping[Verdict, Sign] = {
    Verdict.YES: ("st-done", "ok", mark("Yes")),
    Verdict.NEEDS_APPROVAL: ("st-done", "warn", mark("Yes, if two approve")),
    Verdict.NEEDS_PERMISSION: ("st-wait", "warn", mark("Needs permission")),
    Verdict.NO: ("ban", "off", mark("No")),
}

_SURE = (
    (90, mark("Almost certain ({confidence} of 100)")),
    (70, mark("Likely ({confidence} of 100)")),
    (40, mark("Possible ({confidence} of 100)")),
    (0, mark("Doubtful ({confidence} of 100)")),
)


def how_sure(confidence: object) -> str:
    """A STIX confidence in words first; what is no such number, as it stands."""
    if not isinstance(confidence, int):
        return str(confidence)
    words = next((words for least, words in _SURE if confidence >= least), _SURE[-1][1])
    return str(i18n.say(words, confidence=confidence))


def sign(found: Sign) -> Markup:
    """A glyph with its words; the words carry the meaning."""
    glyph, tone, words = found
    return Markup('<span class="{}">{}{}</span>').format(
        f"st {tone}".strip(), icon(glyph), i18n.translate(words)
    )


def because(decision: Decision) -> Markup:
    """The sentence of the rule that decided, with its values."""
    return i18n.say(decision.sentence, **decision.values)


def rule_words(reason: str, **known: str) -> Markup:
    """The sentence of a rule with what is known of it, and dots for the rest; a code of no rule, as it stands."""
    rule = RULES.get(reason)
    if rule is None:
        return escape(reason)
    fields = {name for _, name, _, _ in Formatter().parse(rule.sentence) if name}
    return i18n.say(rule.sentence, **{name: known.get(name, "…") for name in fields})


def sentence(message: str, values: Mapping[str, Any]) -> Markup:
    """A marked sentence whose values came from outside: what they hold is made safe to show."""
    safe = {name: defanged(str(value)) for name, value in values.items()}
    return i18n.say(message, **safe) if message else escape("")


def percent_gone(begin: datetime, end: datetime, now: datetime) -> int:
    """How much of a period is over, for a bar."""
    whole = (end - begin).total_seconds()
    gone = (now - begin).total_seconds()
    return min(100, max(0, round(100 * gone / whole))) if whole > 0 else 100
