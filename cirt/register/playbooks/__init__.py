"""Playbooks: lists of tasks for a kind of incident, included ones and the team's own."""
