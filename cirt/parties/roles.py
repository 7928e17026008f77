"""Which role may do what (contract, section 5). A person may hold several."""

from enum import StrEnum

from cirt.kernel.text import mark


class Role(StrEnum):
    TRIAGE = "triage"
    HANDLER = "handler"
    LEAD = "lead"
    ADMIN = "admin"
    AUDITOR = "auditor"


ROLE_NAMES = {
    Role.TRIAGE: mark("Triage officer"),
    Role.HANDLER: mark("Handler"),
    Role.LEAD: mark("Lead"),
    Role.ADMIN: mark("Administrator"),
    Role.AUDITOR: mark("Auditor"),
}

_READ = frozenset({"content:read"})  # reports, incidents, indicators, releases, peers, sync

_TRIAGE = _READ | {"report:decide"}
_HANDLER = _TRIAGE | {
    "incident:write",
    "case:delete",  # notes, tasks and events of an incident, into the bin
    "indicator:write",
    "release:ask",
    "sighting:write",
}
_LEAD = _HANDLER | {
    "release:decide",
    "peer:write",
    "agreement:write",
    "withheld:write",
    "warning:write",
    "permission:write",
    "agreement:report",
    "sync:run",
    "member:write",
    "incident:merge",
    "agency:write",
    "incident:delete",
    "playbook:write",
}

PERMISSIONS: dict[Role, frozenset[str]] = {
    Role.TRIAGE: _TRIAGE,
    Role.HANDLER: _HANDLER,
    Role.LEAD: _LEAD,
    Role.ADMIN: frozenset(
        {
            "account:write",
            "collection:write",
            "mail:write",
            "webhook:write",
            "source:write",
            "job:read",
            "peer:read",
        }
    ),
    Role.AUDITOR: _READ
    | {"audit:read", "peer:read", "job:read", "account:read", "agreement:report"},
}


def permissions_of(roles: frozenset[Role]) -> frozenset[str]:
    return frozenset().union(*(PERMISSIONS[role] for role in roles))


def roles_with(permission: str) -> list[Role]:
    """Who could help: the roles that have this permission."""
    return [role for role in Role if permission in PERMISSIONS[role]]
