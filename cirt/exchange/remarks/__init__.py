"""What we and others say of objects: notes, opinions, sightings, each an object of its own."""
