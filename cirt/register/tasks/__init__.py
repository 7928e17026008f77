"""Tasks of an incident: who does what until when."""
