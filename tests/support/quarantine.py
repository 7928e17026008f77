"""What was held or refused, as rows."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.exchange.models import Quarantined


def list_quarantine(session: Session) -> list[Quarantined]:
    """What is not settled, oldest first."""
    query = sa.select(Quarantined).where(Quarantined.settled_at.is_(None))
    return list(session.scalars(query.order_by(Quarantined.id)))
