"""The public counter: report an incident without an account, and follow what becomes of it."""

from cirt.web.pages.public import counter, follow
from cirt.web.pages.public.bp import bp

__all__ = ["bp", "counter", "follow"]
