"""Public API for connectors; imports nothing of ours."""
