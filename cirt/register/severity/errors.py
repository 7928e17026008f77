"""What can be wrong with a score."""

from cirt.kernel.errors import Invalid
from cirt.kernel.text import mark


class AnswersMissing(Invalid):
    code = "answers-missing"
    message = mark("Answer every question; “Not known” is an answer where it stands.")
