"""STIX patterns: read safely, whatever their length and depth, and written for an observable."""
