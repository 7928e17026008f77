"""Links with peers: their terms, when they run, and what a run would bring or cost."""
