"""Settings: ``CIRT_…`` variables over ``cirt.toml`` in the data directory over defaults.

Read once into one frozen object. An unknown name stops the start and is named.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any

import marshmallow as ma

from cirt.kernel.errors import Invalid
from cirt.kernel.text import mark

_PREFIX = "CIRT_"
_ENVIRONMENT = "the environment"
BIND = r".+:\d{1,5}\Z"  # HOST:PORT

Network = IPv4Network | IPv6Network


class SettingsUnreadable(Invalid):
    code = "settings-unreadable"
    message = mark("{place} is not valid TOML: {reason}.")


class SettingsWrong(Invalid):
    code = "settings-wrong"
    message = mark("The setting {name} from {place} cannot be used: {reason}")


@dataclass(frozen=True, slots=True)
class Settings:
    """What an operator may set; documented in docs/operate.md, which a test compares."""

    data_dir: Path
    database_url: str
    base_url: str = "http://127.0.0.1:8000"
    bind: str = "127.0.0.1:8000"
    workers: int = 2
    max_content_bytes: int = 10 * 1024 * 1024
    page_max: int = 1000
    outbound_allow: tuple[Network, ...] = ()
    metrics_allow: tuple[Network, ...] = ()
    trusted_proxy: str = ""
    duty_phone: str = ""
    child_hotline: str = ""
    child_hotline_url: str = ""
    mail_from: str = ""
    smtp_host: str = ""
    smtp_port: int = 587
    smtp_tls: str = "starttls"
    smtp_user: str = ""
    smtp_password_file: str = ""
    first_look_minutes: int = 60  # until somebody looks at a report
    first_look: Mapping[str, int] = field(
        default_factory=dict
    )  # minutes, where a source has others
    connectors: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # cirt.toml only


class _Networks(ma.fields.Field[tuple[Network, ...]]):
    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> tuple[Network, ...]:
        parts = value.replace(",", " ").split() if isinstance(value, str) else value
        try:
            return tuple(ip_network(part) for part in parts)
        except ValueError as error:
            raise ma.ValidationError(f"{error}; write networks like 10.0.0.0/8.") from error


class _MinutesBySource(ma.fields.Field[dict[str, int]]):
    """A table in the file; in the environment ``desk=30 connector=240``."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> dict[str, int]:
        if isinstance(value, str):
            pairs = [part.partition("=") for part in value.replace(",", " ").split()]
            value = {name: minutes for name, _, minutes in pairs}
        try:
            found = {str(name): int(minutes) for name, minutes in value.items()}
        except (AttributeError, TypeError, ValueError) as error:
            raise ma.ValidationError("write it like desk=30 connector=240.") from error
        for minutes in found.values():
            _MINUTES(minutes)
        return found


_MINUTES = ma.validate.Range(1, 60 * 24 * 30)


class _SettingsSchema(ma.Schema):
    data_dir = ma.fields.String()
    database_url = ma.fields.String(validate=ma.validate.Regexp(r"(sqlite|postgresql\+psycopg)://"))
    base_url = ma.fields.Url(require_tld=False, schemes={"http", "https"})
    bind = ma.fields.String(validate=ma.validate.Regexp(BIND, error="Write HOST:PORT."))
    workers = ma.fields.Integer(validate=ma.validate.Range(1, 64))
    max_content_bytes = ma.fields.Integer(validate=ma.validate.Range(64 * 1024))
    page_max = ma.fields.Integer(validate=ma.validate.Range(1, 10_000))
    outbound_allow = _Networks()
    metrics_allow = _Networks()
    trusted_proxy = ma.fields.IP()
    duty_phone = ma.fields.String(validate=ma.validate.Length(max=60))
    child_hotline = ma.fields.String(validate=ma.validate.Length(max=200))
    child_hotline_url = ma.fields.Url(schemes={"http", "https"})
    mail_from = ma.fields.Email()
    smtp_host = ma.fields.String(validate=ma.validate.Length(1, 253))
    smtp_port = ma.fields.Integer(validate=ma.validate.Range(1, 65535))
    smtp_tls = ma.fields.String(validate=ma.validate.OneOf(("starttls", "tls", "none")))
    smtp_user = ma.fields.String()
    smtp_password_file = ma.fields.String()
    first_look_minutes = ma.fields.Integer(validate=_MINUTES)
    first_look = _MinutesBySource()
    connectors = ma.fields.Dict(
        ma.fields.String(), ma.fields.Dict(ma.fields.String(), ma.fields.String())
    )


def read_settings(environ: Mapping[str, str], data_dir: Path | None = None) -> Settings:
    """The settings in force.

    Raises:
        SettingsWrong: an unknown name, or a value that does not fit.
    """
    from_environ = {
        name.removeprefix(_PREFIX).lower(): value
        for name, value in environ.items()
        if name.startswith(_PREFIX)
    }
    home = (data_dir or Path(from_environ.get("data_dir", "data"))).resolve()
    known = {one.name for one in fields(Settings)}
    toml = home / "cirt.toml"
    from_file = _read_toml(toml) if toml.is_file() else {}
    values = _load(from_file, str(toml), known) | _load(from_environ, _ENVIRONMENT, known)
    values["data_dir"] = home
    values["trusted_proxy"] = str(values.get("trusted_proxy", ""))
    values.setdefault("database_url", f"sqlite:///{home / 'cirt.sqlite3'}")
    _check_mail(values)
    return Settings(**values)


def _check_mail(values: Mapping[str, Any]) -> None:
    """Whoever sends mail says from whom, and each part of signing in needs the other."""
    for name, needed in (
        ("smtp_host", "mail_from"),
        ("smtp_user", "smtp_password_file"),
        ("smtp_password_file", "smtp_user"),
    ):
        if values.get(name) and not values.get(needed):
            reason = f"it needs {needed} as well."
            raise SettingsWrong(name=name, place="the settings", reason=reason)


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:  # not TOML, or not UTF-8
        raise SettingsUnreadable(place=file, reason=error) from error


def _load(values: Mapping[str, Any], place: str, known: set[str]) -> dict[str, Any]:
    for name in values:
        if name not in known:
            reason = f"there is no such setting. Known are: {', '.join(sorted(known))}."
            raise SettingsWrong(name=_named(name, place), place=place, reason=reason)
    try:
        return dict(_SettingsSchema().load(values))
    except ma.ValidationError as error:
        messages: dict[str, list[str]] = error.messages_dict
        name, reasons = next(iter(messages.items()))
        reason = " ".join(reasons)
        raise SettingsWrong(name=_named(name, place), place=place, reason=reason) from error


def _named(name: str, place: str) -> str:
    """As the operator wrote it."""
    return f"{_PREFIX}{name.upper()}" if place == _ENVIRONMENT else name
