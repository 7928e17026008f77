"""Numbers and codes that people quote: vulnerabilities, techniques, telephone numbers, crypto-currency addresses."""

import re

from cirt.objects.observables.kinds import Kind
from cirt.register.extraction.reading import Form, Page, Reading, read_as, reading

_CVE = re.compile(
    r"(?<![0-9A-Za-z])(?P<value>(?i:CVE)[ \-\u2010-\u2013\u2212][0-9]{4}[\-\u2010-\u2013\u2212][0-9]{4,19}+)"
)
_TECHNIQUE = re.compile(
    r"(?:(?<![0-9A-Za-z_./\-])|(?<=attack\.))(?P<value>[Tt][01][0-9]{3}(?:[./][0-9]{3}(?![0-9]))?)(?![0-9A-Za-z_-]|\.[0-9])"
)
_ROOM = re.compile(
    r"\b(?:room|printer|laptop|model|type|gate|terminal|hall|line|series|салон|каб|кабинет|salle|sala|modelo|modèle)\.? $",
    re.IGNORECASE,
)
_ATTACK = re.compile(r"att&?ck|attack\.|mitre|techni|ttp|техник|التقني|技术", re.IGNORECASE)
_DIGITS = r"[0-9()./ \u00a0\u2009\u202f\u2010\u2011-]"
_END = r"(?![0-9A-Za-z_@]|[.:/-][0-9])"
_ABROAD = re.compile(rf"(?<![0-9A-Za-z_+])(?P<value>\(?\+ ?\(?[1-9]{_DIGITS}{{6,24}}[0-9]){_END}")
_ZEROS = re.compile(rf"(?P<value>\(00[1-9]{_DIGITS}{{6,24}}[0-9]){_END}")
# Forms that nothing else has: North America's, Russia's and France's.
_AT_HOME = re.compile(
    r"(?P<value>[0-9(](?<![0-9A-Za-z_./:#=-].)(?<![0-9] .)(?:(?<=1)[-. ](?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}-)[2-9][0-9]{2}-[0-9]{4}"
    r"|(?:(?<=\()[2-9][0-9]{2}\) ?|(?<=[2-9])[0-9]{2}-)[2-9][0-9]{2}-[0-9]{4}"
    r"|(?<=8) ?\([0-9]{3,4}\) ?[0-9]{2,3}[ -]?[0-9]{2}[ -]?[0-9]{2}"
    r"|(?<=0)(?:2[0-9] [0-9]{4} [0-9]{4}|[17][0-9]{3} [0-9]{6})"
    r"|(?<=0)[1-9][0-9]{2} [0-9]{3} [0-9]{4}|(?<=0)[1-9][0-9]{1,2}-[2-9][0-9]{3} ?[0-9]{4}"
    r"|(?<=1)[3-9][0-9]-[0-9]{4}-[0-9]{4}"
    r"|(?<=0) 8[0-9]{2}(?: [0-9]{2}){3}"
    r"|(?<=0)[1-9](?:(?: [0-9]{2}){4}|(?:\.[0-9]{2}){4})))(?![0-9A-Za-z_]|[ .:/-][0-9])"
)
_NAMED = re.compile(
    r"(?i:(?<![^\W_])(?<![=/?&.])(?:tel|tél|téléphone|telephone|phone|mobile|cell|fax|gsm|hotline|call(?: me| us)?(?: at| on)?|joindre au"
    r"|appel\w{0,3}(?: au)?|teléfono|my number(?: is)?|mon numéro(?: est)?|mi n[uú]mero(?: es)?|мой номер|celular|móvil|llam\w{1,5}(?: al| el| un| desde)?|whats ?app|viber|sms|rang(?: \w{2,5})?(?: on| at)?|ring(?: \w{2,5})?(?: on| at)?|reach me (?:on|at)|тел|телефон\w{0,3}|моб|факс|звон\w{1,4})\b"
    r"|هاتف\w{0,2}|رقم (?:التواصل|المرسل|المتصل)|للتواصل|رقمي|我的号码|واتساب|جوال|موبايل|电话|電話|手机|手機|热线|传真|致电)[^0-9+\n]{0,14}?(?<![0-9A-Za-z_])"
    rf"(?P<value>\(?\+?[0-9]{_DIGITS}{{5,22}}[0-9]){_END}"
)
_SIGNED = re.compile(  # under a letter: "T 0161 …", "M: 07700 …"
    rf"(?P<value>[0(](?:(?<=\b[TMPF] .)|(?<=\b[TMPF][:.] .)|(?<=\b[TMPF][:.].)){_DIGITS}{{7,18}}[0-9]){_END}"
)
_FEWEST = {True: 8, False: 7}  # digits of a number with and without its country
_DATE = re.compile(
    r"[0-3]?[0-9][./-][01]?[0-9][./-](?:19|20)[0-9]{2}|(?:19|20)[0-9]{2}-[01][0-9]-[0-3][0-9]"
)
_BASE58 = "1-9A-HJ-NP-Za-km-z"
_COIN = re.compile(
    r"(?<![0-9A-Za-z])(?P<value>0x[0-9A-Fa-f]{40}|(?:bc|ltc|BC|LTC)1[02-9A-Za-z]{11,90}+|bitcoincash:[qp][02-9a-z]{41})"
    r"(?![0-9A-Za-z])"
)
_OLD_COIN = re.compile(
    rf"(?P<value>[13LMADXTt7489](?<![0-9A-Za-z].)(?:[{_BASE58}]{{25,34}}+|[{_BASE58}]{{94}}(?:[{_BASE58}]{{11}})?+))(?![0-9A-Za-z])"
)
_PHONE_CUES = (
    "tel", "tél", "phone", "mobile", "cel", "fax", "gsm", "hotline", "call", "joindre au", "appel", "móvil", "llam", "whatsapp",
    "whats app", "viber", "sms", "тел", "моб", "факс", "звон", "rang", "ring", "reach", "واتساب", "رقم التواصل", "رقم المرسل", "رقم المتصل", "للتواصل", "رقمي", "我的号码", "my number", "mon num", "mi n", "мой номер", "هاتف", "جوال", "موبايل", "电话", "電話", "手机", "手機", "热线", "传真", "致电",
)  # fmt: skip


def _technique(page: Page, match: re.Match[str]) -> Reading | None:
    value, start = match["value"], match.start()
    before = page.line_before(start, 24)
    if _ROOM.search(before) or (value == "T1000" and not _ATTACK.search(page.before(start, 80))):
        return None
    if value[0] == "t" and "." not in value and not _ATTACK.search(page.before(start, 80)):
        return None
    return reading(page, Kind.TECHNIQUE, value, start)


def _phone(page: Page, match: re.Match[str]) -> Reading | None:
    written = match["value"].replace("+ ", "+")
    if written.count("(") < written.count(")") or _DATE.fullmatch(written):
        return None
    found = reading(page, Kind.PHONE, written, match.start("value"))
    if not found or not found.observable:
        return None
    value = found.observable.value
    if len(value.lstrip("+")) < _FEWEST[value.startswith("+")]:
        return None
    return Reading(found.observable, *match.span("value"))


FORMS: tuple[Form, ...] = (
    Form(_CVE, read_as(Kind.CVE), ("cve",)),
    Form(_COIN, read_as(Kind.CRYPTO), ("0x", "bc1", "ltc1", "bitcoincash:")),
    Form(_OLD_COIN, read_as(Kind.CRYPTO)),
    Form(_TECHNIQUE, _technique, ("t0", "t1")),
    Form(_ABROAD, _phone, ("(+", "+")),
    Form(_ZEROS, _phone, ("(00",)),
    Form(_NAMED, _phone, _PHONE_CUES),
    Form(_AT_HOME, _phone),
    Form(_SIGNED, _phone),
)
