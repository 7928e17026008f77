"""What goes to named persons by encrypted mail: queued by the last approval, kept as a ledger of its own."""
