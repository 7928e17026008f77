"""A STIX 2.1 bundle of exact bytes, with the definitions of the markings that occur."""

import uuid

from cirt.objects.markings import TLP2_DEFINITIONS, TLP2_IDS
from cirt.release.exporting.rows import Going, Label


class BundleWriter:
    """A bundle has no marking of its own (STIX 2.1, section 8): the definitions come first, the strictest at the head."""

    media_type = "application/stix+json;version=2.1"
    ending = "stix.json"
    between = b",\n"
    brings_definitions = True

    def row(self, going: Going) -> bytes:
        return b"" if going.released.stix_id in TLP2_IDS else going.released.body

    def head(self, label: Label) -> bytes:
        definitions = b",\n".join(TLP2_DEFINITIONS[level] for level in label.levels)
        name = f"bundle--{uuid.uuid4()}".encode()
        return b'{"type":"bundle","id":"%s","objects":[\n%s,\n' % (name, definitions)

    def tail(self, label: Label) -> bytes:
        return b"\n]}\n"
