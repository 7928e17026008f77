"""Hashes and fingerprints: of files, of certificates, of TLS handshakes; and the hex that is none of them."""

import re

from cirt.objects.observables.kinds import Kind
from cirt.register.extraction.reading import Form, Page, Reading, read_as, reading
from cirt.register.extraction.tables import heading

_KINDS = {32: Kind.MD5, 40: Kind.SHA1, 64: Kind.SHA256, 70: Kind.TLSH, 128: Kind.SHA512}
_HEX = re.compile(r"(?P<value>[0-9A-Fa-f](?<![0-9A-Za-z].)[0-9A-Fa-f]{31,127}+)(?![0-9A-Za-z])")
_TLSH = re.compile(r"(?<![0-9A-Za-z])(?P<value>T1[0-9A-Fa-f]{70})(?![0-9A-Za-z])")
_SSDEEP = re.compile(
    r"(?P<value>[0-9](?<![0-9A-Za-z/+:].)[0-9]{0,9}:[0-9A-Za-z/+]{6,64}+:[0-9A-Za-z/+]{3,64}+)(?![0-9A-Za-z/+:])"
)
_JA4 = re.compile(
    r"(?P<value>[tqd](?<![0-9A-Za-z_].)[0-9s][0-9][di][0-9]{4}[0-9a-z]{2}_[0-9a-f]{12}_[0-9a-f]{12})(?![0-9A-Za-z_])"
)
_PAIRS = re.compile(
    r"(?P<value>[0-9A-Fa-f](?<![0-9A-Za-z:].)[0-9A-Fa-f](?::[0-9A-Fa-f]{2}){6,63}+)(?![0-9A-Za-z:])"
)
_SERIAL = re.compile(
    r"(?i:serial(?:[ _-]?(?:number|num|no|nr)\b)?|n[uú]m[ée]ro de s[ée]rie|[nN][°º] de s[ée]rie|серийн\w{2,3} номер\w{0,3}"
    r"|الرقم التسلسلي|رقم تسلسلي|序列号|序號)[^0-9\n]{0,40}?\s{0,40}(?<![0-9A-Za-z])"
    r"(?P<value>(?i:(?:0x)?[0-9a-f]{14,42}+|[0-9a-f]{2}(?:[: -][0-9a-f]{2}){3,20}+))(?![0-9A-Za-z:])"
)
_SERIAL_CUES = (
    "serial", "numéro de s", "número de s", "numero de s", "n° de s", "nº de s", "серийн", "الرقم التسلسلي", "رقم تسلسلي", "序列号",
    "序號",
)  # fmt: skip
_OF_CERTIFICATE = re.compile(
    r"cert|thumbprint|signed|x\.?509|\btls\b|\bssl\b|issuer|\bcn ?=|сертификат|شهادة|证书|證書",
    re.IGNORECASE,
)
_FINGERPRINT = re.compile(
    r"finger|thumb|sha-?1|sha-?256|\bmd5|empreinte|huella|отпечаток|指纹|بصمة", re.IGNORECASE
)
_COMMIT = re.compile(
    r"\b(?:commits?|revision|changeset|head|merge[ds]?|revert\w*|cherry|checkout|submodule|stash|rebase|parent|tree|blob|git|fixe[sd]|introduced|коммит\w{0,2}"
    r"|ревизи\w{1,2}|собран\w?|сборк\w{1,2}|branch\w?|rama|ветк\w{1,2})\b|提交|分支|构建|الإيداع|الفرع|hash of the commit",
    re.IGNORECASE,
)
_BRANCH = re.compile(r"\b(?:branch|branche|rama|ветк\w{1,2}|main|master)\b|分支", re.IGNORECASE)
_SHA = re.compile(r"sha|hash|хеш|хэш|哈希", re.IGNORECASE)
_SECRET = re.compile(
    r"(?:sess(?:ion)?(?:_?id)?|sid|token|csrf\w{0,12}|nonce|etag|cookie|api_?key|\bkey|secret|signature|trace[._-]?id|span[._-]?id|bucket"
    r"|request[._-]?id|correlation[._-]?id|auth\w{0,10}|state|salt|passw\w{0,5}|boundary|uuid|guid|licen[sc]e|лицензи\w{1,2}|\bsig)"
    r"[\"']?\s?[:=]?\s?(?:[\"']|W/\")?(?:-{2,}|=)?$",
    re.IGNORECASE,
)
_ID = re.compile(r"[A-Za-z](?:Id|ID|[_.-]id)[\"']?\s?[:=]\s?[\"']?$")
_IMAGE = re.compile(r"(?:@sha256:|\bdigest:? sha256:)$", re.IGNORECASE)
_NAMES = re.compile(r"ja3s?|md5|imphash|sha", re.IGNORECASE)
_FEWEST_DIGITS = 6  # different ones; a hash has more but once in ten thousand million
_LONGEST_PERIOD = 16  # "0123456789abcdef" again and again is a filler
_NEAR, _FAR = 90, 700  # characters before a hash that say whose it is; fields of JA3 are long
_AROUND = 160  # characters around a serial number that speak of certificates


def _hash(page: Page, match: re.Match[str]) -> Reading | None:
    value, start = match["value"], match.start()
    kind = _KINDS.get(len(value))
    if not kind or _is_filler(value) or _is_name(page, value, start):
        return None
    if kind is Kind.MD5 and _is_ja3(page, start):
        kind = Kind.JA3
    return reading(page, kind, value, start)


def _is_filler(value: str) -> bool:
    low = value.lower()
    is_even = len(set(low)) < _FEWEST_DIGITS or low.isdigit()
    return is_even or low[_LONGEST_PERIOD:] == low[:-_LONGEST_PERIOD]


def _is_name(page: Page, value: str, start: int) -> bool:
    """Whether it names a commit, an image or a session."""
    before = page.before(start, 60)
    if len(value) == 40:  # noqa: PLR2004  (SHA-1, as git uses it)
        near = re.sub(r"[0-9a-f]{40}", "", page.before(start, 110))[-45:]
        is_commit = _COMMIT.search(near) or _BRANCH.search(page.text[start + 40 : start + 80])
        return bool(is_commit) and not _SHA.search(near)
    if _IMAGE.search(before):
        return True
    if len(value) == 32 and _ID.search(before):  # noqa: PLR2004  (as long as a UUID)
        return True
    return bool(_SECRET.search(before)) and "hash" not in before[-12:].lower()


def _is_ja3(page: Page, start: int) -> bool:
    headed = heading(page, start)
    if _NAMES.search(headed):
        return "ja3" in headed
    near = re.sub(r"[0-9a-fA-F]{32,}", "", page.before(start, _NEAR + 66))[-_NEAR:]
    names = _NAMES.findall(near)
    if names:
        return bool(names[-1].lower().startswith("ja3"))
    return near.endswith(('"hash":"', '"hash": "')) and '"ja3' in page.before(start, _FAR)


def _serial(page: Page, match: re.Match[str]) -> Reading | None:
    value = match["value"]
    around = page.text[max(0, match.start() - _AROUND) : match.end() + _AROUND]
    if ":" not in value and not _OF_CERTIFICATE.search(around):
        return None
    return reading(page, Kind.SERIAL, value, match.start("value"))


def _pairs(page: Page, match: re.Match[str]) -> Reading | None:
    """``SHA1 Fingerprint=AB:CD:…``, as certificates are shown."""
    digits = match["value"].replace(":", "")
    kind = _KINDS.get(len(digits))
    if not kind or not _FINGERPRINT.search(page.before(match.start(), 48)):
        return None
    found = reading(page, kind, digits, 0)
    return Reading(found.observable, *match.span()) if found else None


FORMS: tuple[Form, ...] = (
    Form(_SERIAL, _serial, _SERIAL_CUES),
    Form(_PAIRS, _pairs),
    Form(_JA4, read_as(Kind.JA4)),
    Form(_SSDEEP, read_as(Kind.SSDEEP)),
    Form(_TLSH, read_as(Kind.TLSH), ("t1",)),
    Form(_HEX, _hash),
)
