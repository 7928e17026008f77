"""The year behind the demo: five campaigns and thousands of small reports, the same in every telling."""

from cirt.boot.year.play import DAYS, Told, tell_year

__all__ = ["DAYS", "Told", "tell_year"]
