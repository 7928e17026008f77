"""What may be said of an object, whoever made it."""

from dataclasses import dataclass
from enum import StrEnum

from cirt.kernel.tlp import Tlp


class Opinion(StrEnum):
    """How far we agree (STIX 2.1, section 10.17)."""

    STRONGLY_DISAGREE = "strongly-disagree"
    DISAGREE = "disagree"
    NEUTRAL = "neutral"
    AGREE = "agree"
    STRONGLY_AGREE = "strongly-agree"


@dataclass(frozen=True, slots=True)
class NoteObject:
    stix_id: str
    content: str
    tlp: Tlp
    abstract: str = ""


@dataclass(frozen=True, slots=True)
class JudgeObject:
    stix_id: str
    opinion: Opinion
    explanation: str
    tlp: Tlp
