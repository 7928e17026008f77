"""What sort of mail it is: a person's, a program's, an automatic reply, a bounce. Pure.

RFC 3834 (Auto-Submitted), RFC 3464 (delivery reports), and what large mail systems add. A program's mail may well
be a report (monitoring, abuse desks), so it opens one; it is only never answered by a program of ours.
"""

import re
from collections.abc import Callable
from enum import StrEnum

Header = Callable[[str], str]  # the first field of that name, decoded; empty if there is none


class MailKind(StrEnum):
    PERSON = "person"
    PROGRAM = "program"  # sent by itself, not as an answer: may report something
    REPLY = "reply"  # absent, received, forwarded: answers by itself
    BOUNCE = "bounce"  # could not be delivered, or was read


_RETURNED = frozenset(
    {"delivery-status", "disposition-notification"}
)  # feedback-report is an abuse report
_POSTMASTERS = re.compile(r"(mailer-daemon|postmaster|maildaemon|mail-daemon)(@|\Z)", re.IGNORECASE)
_REPLIES = re.compile(
    r"\s*(?:"
    r"automatic reply|auto(?:matic)?[- ]?(?:reply|response|responder|answer)|out[- ]of[- ](?:the[- ])?office|"
    r"(?:on )?vacation (?:reply|response)|away from (?:the )?(?:office|my mail)|"
    r"r[ée]ponse automatique|absence du bureau|absent[e]? du bureau|"
    r"respuesta autom[áa]tica|fuera de (?:la )?oficina|ausencia de la oficina|"
    r"автоматический ответ|автоответ|нет на работе|вне офиса|"
    r"رد تلقائي|الرد التلقائي|خارج المكتب|"
    r"自动(?:回复|答复|应答)|自動回覆|不在办公室|外出"
    r")(?P<ends>\s*(?:[:\uff1a(\u2013-]|\Z))?",
    re.IGNORECASE,
)
_BOUNCES = re.compile(
    r"\s*(?:undeliver(?:able|ed mail)|mail delivery (?:failed|failure|subsystem|status)|"
    r"delivery (?:status notification|failure|has failed)|returned mail|failure notice|message delivery failure|"
    r"non remis|[ée]chec de (?:la )?(?:remise|distribution)|message non distribu[ée]|"
    r"no se puede entregar|error (?:de|en la) entrega|mensaje no entregado|correo devuelto|"
    r"не удается доставить|недоставлен|сбой доставки|сообщение не доставлено|"
    r"تعذر التسليم|لم يتم التسليم|فشل (?:في )?تسليم|"
    r"无法投递|投递失败|未送达|退信|系统退信"
    r")",
    re.IGNORECASE,
)


def kind_of(header: Header, content_type: str, report_type: str) -> MailKind:
    """``report_type`` is that parameter of a multipart/report."""
    subject = header("subject")
    submitted = re.split(r"[\s;(]", header("auto-submitted").strip(), maxsplit=1)[0].casefold()
    returned = header("return-path").strip() == "<>"
    if content_type == "multipart/report" and report_type.casefold() in _RETURNED:
        return MailKind.BOUNCE
    if _is_postmaster(header("from")) and (returned or _BOUNCES.match(subject)):
        return MailKind.BOUNCE
    if submitted == "auto-replied" or _says_reply(header) or _is_reply(subject, header):
        return MailKind.REPLY
    if returned:
        return MailKind.BOUNCE if _BOUNCES.match(subject) else MailKind.REPLY
    is_program = submitted not in ("", "no") or bool(header("x-auto-response-suppress"))
    return MailKind.PROGRAM if is_program or _is_bulk(header) else MailKind.PERSON


def is_spam(header: Header) -> bool:
    """As our mail server's filter says."""
    if header("x-spam-flag").strip().casefold() in ("yes", "true"):
        return True
    return header("x-spam-status").strip().casefold().startswith("yes")


def _says_reply(header: Header) -> bool:
    """Headers that only automatic replies carry."""
    if header("x-autoreply") or header("x-autorespond") or header("x-autoresponder"):
        return True
    return header("precedence").strip().casefold() in ("auto_reply", "auto-reply")


def _is_reply(subject: str, header: Header) -> bool:
    """By its subject, where that says nothing more or another sign agrees: people report such mails, too."""
    found = _REPLIES.match(subject)
    if found is None:
        return False
    signs = ("in-reply-to", "references", "x-auto-response-suppress", "precedence")
    return found["ends"] is not None or any(header(sign) for sign in signs)


def _is_bulk(header: Header) -> bool:
    return header("precedence").strip().casefold() in ("bulk", "junk", "list")


def _is_postmaster(sender: str) -> bool:
    return _POSTMASTERS.search(sender) is not None
