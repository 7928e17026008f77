"""The facts of an incident that are asked for beyond the first ones."""

from dataclasses import dataclass

from cirt.register.facts.kinds import Pap, Priority


@dataclass(frozen=True, slots=True)
class MoreFacts:
    """``pap`` None: as the TLP says; ``priority`` None: as severity and sectors say."""

    classes: tuple[str, ...] = ()  # beside the primary one: fraud/phishing, intrusions/
    sectors: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    pap: Pap | None = None
    is_cross_border: bool = False
    priority: Priority | None = None
