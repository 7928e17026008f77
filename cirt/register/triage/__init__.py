"""What becomes of a report: who looks at it, the decision, and taking it back."""
