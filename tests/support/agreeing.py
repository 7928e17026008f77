"""Agreements at the desk: terms as a form gives them, changes asked for and decided, and polls of a peer."""

import base64
from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import Flask
from sqlalchemy.orm import Session

from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Actor
from cirt.parties.four_eyes.commands import DecideRequest, Ruling
from cirt.parties.four_eyes.service import find_request
from cirt.release import agreeing
from cirt.release.agreeing import Agreed
from cirt.release.previewing.surroundings import surroundings
from cirt.sharing.agreements.changes import draft_agreement, propose_change
from cirt.sharing.agreements.commands import WriteTerms
from cirt.sharing.agreements.models import AgreementChange
from cirt.sharing.case import terms_rule
from cirt.sharing.facts import Terms
from cirt.sharing.models import Direction, Level
from cirt.sharing.queries import find_agreement, peer_reader
from tests.support.browse import PASSWORD

MEDIA = "application/taxii+json;version=2.1"


def agreement_in_force(session: Session, peer_id: int, now: datetime) -> Terms | None:
    """The terms that hold between us and this peer; None where there are none or it is suspended."""
    reader = peer_reader(session, peer_id, now)
    return None if reader.suspended or terms_rule(reader.terms, now) else reader.terms


def written(**more: Any) -> WriteTerms:
    """As the form of an agreement of ``a_reader`` says, unless told otherwise."""
    given = {
        "level": Level.MOU,
        "direction": Direction.BOTH,
        "ceiling": Tlp.AMBER,
        "ceiling_in": Tlp.AMBER_STRICT,
        "attribution": True,
        "reason": "As talked over",
        "version": 1,
        **more,
    }
    return WriteTerms(**given)


def asked_for(program: Program, actor: Actor, reference: str, **more: Any) -> int:
    """A change against the present version; its number."""
    with program.work(actor) as work:
        version = find_agreement(work.session, reference).version
        return propose_change(work, reference, written(**{"version": version, **more})).id


def drafted(program: Program, actor: Actor, slug: str = "cert-b", **more: Any) -> int:
    with program.work(actor) as work:
        return draft_agreement(work, slug, written(**{"version": 0, **more})).id


def ruled(
    program: Program,
    actor: Actor,
    change_id: int,
    ruling: Ruling = Ruling.APPROVED,
    comment: str = "",
) -> Agreed:
    with program.work(actor, write=False) as work:
        digest = find_request(work.session, AgreementChange, change_id).digest
        seen = surroundings(work)
    with program.work(actor) as work:
        return agreeing.decide(work, DecideRequest(change_id, ruling, comment, digest, seen))


def narrowed(program: Program, actor: Actor, reference: str, **more: Any) -> None:
    with program.work(actor) as work:
        version = find_agreement(work.session, reference).version
        agreeing.narrow(work, reference, replace(written(**more), version=version))


def polled(app: Flask, username: str, alias: str, *, limit: int = 7) -> list[str] | None:
    """The ids that a peer gets by TAXII, page after page; None where the collection does not exist for it."""
    secret = base64.b64encode(f"{username}:{PASSWORD}".encode()).decode()
    headers = {"Authorization": f"Basic {secret}", "Accept": MEDIA}
    found: list[str] = []
    query: dict[str, Any] = {"limit": limit}
    while True:
        path = f"/taxii2/national/collections/{alias}/objects/"
        answer = app.test_client().get(path, headers=headers, query_string=query)
        if answer.status_code == 404:
            return None
        assert answer.status_code == 200, answer.text
        envelope = answer.get_json()
        found += [each["id"] for each in envelope.get("objects", [])]
        if not envelope.get("more"):
            return found
        query = {"limit": limit, "next": envelope["next"]}
