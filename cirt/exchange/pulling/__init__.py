"""Reading a peer's collection, page by page."""
