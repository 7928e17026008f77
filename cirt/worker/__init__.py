"""The scheduler loop and the table of jobs."""
