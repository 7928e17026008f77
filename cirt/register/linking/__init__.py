"""What belongs together without being one: reports and incidents, reports and reports."""
