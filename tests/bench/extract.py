"""Reading observables out of text: how well, on the labelled set, and how fast, on texts of all kinds."""

# ruff: noqa: RUF001  (look-alike characters are among the shapes)
import random
import re
import time
from typing import Any

from cirt.register.extract import find
from tests.bench.measure import Goal, emit, rounded
from tests.support.labelled import Score, labelled, scored

_F1, _PRECISION, _RECALL = Goal(0.92, 0.98), Goal(0.95, 0.98), Goal(0.90, 0.98)
_MIXED = Goal(1.0, 0.5)  # seconds for a million characters
_MONOTONOUS = Goal(1.0, 0.8)  # seconds for the worst of all shapes
_LARGE, _LONG = 1_000_000, 500_000  # characters
# What has made expressions slow: runs of one sign, halves of pairs, beginnings that never end.
SHAPES = (
    *"a1/\\@:.-_0f+%([{<\"'«“*#=;,|~$&?! \n\tاя中。：\u200b\u00ad",
    "1.", "a.", "1.1.1.", "a@", "a@a.", "a-", "ab ", "a b ", "[.]", "[dot]", "((.)", "()", "{}", "[]", "\r\n", "x\n",
    "http://", "http://[", "http://a@", "http://a.b/", "<http://a\n", "hxxp", "://", "www.", "a.com ", "a.b/", ".com",
    "1.2.3.4 ", "v 1.2.3.4 ", "1.1.1.1/", "1.1.1.1:1 ", "::", "a:", "ab:", "3:aa:", "../", "/a/", "/tmp/", "C:\\",
    "C:\\a b\\", "C:\\a b ", "\\\\", "\\\\a\\", "%a%", "HKLM\\", "Global\\", "mutex ", 'mutex "', "0x", "0x" + "aB" * 20 + " ",
    "1A", "bc1q", "4a", "T1059", "T1059.001 ", "AS1 ", "CVE-1", "+7(", "+1 ", "(00", "tel ", "tel. 1-", "8 (", "serial ",
    "serial: 0", "ja3 ", "ja3,", "a" * 32 + " ", "commit " + "a1" * 20 + " ", "user-agent:", 'user-agent "', "Mozilla/5.0 (",
    "Mozilla/5.0 (a) ", '" 200 1 "', "curl/1 ", "message-id: <", "references:<a> ", " dot ", "a dot ", "a at a dot ", "点", "a点",
    " . ", "_dot_", "[-]a", "hxxp__a", "attachment: ", "name,a.b\nx y.exe,1\n", 'ua="', "aa\\b.exe ", "№1.pdf ", "import a.b ", "e.g. ", "A.B", "a).exe", " (1).exe ", ",a", "a\t", "xn--", "中a.", "中文.", "я.рф ",
)  # fmt: skip


def run() -> None:
    """One line for each language and style, one for all; then the times."""
    _report_scores()
    _report_speed()


def _report_scores() -> None:
    texts = list(labelled())
    scores = scored(texts)
    count = {"texts": len(texts), "traps": sum(not one.expected for one in texts)}
    for name, score in sorted(scores.by.items()):
        emit(f"extract_f1_{name}", "none", score.f1, "", **_counts(score))
    emit("extract_f1", "none", scores.all.f1, "", _F1, **count, **_counts(scores.all))
    emit("extract_precision", "none", scores.all.precision, "", _PRECISION)
    emit("extract_recall", "none", scores.all.recall, "", _RECALL)


def _counts(score: Score) -> dict[str, Any]:
    return {
        "precision": rounded(score.precision),
        "recall": rounded(score.recall),
        "right": score.right,
        "wrong": score.wrong,
        "missed": score.missed,
    }


def _report_speed() -> None:
    mixed = _mixed()
    took = min(_cpu_s(mixed) for _ in range(3))
    size_mb = len(mixed.encode()) / 1e6
    emit(
        "extract_mixed",
        "none",
        took,
        "s",
        _MIXED,
        characters=_LARGE,
        mb=rounded(size_mb),
        mb_per_s=rounded(size_mb / took),
    )
    times = {shape: _cpu_s(_filled(shape, _LONG)) for shape in SHAPES}
    worst = sorted(times, key=lambda shape: -times[shape])[:5]
    more = {"shapes": len(times), "worst": [[shape, rounded(times[shape])] for shape in worst]}
    emit("extract_monotonous", "none", times[worst[0]], "s", _MONOTONOUS, characters=_LONG, **more)


def _mixed() -> str:
    """The labelled texts again and again, their numbers and words a little different each time."""
    chance = random.Random(1)
    texts = [one.text for one in labelled()]
    pieces: list[str] = []
    while sum(map(len, pieces)) < _LARGE:
        letter = chance.choice("abcdefghijklmnoprstuvwxyz")
        pieces += [re.sub(r"(?<=[a-z]{3})[aeo](?=[a-z])", letter, text) for text in texts]
    return "\n\n".join(pieces)[:_LARGE]


def _filled(piece: str, size: int) -> str:
    return (piece * (size // len(piece) + 1))[:size]


def _cpu_s(text: str) -> float:
    started = time.process_time()
    find(text)
    return time.process_time() - started
