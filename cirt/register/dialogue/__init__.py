"""What is said between us and whoever reported: questions, letters, answers, each kept as it was sent."""
