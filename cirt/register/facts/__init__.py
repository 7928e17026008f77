"""What an incident is, beside its title and owner: further classes, sectors, countries, PAP, priority."""
