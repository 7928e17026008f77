"""How objects come in: by which door, what becomes of each, and what follows from it."""
