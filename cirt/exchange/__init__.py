"""Links to peers: what arrives, what is sent, and how each link is doing."""
