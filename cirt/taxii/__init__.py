"""The TAXII 2.1 server: reads requests, asks the rooms below, joins the answers."""

from cirt.taxii.blueprint import make_blueprint

__all__ = ["make_blueprint"]
