"""How a link reads from the incident at hand."""

from cirt.kernel.text import mark
from cirt.register.relations.commands import Wish

LINK_WORDS = {
    Wish.PART_OF: mark("part of"),
    Wish.HAS_PART: mark("has this part"),
    Wish.FOLLOWS: mark("follows from"),
    Wish.LED_TO: mark("led to"),
    Wish.RELATED: mark("related to"),
}
