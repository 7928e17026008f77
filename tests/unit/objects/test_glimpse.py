"""What any text shows of markings, in little memory however long it is."""

import tracemalloc

from cirt.kernel.tlp import Tlp
from cirt.objects.glimpse import glimpse
from cirt.objects.markings import TLP2_REFS

RED = TLP2_REFS[Tlp.RED]


def test_a_text_too_long_to_be_built_refers_to_every_marking_that_it_names() -> None:
    raw = b'{"x":[' + b"{}," * 2_000_000 + b'{}],"object_marking_refs":["' + RED.encode() + b'"]}'
    tracemalloc.start()
    try:
        found = glimpse(raw)
        assert tracemalloc.get_traced_memory()[1] < 40 * 1024 * 1024
    finally:
        tracemalloc.stop()
    assert found.refs == {RED}
