"""Which reports are alike, and which look like spam; guesses with their reasons, never decisions."""
