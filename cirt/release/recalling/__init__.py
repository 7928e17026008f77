"""Recalls as rows: what was taken back and why, who must still hear of it, and the letters that tell them."""
