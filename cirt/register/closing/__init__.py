"""What still stands open when an incident is to be closed."""
