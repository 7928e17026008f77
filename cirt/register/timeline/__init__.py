"""The timeline of an incident: what the team did, and beside it when the attack did what."""
