"""What can be wrong with the further facts of an incident."""

from cirt.kernel.errors import Invalid
from cirt.kernel.text import mark


class SectorUnknown(Invalid):
    code = "sector-unknown"
    message = mark("There is no sector “{given}”. Choose sectors from the list.")


class CountryUnknown(Invalid):
    code = "country-unknown"
    message = mark("“{given}” is no country code. Use two letters as in ISO 3166, like KE.")


class PriorityNeedsReason(Invalid):
    code = "priority-needs-reason"
    message = mark("You set the priority by hand. Say why, or leave it to severity and sectors.")


class SeverityNeedsReason(Invalid):
    code = "severity-needs-reason"
    message = mark("The score says {proposed} and you chose {chosen}. Say why.")
