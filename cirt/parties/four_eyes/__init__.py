"""What one person asks for and another decides: both may at that moment, and it is still what the page showed."""
