"""Memory as the program uses it: little is copied between processes, and what was large goes back when it is free."""

import ctypes
import gc

_YOUNG = 20_000  # objects between two collections: a POST makes tens of thousands, and hardly any is garbage
# malloc.h. By default there are eight pools for each processor, and a block as large as any that was ever freed
# is kept: after one answer of 16 MiB a process would hold that much for ever, and more beside it.
_M_ARENA_MAX, _ARENAS = -8, 2
_M_MMAP_THRESHOLD, _LARGE = -3, 4 * 1024 * 1024


def spare_memory() -> None:
    """At the start, and before children are made: what is loaded by then stays common to them.

    A collection of garbage writes into every object that it looks at, and so gives each child its own copy; so
    garbage is looked for seldom, and never in what is loaded now. Only glibc has pools that can be limited.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG)
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        library.mallopt(_M_ARENA_MAX, _ARENAS)
        library.mallopt(_M_MMAP_THRESHOLD, _LARGE)
        library.malloc_trim(0)
