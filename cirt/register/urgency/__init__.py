"""How soon somebody should look at a report: a first guess of its severity, and the targets."""
