"""Forms that have done their work, so that one sent twice acts once."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.inserting import insert_new
from cirt.parties.models import UsedForm


def spend(session: Session, key: str, now: datetime) -> bool:
    """Note the form in the transaction of its act. False if it has acted; waits for one that is acting."""
    new = insert_new(session.connection(), UsedForm, "key").values(key=key, at=now, led_to="")
    return session.execute(new.returning(UsedForm.key)).one_or_none() is not None


def give_back(session: Session, key: str) -> None:
    """Nothing came of it, so that it may be sent again."""
    session.execute(sa.delete(UsedForm).where(UsedForm.key == key))


def note_place(session: Session, key: str, path: str) -> None:
    """Where the answer led, for whoever sends the form again."""
    session.execute(sa.update(UsedForm).where(UsedForm.key == key).values(led_to=path))


def place(session: Session, key: str) -> str:
    """What ``note_place`` noted; empty before."""
    return session.scalar(sa.select(UsedForm.led_to).where(UsedForm.key == key)) or ""


def tidy(session: Session, before: datetime) -> None:
    """Forget old ones; no session lasts as long."""
    session.execute(sa.delete(UsedForm).where(UsedForm.at < before))
