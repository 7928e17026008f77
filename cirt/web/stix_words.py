"""What people call the types of STIX objects; a type that we do not know is shown as it stands."""

from cirt.kernel.text import mark
from cirt.web import i18n

TYPES = {
    "attack-pattern": mark("Attack patterns"),
    "campaign": mark("Campaigns"),
    "course-of-action": mark("Courses of action"),
    "extension-definition": mark("Definitions of extensions"),
    "grouping": mark("Groupings"),
    "identity": mark("Identities"),
    "indicator": mark("Indicators"),
    "infrastructure": mark("Infrastructure"),
    "intrusion-set": mark("Intrusion sets"),
    "location": mark("Locations"),
    "malware": mark("Malware"),
    "malware-analysis": mark("Analyses of malware"),
    "marking-definition": mark("Definitions of markings"),
    "note": mark("Notes"),
    "observed-data": mark("Observed data"),
    "opinion": mark("Opinions"),
    "relationship": mark("Relationships"),
    "report": mark("Threat reports"),
    "sighting": mark("Sightings"),
    "threat-actor": mark("Threat actors"),
    "tool": mark("Tools"),
    "vulnerability": mark("Vulnerabilities"),
}


def type_words(name: str) -> str:
    return i18n.translate(TYPES[name]) if name in TYPES else name
