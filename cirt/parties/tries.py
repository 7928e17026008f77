"""Wrong passwords of peers, counted per name and source. They never lock out the right one.

They share the table with the accounts' failures under a prefix of their own, so that a peer behind the same
address as the team cannot keep the team from signing in.
"""

from datetime import timedelta

import sqlalchemy as sa

from cirt.kernel.work import Work
from cirt.parties.models import SignInFailure

WINDOW = timedelta(minutes=15)
_PER_NAME_AND_SOURCE = 10
_PER_SOURCE = 50
_PREFIX = "taxii:"


def note_peer_failure(work: Work, username: str, source: str) -> bool:
    """Count one wrong password; True if this name from this source, or the source, is over its limit.

    What comes over the limit is not written down: the limit also bounds the table and the trail.
    """
    name, place = _PREFIX + username[:200], _PREFIX + source[:50]
    failures = sa.select(sa.func.count()).where(
        SignInFailure.source == place, SignInFailure.at > work.now - WINDOW
    )
    from_source = work.session.scalar(failures) or 0
    of_name = work.session.scalar(failures.where(SignInFailure.name == name)) or 0
    if from_source >= _PER_SOURCE or of_name >= _PER_NAME_AND_SOURCE:
        return True
    work.session.add(SignInFailure(name=name, source=place, at=work.now))
    work.audit("peer.sign-in-refused", username[:200], source=source[:50])
    return False
