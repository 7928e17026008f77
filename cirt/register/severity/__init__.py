"""How severe an incident is, worked out from questions about its impact."""
