"""Acknowledging reports by mail: the letter itself, and its words, which an administrator keeps."""

from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from cirt.kernel.inserting import insert_new
from cirt.kernel.keys import Keys
from cirt.kernel.work import Work
from cirt.register.acknowledging.commands import (
    RestoreAcknowledgement,
    SaveAcknowledgement,
    SetAcknowledging,
)
from cirt.register.acknowledging.errors import NoSuchLanguage, WordsChanged
from cirt.register.acknowledging.models import (
    AcknowledgedSender,
    Acknowledging,
    AcknowledgingText,
)
from cirt.register.acknowledging.rules import (
    HIDDEN,
    Acknowledged,
    ReplyWay,
    Words,
    check_places,
    filled,
    included,
    language_of,
    reason_against,
)
from cirt.register.dialogue.keeping import keep_message, mail_address
from cirt.register.dialogue.models import Channel, Direction, Message, MessageKind, MessageState
from cirt.register.mail.parse import Mail
from cirt.register.models import Report

_ONCE_IN = timedelta(hours=1)
_AT_MOST = 300  # in that time to everybody; forged senders must not make a mailer of us
_SEALED, _SEALED_IN = "follow-up code", "sealed_code"
_OTHERWISE = "en"


@dataclass(frozen=True, slots=True)
class Setup:
    is_on: bool
    language: str
    version: int


@dataclass(frozen=True, slots=True)
class KeptWords:
    """In force for a language; ``author`` is empty where they come with the program."""

    language: str
    words: Words
    version: int
    author: str


def acknowledge(
    work: Work, keys: Keys, mail: Mail, report: Report, code: str, way: ReplyWay
) -> Acknowledged:
    """Write to whoever sent this mail, if a program may; it waits to be mailed like every other letter.

    The code stays sealed beside the letter until it is sent; the letter as it is kept does not show it.
    """
    against = reason_against(mail, report.lane, way, work.now)
    if against is not None:
        return against
    setup, address = setup_of(work), mail_address(mail.sender)
    if not setup.is_on:
        return Acknowledged.OFF
    if not address:
        return Acknowledged.NO_SENDER
    if not _is_first_in_a_while(work, address):
        return Acknowledged.LATELY
    words = words_in(work, language_of(mail) or setup.language).words
    values = {"reference": report.reference, "code": HIDDEN, "address": way.address}
    message = Message(
        report_id=report.id,
        direction=Direction.OUT,
        channel=Channel.PAGE,
        kind=MessageKind.ACKNOWLEDGEMENT,
        subject=words.subject,
        recipient=address,
        state=MessageState.WRITTEN,
        headers={_SEALED_IN: keys.seal(_SEALED, code).decode()},
    )
    keep_message(work, message, filled(words.body, values))
    return Acknowledged.YES


def forget_code(message: Message) -> None:
    """Once it was sent or given up, its reader alone has it."""
    message.headers = {name: it for name, it in message.headers.items() if name != _SEALED_IN}


def text_to_send(keys: Keys, message: Message) -> str:
    """With the code in its place.

    Raises:
        SecretUnreadable: the installation got another key meanwhile.
    """
    sealed = message.headers.get(_SEALED_IN)
    if not sealed:
        return message.text
    return message.text.replace(HIDDEN, keys.unseal(_SEALED, sealed.encode()))


def setup_of(work: Work) -> Setup:
    row = work.session.get(Acknowledging, 1)
    return Setup(row.is_on, row.language, row.version) if row else Setup(True, _OTHERWISE, 0)


def words_in(work: Work, language: str) -> KeptWords:
    """
    Raises:
        NoSuchLanguage.
    """
    if language not in included():
        raise NoSuchLanguage
    return _kept(language, work.session.get(AcknowledgingText, language))


def all_words(work: Work) -> list[KeptWords]:
    """Of every language, in the order of the program."""
    rows = {row.language: row for row in work.session.scalars(sa.select(AcknowledgingText))}
    return [_kept(language, rows.get(language)) for language in included()]


def set_acknowledging(work: Work, cmd: SetAcknowledging) -> None:
    """
    Raises:
        NoSuchLanguage, WordsChanged, NotAllowed.
    """
    work.require("mail:write")
    if cmd.language not in included():
        raise NoSuchLanguage
    row = work.session.get(Acknowledging, 1, with_for_update=True)
    if row is None:
        row = Acknowledging(id=1, version=0, author="")
        work.session.add(row)
    _check_version(row, cmd.version)
    row.is_on, row.language = cmd.is_on, cmd.language
    _sign(work, row)
    work.audit("acknowledging.set", "mail", on=cmd.is_on, language=cmd.language)


def save_acknowledgement(work: Work, cmd: SaveAcknowledgement) -> None:
    """
    Raises:
        PlaceMissing, PlaceUnknown, NoSuchLanguage, WordsChanged, NotAllowed.
    """
    work.require("mail:write")
    check_places(cmd.body)
    _keep(work, cmd.language, cmd.version, Words(cmd.subject, cmd.body))
    work.audit("acknowledging.words", cmd.language)


def restore_acknowledgement(work: Work, cmd: RestoreAcknowledgement) -> None:
    """
    Raises:
        NoSuchLanguage, WordsChanged, NotAllowed.
    """
    work.require("mail:write")
    _keep(work, cmd.language, cmd.version, Words("", ""))
    work.audit("acknowledging.restore", cmd.language)


def _keep(work: Work, language: str, version: int, words: Words) -> None:
    if language not in included():
        raise NoSuchLanguage
    row = work.session.get(AcknowledgingText, language, with_for_update=True)
    if row is None:
        row = AcknowledgingText(language=language, version=0, author="")
        work.session.add(row)
    _check_version(row, version)
    row.subject, row.body = words.subject, words.body
    _sign(work, row)


def _check_version(row: Acknowledging | AcknowledgingText, version: int) -> None:
    if row.version != version:
        raise WordsChanged(name=row.author)


def _sign(work: Work, row: Acknowledging | AcknowledgingText) -> None:
    row.version, row.changed_at, row.author = row.version + 1, work.now, work.actor.name[:200]
    work.session.flush()


def _kept(language: str, row: AcknowledgingText | None) -> KeptWords:
    if row is None or not row.body:
        return KeptWords(language, included()[language], row.version if row else 0, "")
    return KeptWords(language, Words(row.subject, row.body), row.version, row.author)


def _is_first_in_a_while(work: Work, address: str) -> bool:
    """And notes that we write to them now; two mails at once are one of them too late."""
    lately = AcknowledgedSender.at > work.now - _ONCE_IN
    connection = work.session.connection()
    connection.execute(sa.delete(AcknowledgedSender).where(sa.not_(lately)))
    count = connection.scalar(sa.select(sa.func.count()).select_from(AcknowledgedSender)) or 0
    if count >= _AT_MOST:
        return False
    insert = insert_new(connection, AcknowledgedSender, "address")
    noted = insert.values(address=address, at=work.now).returning(AcknowledgedSender.address)
    return connection.execute(noted).scalar_one_or_none() is not None
