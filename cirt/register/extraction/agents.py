"""User agents: in headers, in the last column of access logs, and by the names of the commonest programs."""

# ruff: noqa: RUF001  (the look-alike characters are what is looked for)
import re

from cirt.objects.observables.kinds import Kind
from cirt.register.extraction.reading import Form, read_as

_PROGRAMS = (
    "curl|[Ww]get|python-requests|[Pp]ython-urllib[23]?|python-httpx|Go-http-client|okhttp|libwww-perl|axios|aiohttp"
    "|PostmanRuntime|Apache-HttpClient|Java|sqlmap|Nikto|masscan|zgrab|[Nn]uclei|gobuster|DirBuster|WPScan|Dalvik|Opera"
    "|HTTPie|node-fetch|Ruby|Microsoft BITS|Microsoft-CryptoAPI|WinHTTP|Faraday|GuzzleHttp|feroxbuster|Wfuzz|hydra"
    "|antSword|Hello, World|Mozi|CFNetwork|Scrapy|HeadlessChrome|Expanse|censys|WinInet"
)
_COMMENT = r"(?: \([^()\r\n]{1,300}\))"
_PRODUCT = r"(?: [A-Za-z][\w.-]{1,40}/[\w.+#-]{1,40})"
_MOZILLA = re.compile(
    rf"(?<![A-Za-z0-9])(?P<value>Mozilla/[0-9]\.[0-9](?>(?:{_COMMENT}|{_PRODUCT}){{1,40}}))"
)
_KNOWN = re.compile(
    rf"(?<![A-Za-z0-9/])(?P<value>(?:{_PROGRAMS})/v?[0-9][\w.+#-]{{0,40}}+(?>(?:{_COMMENT}|{_PRODUCT}){{0,20}}))"
)
_HEADER = re.compile(r"(?i:user-agent: ?)(?P<header>[^\r\n\"]{3,512})")
_NAMED = re.compile(
    r"(?i:user[- _]?agent|агент|用户代理|agente de usuario|agent utilisateur)[^\"“«'‘\r\n]{0,20}[\"“«'‘] ?(?P<named>[^\"”»'’\r\n]{3,512}?) ?[\"”»'’]"
)
_LOGGED = re.compile(
    r'" [1-5][0-9]{2} (?:[0-9]{1,12}|-)(?: [0-9.]{1,12})? "[^"\r\n]{0,1000}" "(?P<logged>[^"\r\n]{4,512})"'
)

FORMS: tuple[Form, ...] = (
    (_HEADER, read_as(Kind.USER_AGENT, trim=" .,;")),
    (_MOZILLA, read_as(Kind.USER_AGENT, trim=" .,;")),
    (_LOGGED, read_as(Kind.USER_AGENT, trim=" ")),
    (_NAMED, read_as(Kind.USER_AGENT, trim=" .,;")),
    (_KNOWN, read_as(Kind.USER_AGENT, trim=" .,;")),
)
