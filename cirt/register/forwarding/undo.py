"""Undo of a forwarding."""

import sqlalchemy as sa

from cirt.kernel.work import Work
from cirt.register.forwarding.models import Forwarding
from cirt.register.models import Report


def take_back(work: Work, report: Report) -> None:
    """It stays readable that it was forwarded, and that this was taken back."""
    work.session.execute(
        sa.update(Forwarding)
        .where(Forwarding.report_id == report.id, Forwarding.taken_back_at.is_(None))
        .values(taken_back_at=work.now)
    )
