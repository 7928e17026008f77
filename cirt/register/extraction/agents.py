"""User agents: in headers, in the last column of access logs, and by the names of the commonest programs."""

# ruff: noqa: RUF001, SIM905  (the look-alike characters are what is looked for)
import re

from cirt.objects.observables.kinds import Kind
from cirt.register.extraction.reading import Form, Page, Reading, balanced, read_as, reading

# As they write themselves, in small letters.
_PROGRAMS = """
    curl wget python-requests python-urllib python-urllib2 python-urllib3 python-httpx go-http-client okhttp libwww-perl
    axios aiohttp postmanruntime apache-httpclient java sqlmap nikto masscan zgrab nuclei gobuster dirbuster wpscan dalvik
    opera httpie node-fetch ruby microsoft-cryptoapi winhttp faraday guzzlehttp feroxbuster wfuzz hydra antsword mozi
    cfnetwork scrapy headlesschrome expanse censys wininet
""".split()
_COMMENT = r"(?: \([^()\r\n]{1,300}\))"
_PRODUCT = r"(?: [A-Za-z][\w.-]{1,40}/[\w.+#-]{1,40})"
_MOZILLA = re.compile(
    rf"(?<![A-Za-z0-9])(?P<value>Mozilla/[0-9]\.[0-9](?>(?:{_COMMENT}|{_PRODUCT}){{1,40}}))"
)
_KNOWN = re.compile(
    rf"(?<![A-Za-z0-9/])(?P<value>[A-Za-z][A-Za-z0-9-]{{3,20}}/v?[0-9][\w.+#-]{{0,40}}+(?>(?:{_COMMENT}|{_PRODUCT}){{0,20}}))"
)
_HEADER = re.compile(r"(?i:user-agent: ?)(?P<header>[^\r\n\"]{3,512})")
_NAMES = (
    "user agent", "user-agent", "user_agent", "useragent", "агент", "用户代理", "agente de usuario", "agent utilisateur",
    "وكيل المستخدم",
)  # fmt: skip
_NAMED = re.compile(
    rf"(?i:{'|'.join(_NAMES)})[\"'”»’]?[^\"“«'‘\r\n]{{0,20}}[\"“«'‘] ?(?P<named>[^\"”»'’\r\n]{{3,512}}?) ?[\"”»'’]"
)
_ASSIGNED = re.compile(
    r"(?i:(?<![a-z0-9])ua=|(?<=user.agent=)|(?<=useragent=))(?P<assigned>[A-Za-z][^\"\r\n|\t;=]{3,300}?)(?= [\w.-]{1,20}=|[\"\r\n|\t;]|\Z)"
)
_SHORT_NAMED = re.compile(
    r"(?i:(?<![a-z0-9])ua) ?[=:：为]? ?[\"“«'‘] ?(?P<named>[^\"”»'’\r\n]{3,512}?) ?[\"”»'’]"
)
_LOGGED = re.compile(
    r'" [1-5][0-9]{2} (?:[0-9]{1,12}|-)(?: [0-9.]{1,12})? "[^"\r\n]{0,1000}" "(?P<logged>[^"\r\n]{4,512})"'
)

_SHORT_CUES = tuple(
    f"ua{sign}{quote}" for sign in (" ", "=", ":", ": ", "：", "为", "") for quote in '"“«'
)
_QUOTES = frozenset("\"'“«‘`")
_REST_OF_QUOTED = re.compile(r" [^\"'”»’`\r\n]{1,200}(?=[\"'”»’`])")


def _mozilla(page: Page, match: re.Match[str]) -> Reading | None:
    """What a browser says it is; all that stands in quotes, if it does."""
    written = match["value"]
    if page.before(match.start(), 1) in _QUOTES:
        rest = _REST_OF_QUOTED.match(page.text, match.end())
        written += rest[0] if rest else ""
    return reading(page, Kind.USER_AGENT, balanced(written).rstrip(" .,;"), match.start())


FORMS: tuple[Form, ...] = (
    Form(_HEADER, read_as(Kind.USER_AGENT, trim=" .,;"), ("user-agent:",)),
    Form(_MOZILLA, _mozilla, ("mozilla/",)),
    Form(_LOGGED, read_as(Kind.USER_AGENT, trim=" ")),
    Form(_NAMED, read_as(Kind.USER_AGENT, trim=" .,;"), _NAMES),
    Form(_SHORT_NAMED, read_as(Kind.USER_AGENT, trim=" .,;"), _SHORT_CUES),
    Form(_ASSIGNED, read_as(Kind.USER_AGENT, trim=" .,;"), ("ua=",)),
    Form(_KNOWN, read_as(Kind.USER_AGENT, trim=" .,;"), tuple(f"{name}/" for name in _PROGRAMS)),
)
