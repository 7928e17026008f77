"""What was released to named persons, on its way by mail: each encrypted for that person's own key, decided once more by
the gate, sent once as far as SMTP can.

Between two tries nobody else tries it, and the Message-ID stays, so a mail of which we did not hear that it was taken
comes a second time as the same one.
"""

import logging
import uuid
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP

from cirt.kernel.gpg import Gpg, GpgFailed, PublicKey, find_gpg
from cirt.kernel.program import Program
from cirt.kernel.text import mark
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import SYSTEM
from cirt.notify.smtp import MailNotSent, send
from cirt.notify.writing import Envelope, address, new_message_id, pgp_mime
from cirt.parties.peers import ourselves
from cirt.release.handing.models import HandoverKind
from cirt.release.handing.service import Ready, claim, not_sent, ready, was_sent

log = logging.getLogger("cirt.handover")

JOB = "handover.send"
_LEASE = timedelta(minutes=10)  # a try takes at most three
_PER_RUN = 100
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
NO_GPG = mark("GnuPG is not installed here, so nothing can be encrypted.")


def send_due(program: Program) -> int:
    """Send what waits; how many went. Without a mail server everything waits."""
    if not program.settings.smtp_host:
        return 0
    gpg = find_gpg(program.settings)
    sent = 0
    for _ in range(_PER_RUN):
        with program.work(SYSTEM) as work:
            name = new_message_id(program.settings.mail_from)
            handover_id = claim(work, name, lease=_LEASE)
        if handover_id is None:
            break
        sent += _send_one(program, gpg, handover_id)
    return sent


def _send_one(program: Program, gpg: Gpg | None, handover_id: int) -> bool:
    if gpg is None:
        with program.work(SYSTEM) as work:
            not_sent(work, handover_id, NO_GPG, retry=True)
        return False
    with program.work(SYSTEM) as work:
        going = ready(work, handover_id)
        team = ourselves(work.session).name
    if going is None:
        log.warning("handover.stays", extra={"handover": handover_id})
        return False
    try:
        send(program.settings, _mail_of(program, going, team, gpg))
    except (MailNotSent, GpgFailed) as error:
        retry = not isinstance(error, MailNotSent) or error.retry
        log.warning("handover.not-sent", extra={"handover": handover_id, "retry": retry})
        with program.work(SYSTEM) as work:
            not_sent(work, handover_id, str(error), retry=retry)
        return False
    with program.work(SYSTEM) as work:
        was_sent(work, handover_id)
    log.info("handover.sent", extra={"handover": handover_id})
    return True


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
        bundle = b'{"type":"bundle","id":"bundle--%s","objects":[%s]}' % (
            str(uuid.uuid5(_BUNDLES, going.message_id)).encode(),  # the same at each try
            b",".join(each.body for each in going.released),
        )
        content.add_attachment(
            bundle, maintype="application", subtype="stix+json", filename=f"{going.reference}.json"
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
