"""Reports and incidents that are one: joined by reference and parted again, with nothing moved or glued together."""
