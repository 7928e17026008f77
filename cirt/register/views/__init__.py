"""Views of the queue that somebody saved, for themselves or for the team."""
