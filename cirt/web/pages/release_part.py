"""Preparing a part with a lower marking: what would be taken out, the exact result, and then the ordinary request."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from cirt.inputs.parts import PreparePartInput
from cirt.kernel.clock import to_us
from cirt.kernel.errors import FieldsInvalid, NotFound
from cirt.kernel.keys import TokenWrong
from cirt.kernel.tlp import Tlp
from cirt.release.parts.commands import PreparePart, Seed
from cirt.release.parts.errors import PartChanged, PartEmpty, PartHigh, WordShort
from cirt.release.parts.gathering import words_of
from cirt.release.parts.originals import Original, originals
from cirt.release.parts.rules import WHY_NOT
from cirt.release.parts.service import Draft, draft_part, make_part
from cirt.release.parts.words import WORD_KINDS, Word
from cirt.web.errors import status_of
from cirt.web.forms import Form, refused, sent, typed_values, wants
from cirt.web.frame import render
from cirt.web.pages.releases import bp
from cirt.web.paths import path_of
from cirt.web.session import open_work, this_program, visit

_DRAFT = "release-part"
_MILLISECOND_US = 1000


@dataclass(frozen=True, slots=True)
class _Shown:
    """What the page showed: from which seed it was drawn, and the digest of its bytes."""

    seed: Seed
    digest: str


@bp.get("/release/part")
def part() -> Response:
    return _page(_source(request.args), Form())


@bp.post("/release/part")
def prepare() -> AnyResponse:
    """Show what would be made, or make exactly what was shown."""
    source = _source({name: wants(name) for name in ("incident", "release")})
    try:
        given = sent("stix_ids", without=["incident", "release", "act", "shown"])
        cmd = PreparePartInput().read(given, **source)
        shown = _opened(wants("shown"))
        if wants("act") == "make" and shown is not None:
            with open_work() as work:
                made = make_part(work, cmd, shown.seed, shown.digest)
            ids = [each for each in made if each.startswith("indicator--")]
            return redirect(path_of("release.new", stix_ids=ids, done="part"), 303)
        return _draft_page(source, cmd, Form(typed_values()))
    except PartChanged as error:
        return _draft_page(source, cmd, refused(error), status_of(error))
    except PartEmpty as error:
        return _draft_page(source, cmd, refused(error, at="stix_ids"), status_of(error))
    except (FieldsInvalid, PartHigh, WordShort) as error:
        at = "words" if isinstance(error, WordShort) else "tlp"
        return _page(source, refused(error, at=at), status_of(error))


def _source(given: Mapping[str, str]) -> dict[str, str]:
    """An incident or a release, by reference.

    Raises:
        NotFound: neither is named.
    """
    source = {name: given[name] for name in ("incident", "release") if given.get(name)}
    if len(source) != 1:
        raise NotFound
    return source


def _draft_page(
    source: dict[str, str], cmd: PreparePart, form: Form, status: int = HTTPStatus.OK
) -> Response:
    """A new draft each time; ids and moment are those that will be, if it is made."""
    now_us = to_us(visit().now) // _MILLISECOND_US * _MILLISECOND_US
    seed = Seed(secrets.token_hex(16), now_us)
    with open_work(write=False) as work:
        draft = draft_part(work, cmd, seed)
    token = this_program().keys.sign(_DRAFT, [seed.secret, seed.at_us, draft.digest])
    return _page(source, form, status, draft, token)


def _opened(token: str) -> _Shown | None:
    try:
        secret, at_us, digest = this_program().keys.open(_DRAFT, token)
    except (TokenWrong, ValueError, TypeError):
        return None
    return _Shown(Seed(str(secret), int(at_us)), str(digest))


def _page(
    source: dict[str, str],
    form: Form,
    status: int = HTTPStatus.OK,
    draft: Draft | None = None,
    token: str = "",
) -> Response:
    with open_work(write=False) as work:
        work.require("indicator:write")
        found = originals(work, source.get("incident"), source.get("release"))
        ids = [each.object_id for each in found]
        words = draft.words if draft else words_of(work, ids, source.get("incident"))
    return render(
        "release/part.html",
        status,
        form=form,
        source=source,
        found=found,
        lower=_lower(found),
        words=_by_kind(words),
        word_kinds=WORD_KINDS,
        why_not=WHY_NOT,
        draft=draft,
        token=token,
    )


def _lower(found: list[Original]) -> list[Tlp]:
    """Markings below the strictest; the next lower one first."""
    strictest = max((each.tlp for each in found), default=Tlp.CLEAR)
    return [level for level in sorted(Tlp, reverse=True) if level < strictest]


def _by_kind(words: list[Word]) -> dict[Any, list[str]]:
    by_kind: dict[Any, list[str]] = {}
    for word in words:
        by_kind.setdefault(word.kind, []).append(word.text)
    return by_kind
