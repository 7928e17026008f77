"""``make bench``: figures as JSON lines; nothing here is a test, and no test is timed."""
