"""What every room stands on: settings, database, work, errors, clock, audit, jobs. No Flask, no domain."""
