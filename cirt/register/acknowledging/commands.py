"""What may be asked of the acknowledging of mails."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SetAcknowledging:
    """``language`` is for reporters whose own is not known."""

    is_on: bool
    language: str
    version: int


@dataclass(frozen=True, slots=True)
class SaveAcknowledgement:
    language: str
    subject: str
    body: str
    version: int


@dataclass(frozen=True, slots=True)
class RestoreAcknowledgement:
    """To the words that come with the program."""

    language: str
    version: int
