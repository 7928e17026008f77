"""Lines, which are links and connectors alike: what each brings by day, its habit, and alerts for people."""
