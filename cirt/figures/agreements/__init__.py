"""What was given and received under one agreement, how fast, what was refused and why; counts only."""
