"""Matches of arrivals and own observables as news: how many are new on which incident, never which pairs."""
