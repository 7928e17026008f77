"""Notes and opinions of ours: new objects about others, which leave by the ordinary release only."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.exchange.remarks.commands import JudgeObject, NoteObject
from cirt.exchange.remarks.subject import find_subject
from cirt.kernel.work import Work
from cirt.objects import build
from cirt.objects.models import ObjectEnd, ObjectFacts, ObjectVersion, StixObject
from cirt.objects.store import Stored, put_many
from cirt.parties.peers import ourselves
from cirt.sharing.gate import show


def note_object(work: Work, cmd: NoteObject) -> Stored:
    """Write a note of ours about an object, whoever made it.

    Raises:
        NoSuchObject, MarkingLower, RedNotSaid, NotAllowed.
    """
    work.require("sighting:write")
    subject = find_subject(work, cmd.stix_id)
    made = build.new_note(
        about=[subject.stix_id],
        content=cmd.content,
        abstract=cmd.abstract or None,
        creator=ourselves(work.session).identity_id,
        at=work.now,
        marking_refs=subject.markings(cmd.tlp),
    )
    [stored] = put_many(work, [made], origin_id=None)
    work.audit("note.make", stored.stix_id, about=subject.stix_id, tlp=cmd.tlp)
    return stored


def judge_object(work: Work, cmd: JudgeObject) -> Stored:
    """Say how far we agree with an object. The house has one opinion of each: a later one is its next version.

    Raises:
        NoSuchObject, MarkingLower, RedNotSaid, NotAllowed.
    """
    work.require("sighting:write")
    subject = find_subject(work, cmd.stix_id)
    markings = subject.markings(cmd.tlp)
    creator = ourselves(work.session).identity_id
    before = _our_opinion(work.session, subject.stix_id, creator)
    if before is None:
        made = build.new_opinion(
            about=[subject.stix_id],
            opinion=cmd.opinion.value,
            explanation=cmd.explanation,
            creator=creator,
            at=work.now,
            marking_refs=markings,
        )
    else:
        said = {
            "opinion": cmd.opinion.value,
            "explanation": cmd.explanation,
            "object_marking_refs": markings,
        }
        made = build.new_version(show(work, before).body, said, work.now)
    [stored] = put_many(work, [made], origin_id=None)
    work.audit("opinion.make", stored.stix_id, about=subject.stix_id, tlp=cmd.tlp)
    return stored


def _our_opinion(session: Session, stix_id: str, creator: str) -> int | None:
    """The newest version of what we think of it, if we have said and not revoked it."""
    query = (
        sa.select(StixObject.newest_id)
        .join(ObjectVersion, ObjectVersion.id == StixObject.newest_id)
        .join(ObjectFacts, ObjectFacts.id == ObjectVersion.facts_id)
        .join(ObjectEnd, ObjectEnd.version_id == StixObject.newest_id)
        .where(
            ObjectEnd.stix_id == stix_id,
            StixObject.type == "opinion",
            StixObject.brought_by_id.is_(None),
            StixObject.revoked.is_(False),
            ObjectFacts.creator == creator,
        )
        .order_by(StixObject.id)
    )
    return session.scalars(query.limit(1)).one_or_none()
