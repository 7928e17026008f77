"""Exchange without a line: the rows of a peer's feed, carried by a signed file (docs/carried.md)."""
