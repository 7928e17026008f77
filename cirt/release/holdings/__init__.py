"""Who holds what of ours: what was offered, fetched or handed out, when, by which way, under which marking and agreement."""
