"""Looks at regular expressions of peers without ever running one."""

import re
import warnings

MAX_REGEX_LENGTH = 1_000
MAX_REGEX_GROUPS = 100  # keeps the compiler of ``re`` far from its recursion limit

# Patterns speak PCRE, which knows more than ``re``. Only what no dialect takes is refused.
BROKEN_IN_EVERY_DIALECT = frozenset(
    {
        "missing ), unterminated subpattern",
        "unbalanced parenthesis",
        "unterminated character set",
        "nothing to repeat",
        "bad escape (end of pattern)",
    }
)


def regex_problem(regex: str) -> str | None:
    """What is wrong with a regular expression; it is compiled and never run."""
    if len(regex) > MAX_REGEX_LENGTH:
        return f"longer than {MAX_REGEX_LENGTH} characters"
    if regex.count("(") > MAX_REGEX_GROUPS:
        return f"more than {MAX_REGEX_GROUPS} groups"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(regex, re.DOTALL)
    except (re.error, OverflowError) as error:
        return error.msg if isinstance(error, re.error) else str(error)
    return None
