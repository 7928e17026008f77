"""What cannot be done with an alert."""

from cirt.kernel.errors import NotFound
from cirt.kernel.text import mark


class NoSuchLineAlert(NotFound):
    code = "no-such-line-alert"
    message = mark("Alert {id} does not stand, or somebody has said already that it is expected.")
