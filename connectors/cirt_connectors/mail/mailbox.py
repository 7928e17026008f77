"""An IMAP mailbox (RFC 3501), opened for reading only: nothing in it is changed, marked as read or deleted."""

import imaplib
import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Any, cast

from cirt.plugin import MAIL, MAIL_HEADERS, ConnectorFault, Fetch, Found
from cirt_connectors.mail.folder import MAX_BYTES

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
_AT_ONCE = 500  # sizes asked for in one command
_PER_RUN = 5000  # the next run goes on


class Tls(StrEnum):
    YES = "yes"  # from the first byte (RFC 8314)
    STARTTLS = "starttls"  # RFC 3501, section 6.2.1
    NO = "no"


_PORTS = {Tls.YES: 993, Tls.STARTTLS: 143, Tls.NO: 143}


@dataclass(frozen=True, slots=True)
class Mailbox:
    host: str
    port: int
    user: str
    password_file: Path
    name: str = "INBOX"
    tls: Tls = Tls.YES
    since: date | None = None

    @classmethod
    def of(cls, settings: Mapping[str, str]) -> "Mailbox":
        """
        Raises:
            ConnectorFault: a setting is missing or does not fit.
        """
        for needed in ("user", "password_file"):
            if not settings.get(needed):
                raise ConnectorFault(f"Set {needed} for the mailbox on {settings['host']}.")
        tls = _tls(settings.get("tls", "yes"))
        port = settings.get("port", str(_PORTS[tls]))
        if not (port.isascii() and port.isdigit()):
            raise ConnectorFault(f"port is “{port}”. Write a number like 993.")
        name = settings.get("mailbox", "INBOX")
        secret, since = Path(settings["password_file"]), _day(settings.get("since", ""))
        return cls(settings["host"], int(port), settings["user"], secret, name, tls, since)

    def password(self) -> str:
        try:
            return self.password_file.read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeError) as error:
            raise ConnectorFault(
                f"The password file {self.password_file} cannot be read."
            ) from error


def _tls(text: str) -> Tls:
    try:
        return Tls(text)
    except ValueError:
        raise ConnectorFault(
            f"tls is “{text}”. Write yes, starttls, or no for a server on this host."
        ) from None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise ConnectorFault(f"since is “{text}”. Write a day like 2026-11-18.") from None


def mailbox_mails(box: Mailbox, fetch: Fetch, cursor: str | None) -> Iterator[tuple[Found, str]]:
    """What came after the cursor, which is UIDVALIDITY:UID of the last mail handed over.

    Where the server numbers its mails anew (another UIDVALIDITY), all are handed over again: whoever takes
    them knows those that came before.
    """
    with _signed_in(box, fetch) as server:
        validity = _opened(server, box)
        last = _last_uid(cursor, validity)
        uids = [uid for uid in _uids(server, box, last) if uid > last][:_PER_RUN]
        for begin in range(0, len(uids), _AT_ONCE):
            some = uids[begin : begin + _AT_ONCE]
            sizes = _sizes(server, some)
            for uid in some:
                found = _mail(server, box, uid, sizes.get(uid, 0))
                if found is not None:
                    yield found, f"{validity}:{uid}"


class _Server(imaplib.IMAP4):
    """imaplib over the socket that the program grants; a literal beyond all mails is refused unread."""

    def __init__(self, granted: socket.socket, host: str) -> None:
        self._granted = granted
        super().__init__(host)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        return self._granted

    def read(self, size: int) -> bytes:
        if size > MAX_BYTES:
            raise self.abort(f"it announced {size} bytes at once")
        return super().read(size)


class _Securing:
    """For imaplib, which hands its socket to a TLS context: ours checks the certificate and keeps the deadline."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch

    def wrap_socket(self, plain: socket.socket, server_hostname: str) -> socket.socket:
        return self._fetch.secure(plain)


@contextmanager
def _signed_in(box: Mailbox, fetch: Fetch) -> Iterator[_Server]:
    granted = fetch.connect(box.host, box.port, tls=box.tls is Tls.YES)
    if box.tls is Tls.NO:
        _check_local(granted, box)
    try:
        server = _Server(granted, box.host)
        try:
            if box.tls is Tls.STARTTLS:
                _start_tls(server, box, fetch)
            server.login(box.user, box.password())
            yield server
        finally:
            with suppress(OSError):  # it is shut already where TLS failed
                server.shutdown()
    except imaplib.IMAP4.error as error:
        reason = _plain(error.args[0] if error.args else "")
        raise ConnectorFault(f"The mailbox {box.user} on {box.host} says: {reason}") from error
    except OSError as error:
        kind = type(error).__name__
        raise ConnectorFault(f"The connection to {box.host} broke off ({kind}).") from error


def _check_local(granted: socket.socket, box: Mailbox) -> None:
    """A password and reports that others on the way could read are not sent and not fetched."""
    try:
        is_local = ip_address(granted.getpeername()[0].partition("%")[0]).is_loopback
    except (OSError, ValueError, IndexError):
        is_local = False
    if not is_local:
        raise ConnectorFault(
            f"{box.host} is not this host, so no password goes there unencrypted. Set tls to yes or starttls."
        )


def _start_tls(server: _Server, box: Mailbox, fetch: Fetch) -> None:
    if "STARTTLS" not in server.capabilities:
        raise ConnectorFault(
            f"{box.host} offers no STARTTLS on port {box.port}, so no password is sent. Set tls to yes if it speaks"
            " TLS on another port."
        )
    server.starttls(cast("ssl.SSLContext", _Securing(fetch)))


def _opened(server: _Server, box: Mailbox) -> int:
    quoted = box.name.replace("\\", "\\\\").replace('"', '\\"')
    status, said = server.select(f'"{quoted}"', readonly=True)
    if status != "OK":
        raise ConnectorFault(f"There is no mailbox {box.name} on {box.host}: {_plain(said[0])}")
    _, validity = server.response("UIDVALIDITY")
    if not validity or not validity[0]:
        raise ConnectorFault(f"{box.host} gives its mails no lasting numbers (UIDVALIDITY).")
    return int(validity[0])


def _last_uid(cursor: str | None, validity: int) -> int:
    before, _, uid = (cursor or "").partition(":")
    return int(uid) if before == str(validity) and uid.isdigit() else 0


def _uids(server: _Server, box: Mailbox, last: int) -> list[int]:
    """``n:*`` also names the newest mail where all are older (RFC 3501, section 6.4.8)."""
    day = box.since
    since = ("SINCE", f"{day.day}-{_MONTHS[day.month - 1]}-{day.year}") if day else ()
    said = _asked(server, "SEARCH", "UID", f"{last + 1}:*", *since)
    return sorted(int(uid) for line in said if isinstance(line, bytes) for uid in line.split())


def _sizes(server: _Server, uids: list[int]) -> dict[int, int]:
    said = _asked(server, "FETCH", ",".join(map(str, uids)), "(UID RFC822.SIZE)")
    sizes: dict[int, int] = {}
    for line in said:
        if isinstance(line, bytes) and (size := _SIZE.search(line)):
            uid = re.search(rb"UID (\d+)", line)
            if uid:
                sizes[int(uid[1])] = int(size[1])
    return sizes


def _mail(server: _Server, box: Mailbox, uid: int, size: int) -> Found | None:
    """None where somebody took it out of the mailbox meanwhile."""
    is_whole = size <= MAX_BYTES
    part = "(BODY.PEEK[])" if is_whole else "(BODY.PEEK[HEADER])"
    for line in _asked(server, "FETCH", str(uid), part):
        if isinstance(line, tuple):
            kind = MAIL if is_whole else MAIL_HEADERS
            return Found(line[1], kind, f"imap://{box.host}/{box.name};UID={uid}")
    return None


def _asked(server: _Server, command: str, *words: str) -> list[Any]:
    status, said = server.uid(command, *words)
    if status != "OK":
        raise server.error(said[0] if said else command)
    return [line for line in said if line]


def _plain(words: object) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
    return "".join(letter for letter in text if letter.isprintable())[:200]
