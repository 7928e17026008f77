"""Observables: read out of objects and text, each in the one spelling by which it is found again."""
