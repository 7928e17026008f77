"""How long a report may wait for its first look, by where it came from."""

from collections.abc import Mapping
from datetime import timedelta

from cirt.kernel.settings import Settings, SettingsWrong
from cirt.register.models import ReportSource


def first_look(settings: Settings) -> Mapping[ReportSource, timedelta]:
    """As set: ``first_look_minutes``, and ``first_look`` for single sources.

    Raises:
        SettingsWrong: there is no such source.
    """
    unknown = sorted(set(settings.first_look) - set(ReportSource))
    if unknown:
        reason = f"there is no source {unknown[0]}. Known are: {', '.join(ReportSource)}."
        raise SettingsWrong(name="first_look", place="the settings", reason=reason)
    return {
        source: timedelta(minutes=settings.first_look.get(source, settings.first_look_minutes))
        for source in ReportSource
    }
