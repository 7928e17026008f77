"""The gate: agreements, the rule, and the only maker of what leaves."""
