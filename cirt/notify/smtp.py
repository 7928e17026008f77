"""One mail to our own mail server, which the operator named; what it answers in our words."""

import smtplib
import socket
from contextlib import suppress
from email.message import EmailMessage
from ipaddress import ip_network
from pathlib import Path

from cirt.kernel.errors import Unavailable
from cirt.kernel.net import Line, tls_context
from cirt.kernel.net_errors import NetError
from cirt.kernel.reaching import Limits
from cirt.kernel.settings import Settings
from cirt.kernel.text import mark

_LIMITS = Limits(deadline_s=180)
_ANYWHERE = (
    ip_network("0.0.0.0/0"),
    ip_network("::/0"),
)  # most relays stand on this host or beside it
_PERMANENT = 500


class MailNotSent(Unavailable):
    code = "mail-not-sent"
    message = mark("{reason}")
    retry = True


class MailRefused(MailNotSent):
    """For good: another try gets the same answer."""

    code = "mail-refused"
    retry = False


class _Smtp(smtplib.SMTP):
    """smtplib over a line of ours."""

    def __init__(self, line: Line, local_name: str) -> None:
        self._line = line
        super().__init__(line.host, line.port, local_hostname=local_name)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return self._line.socket


def send(settings: Settings, mail: EmailMessage) -> None:
    """Hand a mail to the server; it has taken it when this returns.

    Raises:
        MailNotSent: try again later.
        MailRefused: it never will.
    """
    host, port, tls = settings.smtp_host, settings.smtp_port, settings.smtp_tls == "tls"
    try:
        line = Line(host, port, tls=tls, allow=_ANYWHERE, limits=_LIMITS)
    except NetError as error:
        raise MailNotSent(reason=str(error)) from error
    try:
        _check_local(settings, line)
        _hand_over(_Smtp(line, settings.mail_from.rpartition("@")[2]), settings, mail)
    except smtplib.SMTPRecipientsRefused as error:
        code, words = next(iter(error.recipients.values()))
        raise _refused(code, words) from error
    except (
        smtplib.SMTPAuthenticationError
    ) as error:  # ours to mend, so no letter is given up for it
        raise MailNotSent(reason=_plain(error.smtp_error)) from error
    except smtplib.SMTPResponseException as error:
        raise _refused(error.smtp_code, error.smtp_error) from error
    except smtplib.SMTPException as error:
        raise MailNotSent(reason=_plain(str(error))) from error
    except (OSError, EOFError) as error:
        raise MailNotSent(reason=str(line.explain(error))) from error
    finally:
        line.close()


def _check_local(settings: Settings, line: Line) -> None:
    """Ours to mend, too: others on the way could read the password."""
    if settings.smtp_user and settings.smtp_tls == "none" and not line.is_local:
        reason = (
            f"{line.host} is not this host, so no password goes there unencrypted."
            " Set CIRT_SMTP_TLS to starttls or tls."
        )
        raise MailNotSent(reason=reason)


def _hand_over(server: _Smtp, settings: Settings, mail: EmailMessage) -> None:
    try:
        if settings.smtp_tls == "starttls":
            server.starttls(context=tls_context())
        if settings.smtp_user:
            server.login(settings.smtp_user, _password(settings))
        server.send_message(mail)
        with suppress(
            smtplib.SMTPException, OSError
        ):  # it has the mail; how we part does not matter
            server.quit()
    finally:
        server.close()


def _password(settings: Settings) -> str:
    file = Path(settings.smtp_password_file)
    try:
        return file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeError) as error:
        raise MailNotSent(reason=f"The password file {file} cannot be read.") from error


def _refused(code: int, words: bytes | str) -> MailNotSent:
    reason = f"{code} {_plain(words)}"
    return MailRefused(reason=reason) if code >= _PERMANENT else MailNotSent(reason=reason)


def _plain(words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:300]
