"""Changes that one person asks for and another decides, and the warnings that were given before an end."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cirt.kernel.db import Base
from cirt.parties.four_eyes.models import FourEyes


class AgreementChange(FourEyes, Base):
    """New terms or a new state for an agreement, against one version of it."""

    __tablename__ = "agreement_change"

    agreement_id: Mapped[int] = mapped_column(sa.ForeignKey("agreement.id"), index=True)
    base_version: Mapped[int]
    wanted: Mapped[dict[str, Any]]  # as in AgreementVersion


class AgreementWarning(Base):
    """Leads were told so many days before this end; once, whatever the clock or a restart does."""

    __tablename__ = "agreement_warning"

    agreement_id: Mapped[int] = mapped_column(sa.ForeignKey("agreement.id"), primary_key=True)
    valid_until: Mapped[datetime] = mapped_column(primary_key=True)
    days: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
