"""Alerts: raised once, shown until their cause is gone or somebody says that it is expected."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.exchange.watching.commands import ExpectAlert
from cirt.exchange.watching.days import gaps, trends, untaken_of
from cirt.exchange.watching.errors import NoSuchLineAlert
from cirt.exchange.watching.habits import habit_of
from cirt.exchange.watching.models import AlertKind, LineAlert
from cirt.exchange.watching.rules import Line, alerts_of
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.parties.models import Peer
from cirt.sharing.models import Agreement, AgreementState

_Key = tuple[str, AlertKind]


@dataclass(frozen=True, slots=True)
class StandingAlert:
    """``values`` are those of the sentence of its kind; spans in them are minutes. ``peer`` is a slug, or empty."""

    id: int
    line: str
    name: str
    peer: str
    kind: AlertKind
    values: dict[str, Any]
    raised_at: datetime


def update_alerts(work: Work, lines: Sequence[Line]) -> list[LineAlert]:
    """Raise what is due, end what is over; those that are new, to be told of."""
    due = _due(work, lines)
    new = []
    for row in work.session.scalars(_open().with_for_update()):
        values = due.pop((row.line, row.kind), None)
        if values is None:
            row.ended_at = work.now
            work.audit("alert.end", row.reference or row.line, line=row.line, kind=row.kind.value)
        else:
            row.values = values
    named = {line.key: line for line in lines}
    for (key, kind), values in due.items():
        new.append(_raise(work, named[key], kind, values))
    return new


def expect_alert(work: Work, cmd: ExpectAlert) -> None:
    """It is shown no longer; the same comes again only after its cause was gone once.

    Raises:
        NoSuchLineAlert, NotAllowed.
    """
    work.require("sync:run")
    row = work.session.get(LineAlert, cmd.alert_id, with_for_update=True)
    if row is None or row.ended_at is not None or row.expected_at is not None:
        raise NoSuchLineAlert(id=cmd.alert_id)
    row.expected_at, row.expected_by, row.reason = work.now, work.actor.name, cmd.reason
    said = {"line": row.line, "kind": row.kind.value, "reason": cmd.reason}
    work.audit("alert.expect", row.reference or row.line, **said)


def standing(session: Session) -> list[StandingAlert]:
    """What somebody should see, the oldest first."""
    query = (
        _open()
        .add_columns(Peer.slug)
        .outerjoin(Peer, Peer.id == LineAlert.peer_id)
        .where(LineAlert.expected_at.is_(None))
        .order_by(LineAlert.id)
    )
    return [
        StandingAlert(
            row.id, row.line, row.name, slug or "", row.kind, dict(row.values), row.raised_at
        )
        for row, slug in session.execute(query)
    ]


def standing_alert(session: Session, alert_id: int) -> StandingAlert:
    """
    Raises:
        NoSuchLineAlert.
    """
    for one in standing(session):
        if one.id == alert_id:
            return one
    raise NoSuchLineAlert(id=alert_id)


def lines_alarmed() -> sa.Select[str]:
    """To be counted beside the section's name."""
    return sa.select(LineAlert.line).where(
        LineAlert.ended_at.is_(None), LineAlert.expected_at.is_(None)
    )


def _open() -> sa.Select[LineAlert]:
    return sa.select(LineAlert).where(LineAlert.ended_at.is_(None))


def _due(work: Work, lines: Iterable[Line]) -> dict[_Key, dict[str, Any]]:
    today = work.now.date()
    silences, days = gaps(work.session, today), trends(work.session, today)
    return {
        (line.key, kind): values
        for line in lines
        for kind, values in alerts_of(
            line,
            habit_of(silences.get(line.key, ()), line.every_s),
            untaken_of(days.get(line.key, ()), today),
            work.now,
        )
    }


def _raise(work: Work, line: Line, kind: AlertKind, values: dict[str, Any]) -> LineAlert:
    row = LineAlert(
        line=line.key,
        kind=kind,
        peer_id=line.peer_id,
        name=line.name,
        tlp=_tlp(work.session, line.peer_id),
        values=values,
        raised_at=work.now,
    )
    work.session.add(row)
    work.session.flush()
    row.reference = f"ALERT-{row.id}"
    work.audit("alert.raise", row.reference, line=line.key, kind=kind.value)
    return row


def _tlp(session: Session, peer_id: int | None) -> Tlp:
    """AMBER, or stricter where what we have agreed with the peer is."""
    query = sa.select(Agreement.tlp).where(
        Agreement.peer_id == peer_id, Agreement.state != AgreementState.ENDED
    )
    return max([Tlp.AMBER, *session.scalars(query)]) if peer_id is not None else Tlp.AMBER
