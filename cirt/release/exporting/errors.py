"""What can go wrong with exports."""

from cirt.kernel.errors import Invalid, NotFound
from cirt.kernel.text import mark


class NothingToExport(Invalid):
    code = "nothing-to-export"
    message = mark(
        "Nothing of this may go into such a file for {audience}. Choose another audience or format, or ask for a "
        "release first."
    )


class NoSuchExport(NotFound):
    code = "no-such-export"
    message = mark("There is nothing here of that name that you may see.")
