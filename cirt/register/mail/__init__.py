"""Mails that come in: taken apart, judged, and kept as a report or as the answer they are."""
