"""Cases in quarantine: what kinds there are, what is known of one, and the ways on that a person has."""
