"""What a person should look at before deciding: personal data, validity, what expires soon."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from cirt.kernel.among import among
from cirt.kernel.clock import to_us
from cirt.kernel.text import mark
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.objects import codec
from cirt.objects.models import ObjectObservable
from cirt.objects.observables.kinds import Kind
from cirt.release.weighing import Asked, Weighed
from cirt.sharing.gate import release
from cirt.sharing.queries import staff_reader

SOON = timedelta(days=7)
_READ_AT_MOST = 500
_OF_PEOPLE = (Kind.EMAIL, Kind.PHONE)


@dataclass(frozen=True, slots=True)
class Check:
    """``sentence`` is marked for translation, with {count}."""

    is_good: bool
    sentence: str
    count: int = 0


def checks_of(work: Work, weighed: Weighed) -> list[Check]:
    """Of what would leave. Three queries."""
    going = [each for each in weighed.objects if each.version_id in weighed.going]
    if not going:
        return []
    return [_personal(work, going), *_valid(work, going), *_expiring(work, going)]


def _personal(work: Work, going: Sequence[Asked]) -> Check:
    query = sa.select(sa.func.count(sa.distinct(ObjectObservable.object_id))).where(
        among(ObjectObservable.object_id, [each.object_id for each in going]),
        ObjectObservable.kind.in_(_OF_PEOPLE),
    )
    count = work.session.scalar(query) or 0
    if not count:
        return Check(True, mark("No mail address or telephone number in the patterns"))
    return Check(
        False,
        mark("Patterns with a mail address or telephone number: {count}. It may be a person's."),
        count,
    )


def _valid(work: Work, going: Sequence[Asked]) -> list[Check]:
    """Read once more as a peer reads it, as far as the actor may read it."""
    ids = [each.version_id for each in going[:_READ_AT_MOST]]
    found = release(work, staff_reader(work.actor), None, ids)
    wrong = sum(isinstance(codec.read(each.body), codec.Refusal) for each in found)
    checks = []
    if found and not wrong:
        checks.append(Check(True, mark("Valid STIX 2.1, read once more: {count}"), len(found)))
    if wrong:
        checks.append(Check(False, mark("Not valid STIX 2.1: {count}. Send it back."), wrong))
    if len(found) < len(going):
        unread = len(going) - len(found)
        is_red = any(each.tlp is Tlp.RED for each in going)
        words = (
            mark("Not read here, for they are TLP:RED and you are not named on them: {count}")
            if is_red
            else mark("Not read once more here, for there are too many: {count}")
        )
        checks.append(Check(False, words, unread))
    return checks


def _expiring(work: Work, going: Sequence[Asked]) -> list[Check]:
    now_us, soon_us = to_us(work.now), to_us(work.now + SOON)
    ends = [each.valid_until_us for each in going if each.valid_until_us is not None]
    over = sum(end <= now_us for end in ends)
    soon = sum(now_us < end <= soon_us for end in ends)
    checks = []
    if over:
        checks.append(Check(False, mark("Indicators that are no longer valid: {count}"), over))
    if soon:
        checks.append(Check(False, mark("Indicators that expire within 7 days: {count}"), soon))
    if ends and not over and not soon:
        checks.append(Check(True, mark("No indicator expires within 7 days")))
    return checks
