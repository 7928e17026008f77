"""Forms of the exchange: sightings."""

from cirt.exchange.sightings import MAX_COUNT, ReportSighting
from cirt.inputs.base import CommandInput, Whole
from cirt.inputs.several import Day
from cirt.kernel.text import mark


class ReportSightingInput(CommandInput[ReportSighting]):
    """The edge adds ``stix_id``."""

    command = ReportSighting

    count = Whole(
        1, MAX_COUNT, say=mark("Enter how many times it was seen: a whole number from 1 on.")
    )
    first = Day()
    last = Day()

    def problems(self, command: ReportSighting) -> dict[str, list[str]]:
        if command.first > command.last:
            return {"last": [mark("The last day is before the first one. Swap them.")]}
        return {}
