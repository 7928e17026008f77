"""The one letter that the program writes by itself: it tells who reported by mail that we have it, and how to follow it."""
