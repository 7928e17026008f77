"""The further facts as the forms of new and edited incidents show them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cirt.register.facts.kinds import (
    PAP_WORDS,
    PRIORITY_WORDS,
    FacetKind,
    Pap,
    Priority,
)
from cirt.register.facts.places import SECTORS
from cirt.register.facts.queries import Facets
from cirt.register.models import Incident
from cirt.web import i18n
from cirt.web.forms import Form
from cirt.web.words import code_words

Choices = Sequence[tuple[str, str]]
LISTS = ("more_classes", "sectors")  # fields that may come several times


@dataclass(frozen=True, slots=True)
class MoreFields:
    """What each field shows: as it was typed, else as it is saved."""

    classes: Choices
    ticked: Mapping[str, frozenset[str]]  # of the fields with several values
    sectors: Choices
    countries: str
    pap: str
    paps: Choices
    is_cross_border: bool
    priority: str
    priorities: Choices
    is_open: bool  # something is wrong or already said there


def more_fields(form: Form, incident: Incident | None, facets: Facets | None) -> MoreFields:
    saved = facets or {kind: [] for kind in FacetKind}
    was_sent = "has_more" in form.values
    classes = form.chosen("more_classes") if was_sent else saved[FacetKind.CLASS]
    sectors = form.chosen("sectors") if was_sent else saved[FacetKind.SECTOR]
    by_hand = str(incident.priority) if incident and incident.priority_reason else ""
    crosses = (
        "is_cross_border" in form.values
        if was_sent
        else bool(incident and incident.is_cross_border)
    )
    return MoreFields(
        classes=[(code, code_words(code)) for code in {*saved[FacetKind.CLASS], *classes}],
        ticked={"more_classes": frozenset(classes), "sectors": frozenset(sectors)},
        sectors=sorted(((code, i18n.translate(each)) for code, each in SECTORS.items()), key=_name),
        countries=form.value("countries", ", ".join(saved[FacetKind.COUNTRY])),
        pap=form.value("pap", incident.pap.value if incident and incident.pap else ""),
        paps=[(pap.value, f"{pap.label}: {i18n.translate(PAP_WORDS[pap])}") for pap in Pap],
        is_cross_border=crosses,
        priority=form.value("priority", by_hand),
        priorities=[(str(int(each)), i18n.translate(PRIORITY_WORDS[each])) for each in Priority],
        is_open=bool(form.errors or classes or sectors or by_hand),
    )


def _name(choice: tuple[str, str]) -> str:
    return choice[1].casefold()
