"""A peer's TAXII 2.1 server, through taxii2-client's objects over our own connection.

The connection gives what the library lacks: deadlines, size limits, no redirects, one origin, strict JSON, the
exact bytes of objects, and patience with Retry-After. This is the only room that imports taxii2-client.
"""
