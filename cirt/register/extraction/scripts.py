"""Letters by script, and the labels of names made of them, as pieces of patterns.

Scripts without spaces between words are apart, because a name in Latin letters stands in them with no space on
either side; Greek and Cyrillic are with Latin, for names that mix these are what attackers register.
"""

# ruff: noqa: RUF001  (the look-alike characters are what is looked for)
WEST = r"0-9A-Za-z_\-\u00c0-\u052f\u1e00-\u1fff"
ARABIC = (
    r"\u0610-\u061a\u0620-\u065f\u066e-\u06d3\u06d5-\u06dc\u06fa-\u06ff\u0750-\u077f\u08a0-\u08ff"
)
EAST = r"\u3005-\u3007\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\U00020000-\U0003ffff"
OTHER = r"\u0531-\u058f\u0591-\u05f4\u0900-\u0dff\u0e01-\u0e4e\u10a0-\u10ff"
_RUNS = (
    f"[{WEST}]++",
    *(rf"[{script}]++(?>(?:-[{script}0-9]++)*)" for script in (ARABIC, EAST, OTHER)),
)
_BEFORE = tuple(f"(?<![{script}])" for script in (WEST, ARABIC, EAST, OTHER))
LABEL = f"(?:{'|'.join(_RUNS)})"
FIRST_LABEL = f"(?:{'|'.join(before + run for before, run in zip(_BEFORE, _RUNS, strict=True))})"
LABELS = rf"{LABEL}(?>(?:\.{LABEL})*)"
# Signs of Eastern sentences, which end a path or a name that has no quotes.
EAST_SIGNS = "，。；、：！？（）【】《》「」『』“”‘’«»…،؛؟"
