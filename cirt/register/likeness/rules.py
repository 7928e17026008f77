"""When two reports are likely one, and when one looks like spam; the reasons are sentences. Pure.

Both are guesses for a person's eye; nothing is ever decided by them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from cirt.kernel.text import mark
from cirt.register.models import ReportState

Reason = tuple[str, dict[str, object]]  # a marked sentence and its values

_MUCH, _SOME = 0.5, 0.25
_SPAM_AT = 50
_FEW_CHARACTERS = 80  # to a link; a report that tells something has more
_MANY_LINKS = 3

_THE_SAME_TEXT = mark("The same text.")
_SENTENCES = mark("{shared} of {count} sentences alike.")
_SHARE = mark("About {share} of 100 parts of the text alike.")
_ONE_SHARED = mark("The same {value}.")
_SHARED = mark("{count} observables in both.")
_SENDER = mark("The same contact.")
_ORGANISATION = mark("The same organisation.")


@dataclass(frozen=True, slots=True)
class Likeness:
    """How another report resembles one. ``text`` is the share of alike text, from 0 to 1."""

    reference: str
    title: str
    state: ReportState
    text: float = 0.0
    shared: tuple[str, ...] = ()  # observables, defanged
    same_contact: bool = False
    same_organisation: bool = False
    sentences: tuple[int, int] | None = None  # alike, of how many; where both texts were read

    @property
    def score(self) -> float:
        who = 0.2 * self.same_contact + 0.1 * self.same_organisation
        return self.text + 0.15 * min(len(self.shared), 4) + who

    @property
    def is_likely(self) -> bool:
        """One sign that speaks for itself, or two that support each other."""
        supported = self.same_contact or self.same_organisation or self.text >= _SOME
        return (
            self.text >= _MUCH
            or len(self.shared) > 1
            or (bool(self.shared) and supported)
            or (self.same_contact and self.text >= _SOME)
        )

    @property
    def reasons(self) -> list[Reason]:
        return [*self._of_text(), *self._of_observables(), *self._of_people()]

    def _of_text(self) -> list[Reason]:
        if self.sentences is not None and self.sentences[0]:
            shared, count = self.sentences
            if shared == count:
                return [(_THE_SAME_TEXT, {})]
            return [(_SENTENCES, {"shared": shared, "count": count})]
        return [(_SHARE, {"share": round(100 * self.text)})] if self.text >= _SOME else []

    def _of_observables(self) -> list[Reason]:
        if len(self.shared) == 1:
            return [(_ONE_SHARED, {"value": self.shared[0]})]
        return [(_SHARED, {"count": len(self.shared)})] if self.shared else []

    def _of_people(self) -> list[Reason]:
        said = ((self.same_contact, _SENDER), (self.same_organisation, _ORGANISATION))
        return [(sentence, {}) for holds, sentence in said if holds]


@dataclass(frozen=True, slots=True)
class SpamFacts:
    characters: int
    links: int
    is_named: bool  # somebody says who they are
    alike: Sequence[Likeness]  # other reports, also those that were decided


@dataclass(frozen=True, slots=True)
class SpamGuess:
    """Out of 100 or more; what adds up to it is said."""

    score: int
    reasons: list[Reason]


def guess_spam(facts: SpamFacts) -> SpamGuess | None:
    """None where little speaks for it."""
    found: list[tuple[int, Reason]] = []
    spam = [one for one in facts.alike if one.state is ReportState.SPAM]
    text = max(spam, key=lambda one: one.text, default=None)
    if text is not None and text.text >= _MUCH:
        said = mark("Much like {reference}, which was spam.")
        found.append((60, (said, {"reference": text.reference})))
    sender = next((one for one in spam if one.same_contact), None)
    if sender is not None:
        said = mark("From the same contact as {reference}, which was spam.")
        found.append((50, (said, {"reference": sender.reference})))
    if facts.links >= _MANY_LINKS and facts.characters < facts.links * _FEW_CHARACTERS:
        said = mark("{links} links in {characters} characters.")
        found.append((40, (said, {"links": facts.links, "characters": facts.characters})))
    if found and not facts.is_named:
        found.append((10, (mark("Nobody says who they are."), {})))
    score = sum(points for points, _ in found)
    return SpamGuess(score, [reason for _, reason in found]) if score >= _SPAM_AT else None
