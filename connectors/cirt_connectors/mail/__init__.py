"""Reads mails from an IMAP mailbox, or from a folder of .eml files. It changes and deletes nothing there."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from cirt.plugin import MAIL, ConnectorFault, Fetch, Found
from cirt.plugin.settings import Setting, Sort
from cirt_connectors.mail.folder import folder_mails, read_mail
from cirt_connectors.mail.mailbox import Mailbox, mailbox_mails

_SCHEMA = (
    Setting("host", "The server of the mailbox."),
    Setting("port", "Its port.", Sort.NUMBER),
    Setting("user", "The name to sign in with."),
    Setting("password_file", "The file with the password on its first line.", Sort.SECRET),
    Setting("mailbox", "Which mailbox.", default="INBOX"),
    Setting("tls", "How the line is encrypted.", Sort.CHOICE, "yes", ("yes", "starttls", "no")),
    Setting("since", "Leave older mails alone.", Sort.DAY),
    Setting("folder", "Instead: a folder of .eml files.", Sort.FOLDER),
)
_KNOWN = frozenset(one.name for one in _SCHEMA)


class MailConnector:
    """Mails in the order in which they came; the cursor tells the last one that was handed over."""

    name = "mail"
    brings = MAIL
    schema = _SCHEMA

    def __init__(self, settings: Mapping[str, str]) -> None:
        unknown = set(settings) - _KNOWN
        if unknown:
            known = ", ".join(sorted(_KNOWN))
            raise ConnectorFault(f"mail has no setting {min(unknown)}. It has: {known}.")
        if settings.get("folder") and settings.get("host"):
            raise ConnectorFault(
                "Set either host for a mailbox or folder for .eml files, not both."
            )
        self._folder = Path(settings["folder"]) if settings.get("folder") else None
        self._mailbox = Mailbox.of(settings) if settings.get("host") else None

    def pull(self, fetch: Fetch, cursor: str | None) -> Iterator[tuple[Found, str]]:
        if self._mailbox is not None:
            yield from mailbox_mails(self._mailbox, fetch, cursor)
        elif self._folder is not None:
            yield from folder_mails(self._folder, cursor)
        else:
            raise ConnectorFault("Say where the mails are: set host for a mailbox, or folder.")

    def read(self, file: Path) -> Found:
        return read_mail(file)
