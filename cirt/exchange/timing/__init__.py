"""When a link runs: its schedule, its slots, and how long it waits after a failure. Pure, no clock."""
