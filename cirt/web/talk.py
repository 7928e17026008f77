"""What the partials of the dialogue need: messages with their words, and the box to write in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.notify.prospects import prospects
from cirt.register.dialogue.labels import CHANNELS, KINDS, STATES
from cirt.register.dialogue.queries import MessageRow
from cirt.register.mail.claims import claims_of
from cirt.register.mail.labels import mail_sentences
from cirt.register.models import Report
from cirt.register.pages import Page
from cirt.web.i18n import say
from cirt.web.outward import because
from cirt.web.paths import path_of, ways_on
from cirt.web.session import this_program


def mail_lines(headers: Mapping[str, Any]) -> list[Markup]:
    """What a person should know of a mail; nothing where it came on another way."""
    return [say(sentence, **values) for sentence, values in mail_sentences(headers)]


WORDS = {"kinds": KINDS, "channels": CHANNELS, "states": STATES, "mail": mail_lines}


def mail_of(work: Work, headers: Mapping[str, Any]) -> dict[str, Any]:
    """Of the mail that a report came as; ``mail_claims`` is what it says it belongs to."""
    return {"mail_lines": mail_lines(headers), "mail_claims": claims_of(work, headers)}


@dataclass(frozen=True, slots=True)
class Box:
    """``reporters`` are (reference, title) of the reports whose senders may be meant; one or none is no choice."""

    action: str
    reporters: Sequence[tuple[str, str]] = ()
    is_red: bool = False  # then nothing is sent, only written down


def by_mail(work: Work, reports: Sequence[str]) -> dict[str, Any]:
    """Where a letter to these reporters would go by mail, said before it is written."""
    return {"letters": prospects(this_program(), work, reports), "because": because}


def box_of(report: Report) -> Box:
    action = path_of("triage.write_to_reporter", reference=report.reference)
    return Box(action, [(report.reference, report.title)], is_red=report.tlp is Tlp.RED)


def shown(page: Page[MessageRow], endpoint: str, reference: str) -> dict[str, Any]:
    """A page of messages, with the way to the next ones and to taking note of what is unread."""
    reading = {
        "triage.report_dialogue": "triage.read_report_answers",
        "incidents.incident_dialogue": "incidents.read_incident_answers",
    }[endpoint]
    unread = [row.id for row in page.rows if row.is_unread]
    return {
        "talk": page,
        "words": WORDS,
        "upto": max(unread, default=0),
        "read_action": path_of(reading, reference=reference),
        **ways_on(page, endpoint, reference=reference),
    }
