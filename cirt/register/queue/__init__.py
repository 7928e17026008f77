"""The queue of triage: its views and filters, its lines, its counts, and one report as it is read."""
