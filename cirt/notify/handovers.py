"""What was released to named persons, on its way by mail: each encrypted for that person's own key."""

import logging
import uuid
from email.message import EmailMessage
from email.policy import SMTP
from functools import partial

from cirt.kernel.gpg import Gpg, GpgFailed, PublicKey
from cirt.kernel.program import Program
from cirt.kernel.text import mark
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.notify import outbox
from cirt.notify.outbox import GIVE_UP, Kind, Stays, Try, Writing
from cirt.notify.writing import Envelope, address, new_message_id, pgp_mime
from cirt.objects.envelope import bundle
from cirt.parties.peers import ourselves
from cirt.release.handing.models import Handover, HandoverKind, HandoverState
from cirt.release.handing.service import NOT_ANY_MORE, Ready, ready, stay, was_sent

JOB = "handover.send"
_BUNDLES = uuid.UUID("0f6e9d52-5a0b-4a54-8a0d-6f5b7f0a4c33")
_POLICY = SMTP.clone(cte_type="7bit")
# In English, as the objects are: STIX is read in it.
_TEXT = """{label}

This is for {person}, under {agreement}. {rule}

{team} hands you {count} STIX 2.1 objects, in the attached file. Release {reference}.
"""
_ALONE = "It is for you alone. Do not pass it on, not even inside your own organisation."
_WITHIN = "Pass it on as its marking says, no further."
_RECALL = """{label}

These objects, which you had from us with release {reference}, are revoked. Stop using them.

{ids}
"""


class NoGpg(GpgFailed):
    code = "gpg-missing"
    message = mark("GnuPG is not installed here, so nothing can be encrypted.")


def send_due(program: Program) -> int:
    """Send what waits; how many went. Without a mail server everything waits."""
    return outbox.send_due(program, _KIND)


def _make(work: Work, this: Try) -> Writing | Stays:
    """
    Raises:
        NoGpg: before the gate is asked.
    """
    if this.gpg is None:
        raise NoGpg
    going = ready(work, this.row_id, new_message_id(this.program.settings.mail_from))
    if going is None:
        return Stays(NOT_ANY_MORE)
    return partial(_mail_of, this.program, going, ourselves(work.session).name, this.gpg)


def _mail_of(program: Program, going: Ready, team: str, gpg: Gpg) -> EmailMessage:
    """
    Raises:
        GpgFailed.
    """
    key = PublicKey(going.reader.key, going.armoured)
    mail = pgp_mime(gpg.encrypt_for(_content(going, team).as_bytes(), key))
    envelope = Envelope(  # the subject says no more than that something is meant for this person
        from_name=team,
        from_address=program.settings.mail_from,
        subject=f"[{going.tlp.label}] {team}, {going.reference}",
        message_id=going.message_id,
        at=going.made_at,
    )
    address(mail, going.reader.email, envelope)
    return mail


def _content(going: Ready, team: str) -> EmailMessage:
    """What only the holder of the key reads: what it is and how it is to be treated, and the objects as a file."""
    content = EmailMessage(policy=_POLICY)
    is_recall = going.kind is HandoverKind.RECALL
    content.set_content(_recall_text(going) if is_recall else _text(going, team), charset="utf-8")
    if not is_recall:
        name = uuid.uuid5(_BUNDLES, going.message_id)  # the same at each try
        content.add_attachment(
            bundle(name, (each.body for each in (*going.released, *going.along))),
            maintype="application",
            subtype="stix+json",
            filename=f"{going.reference}.json",
        )
    return content


def _text(going: Ready, team: str) -> str:
    return _TEXT.format(
        label=going.tlp.label,
        person=going.reader.name,
        team=team,
        reference=going.reference,
        count=len(going.released),
        agreement=going.reader.named_in,
        rule=_ALONE if going.tlp is Tlp.RED else _WITHIN,
    )


def _recall_text(going: Ready) -> str:
    ids = "\n".join(going.revoked)
    return _RECALL.format(label=going.tlp.label, reference=going.reference, ids=ids)


def _put_off(work: Work, handover: Handover, reason: str) -> None:
    handover.failure = reason


_KIND = Kind(
    log=logging.getLogger("cirt.handover"),
    event="handover",
    logged_as="handover",
    model=Handover,
    key=Handover.id,
    due_at=Handover.next_try_at,
    waits=Handover.state == HandoverState.WAITING,
    make=_make,
    is_over=lambda work, handover: work.now - handover.made_at > GIVE_UP,
    sent=was_sent,
    put_off=_put_off,
    given_up=stay,
    refused=stay,
)
