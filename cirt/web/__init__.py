"""The desk and the public counter: server-rendered pages, complete without script."""

from cirt.web.blueprint import make_blueprint

__all__ = ["make_blueprint"]
