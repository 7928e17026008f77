"""The bin: what was deleted, kept for thirty days and brought back by one act."""
