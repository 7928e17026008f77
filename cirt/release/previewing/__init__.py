"""What a change would open and close before anybody makes it: for the peer that it is about, and for every other."""
