"""Who may open which page. A page that stands in neither table is closed to everybody."""

from collections.abc import Mapping

# Endpoints without sign-in; every other one answers a stranger with the sign-in page or 404.
PUBLIC = frozenset(
    {
        "web.static",
        "web.nowhere",
        "web.public.home",
        "web.public.report",
        "web.public.send_report",
        "web.public.sent_report",
        "web.public.child",
        "web.public.status",
        "web.public.show_status",
        "web.public.answer",
        "web.public.answered",
        "web.sign_in.ask",
        "web.sign_in.enter",
        "web.account.theme",
        "web.account.set_theme",
        "web.help.keys",
        "web.webhook.take",
    }
)

# Any one of these permissions opens the pages of a section; an empty set asks for a session only.
# What a page changes is asked for again by the service that changes it.
SECTIONS: Mapping[str, frozenset[str]] = {
    "sign_in": frozenset(),
    "account": frozenset(),
    "desk": frozenset({"content:read"}),
    "triage": frozenset({"content:read"}),
    "incidents": frozenset({"content:read"}),
    "indicators": frozenset({"content:read"}),
    "playbooks": frozenset({"content:read"}),
    "bin": frozenset({"content:read"}),
    "release": frozenset({"content:read"}),
    "exports": frozenset({"content:read"}),
    "peers": frozenset({"content:read", "peer:read"}),
    "withheld": frozenset({"content:read"}),
    "warning": frozenset({"content:read"}),
    "permissions": frozenset({"content:read"}),
    "agreements": frozenset({"content:read", "peer:read"}),
    "agreement_persons": frozenset({"content:read", "peer:read"}),
    "ledger": frozenset({"content:read"}),
    "agreement_report": frozenset({"agreement:report"}),
    "sync": frozenset({"content:read"}),
    "admin": frozenset({"account:write", "collection:write", "job:read", "audit:read"}),
}

# Where somebody with a one-time password may go before it is replaced.
BEFORE_OWN_PASSWORD = (
    frozenset({"web.account.password", "web.account.set_password", "web.sign_in.leave"}) | PUBLIC
)


def section_of(endpoint: str) -> str:
    """``triage`` of ``web.triage.queue``."""
    parts = endpoint.split(".")
    return parts[1] if len(parts) > 2 else ""  # noqa: PLR2004
