"""What was last refused of a webhook and why, for whoever looks after it; never a word of what was sent."""

from datetime import timedelta

import sqlalchemy as sa

from cirt.kernel.errors import CirtError
from cirt.kernel.work import Work
from cirt.register import texts
from cirt.register.webhook.errors import REFUSALS, TokenRefused
from cirt.register.webhook.models import Webhook

_ONCE_IN = timedelta(minutes=1)


def is_worth_noting(work: Work, name: str, error: CirtError) -> bool:
    """A further refusal of the same kind tells nothing new, nor does a stranger's right after another one."""
    if error.code not in REFUSALS:
        return False
    row = work.session.execute(
        sa.select(Webhook.refused_at, Webhook.refused_why).where(
            Webhook.name == texts.storable(name), Webhook.removed_at.is_(None)
        )
    ).one_or_none()
    if row is None:
        return False
    if row.refused_at is None or work.now - row.refused_at >= _ONCE_IN:
        return True
    is_same = (row.refused_why or {}).get("code") == error.code
    return not is_same and not isinstance(error, TokenRefused)


def note_refusal(work: Work, name: str, error: CirtError, size: int) -> None:
    """``size`` in bytes, as far as it was read; 0 where nothing was."""
    query = sa.select(Webhook).where(Webhook.name == texts.storable(name)).with_for_update()
    webhook = work.session.scalars(query).one_or_none()
    if webhook is None:
        return
    values = {key: texts.storable(str(value))[:300] for key, value in error.values.items()}
    webhook.refused_at = work.now
    webhook.refused_why = {"code": error.code, "values": values, "size": size}
