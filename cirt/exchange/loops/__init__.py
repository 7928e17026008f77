"""What keeps objects from going in circles between peers (sharing digest, section 6)."""
