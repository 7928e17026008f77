"""The shapes that observables have in plain (refanged) text, as patterns; what they mean is ``extract``'s.

No pattern may slow down on monotonous input. So each begins where a run of its characters begins, runs
are possessive, and what is repeated has a bound wherever it could be read in two ways. Groups are made so
by ``(?>…)``: the possessive quantifiers of Python before 3.11.5 lose the last character of a group's match.
"""

# ruff: noqa: RUF001  (the look-alike characters are what is looked for)
import re

# Runs of letters that make one label. Scripts without spaces between words are apart, because a name
# in Latin letters stands in them with no space on either side; Greek and Cyrillic are with Latin, for
# names that mix these are what attackers register.
WEST = r"0-9A-Za-z_\-\u00c0-\u052f\u1e00-\u1fff"
ARABIC = (
    r"\u0610-\u061a\u0620-\u065f\u066e-\u06d3\u06d5-\u06dc\u06fa-\u06ff\u0750-\u077f\u08a0-\u08ff"
)
EAST = r"\u3005-\u3007\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\U00020000-\U0003ffff"
OTHER = r"\u0531-\u058f\u0591-\u05f4\u0900-\u0dff\u0e01-\u0e4e\u10a0-\u10ff"
_SCRIPTS = (WEST, ARABIC, EAST, OTHER)
_LABEL = "(?:" + "|".join(f"[{script}]++" for script in _SCRIPTS) + ")"
_FIRST_LABEL = "(?:" + "|".join(f"(?<![{script}])[{script}]++" for script in _SCRIPTS) + ")"
_LABELS = rf"{_LABEL}(?>(?:\.{_LABEL})*)"

_SCHEMES = "https?|ftps?|sftp|tftp|wss?|ssh|ldaps?|rmi|smb|tcp|udp|rdp|telnet|ircs?|git|svn|dns|gopher|socks[45]?|hysteria"
# What may follow the host. Han and kana only after a sign: "evil.example/a下载" goes on in Chinese.
_TAIL_CHAR = (
    r"[!#-&'(*+\-./0-9:=?-Z\[_a-z{~\u00a1-\u00aa\u00ac-\u00ba\u00bc-\u058f\u0600-\u060b\u060d-\u061a"
    r"\u0620-\u0dff\u0e01-\u0e4e\u10a0-\u1fff]"
)
# An address right after one of these belongs to a list; it does not go on with the address before.
_TAIL_BREAK = rf"[,;)}}\]](?![(\[]?(?i:{_SCHEMES})://)"
_TAIL_RUN = rf"(?>(?:{_TAIL_CHAR}|{_TAIL_BREAK}|(?<=[/=_\-+%?&#])[{EAST}]++)*)"
TAIL = re.compile(rf"(?::[0-9]{{1,5}})?/{_TAIL_RUN}")

URL = re.compile(
    rf"(?<![A-Za-z0-9])(?i:{_SCHEMES})://"
    r"(?:[A-Za-z0-9._~%!$&'()*+,;=:-]{1,128}@)?"
    rf"(?:\[[0-9A-Fa-f:.%]{{2,60}}\]|{_LABELS})(?::[0-9]{{1,5}})?(?:[/?#]{_TAIL_RUN})?"
)

EMAIL = re.compile(
    r"(?<![0-9A-Za-z_.%+'\-\u00c0-\u052f])(?P<local>[0-9A-Za-z_.%+'\-\u00c0-\u052f]{1,66}+)"
    rf"@(?P<host>{_LABELS})"
)
DOTTED = re.compile(rf"{_FIRST_LABEL}(?>(?:\.{_LABEL})+)")

IPV4 = re.compile(
    r"(?<![0-9A-Za-z_])(?<![0-9]\.)(?P<value>[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![0-9])(?:/[0-9]{1,2}(?![0-9.]))?)"
    r"(?![A-Za-z_]|\.[0-9]|-[A-Za-z])(?::[0-9]{1,5}(?![0-9]))?"
)
IPV6 = re.compile(
    r"(?<![0-9A-Za-z_:.])(?=[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:])"
    r"(?P<value>[0-9A-Fa-f:]{2,45}+(?:(?<=[:0-9])(?:\.[0-9]{1,3}){3})?(?:/[0-9]{1,3})?)(?![0-9A-Za-z_])"
)
MAC = re.compile(
    r"(?<![0-9A-Za-z_:.-])(?P<value>[0-9A-Fa-f]{2}(?P<by>[:-])(?:[0-9A-Fa-f]{2}(?P=by)){4}[0-9A-Fa-f]{2}"
    r"|[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4})(?![0-9A-Za-z_]|[:-][0-9A-Fa-f])"
)
HEX = re.compile(r"(?<![0-9A-Za-z])(?P<value>[0-9A-Fa-f]{32,128}+)(?![0-9A-Za-z])")
TLSH = re.compile(r"(?<![0-9A-Za-z])(?P<value>T1[0-9A-Fa-f]{70})(?![0-9A-Za-z])")
SSDEEP = re.compile(
    r"(?<![0-9A-Za-z/+:])(?P<value>[0-9]{1,10}:[0-9A-Za-z/+]{6,64}+:[0-9A-Za-z/+]{3,64}+)(?![0-9A-Za-z/+:])"
)
CVE = re.compile(
    r"(?<![0-9A-Za-z])(?P<value>(?i:CVE)[ \-\u2010-\u2013\u2212][0-9]{4}[\-\u2010-\u2013\u2212][0-9]{4,19}+)"
)
ASN = re.compile(
    r"(?<![0-9A-Za-z/])(?P<value>ASN[: ]{0,2}(?:AS)?[0-9]{1,10}+|(?:AS|АС)(?:[0-9]{3,10}+| [0-9]{4,10}+))"
    r"(?![0-9A-Za-z]|\.[0-9])"
)

_FOLDER = r"[^\\/:*?\"<>|\s,;\x00-\x1f]"  # a character of a folder's name, but for the space
_STEPS = rf"(?>(?:{_FOLDER}{{1,255}}+(?:(?<![.!?]) {_FOLDER}{{1,64}}+){{0,3}}\\{{1,2}})*)"
_STEM = rf"(?>(?:(?![{EAST}]){_FOLDER}|(?<=[\\_.\-])[{EAST}]++)+)"
WINDOWS_PATH = re.compile(
    rf"(?<![A-Za-z0-9])(?P<value>(?:[A-Za-z]:|%[A-Za-z_()0-9]{{2,32}}%)\\{{1,2}}{_STEPS}(?:{_STEM})?"
    rf"|(?<!\\)\\\\[A-Za-z0-9.$_-]{{2,255}}+\\{{1,2}}{_STEPS}(?:{_STEM})?)"
)
UNIX_PATH = re.compile(
    r"(?<![0-9A-Za-z_/.~:\-])(?P<value>(?:~|/(?:etc|tmp|usr|var|home|opt|bin|sbin|dev|root|proc|lib|lib64|mnt|srv|run"
    rf"|boot|sdcard|Users|Library|Applications|private|Volumes))(?>(?:/[{WEST}.@+%$~]++)+)/?)"
)
REGISTRY_KEY = re.compile(
    r"(?<![A-Za-z0-9])(?P<value>(?i:HKEY_(?:LOCAL_MACHINE|CURRENT_USER|CLASSES_ROOT|USERS|CURRENT_CONFIG)|HKLM|HKCU|HKCR|HKU|HKCC)"
    rf"\\{{1,2}}{_STEPS}(?:{_STEM})?)"
)
MUTEX = re.compile(
    r"(?<![A-Za-z0-9\\])(?P<value>(?:Global|Local|\\?BaseNamedObjects)\\[0-9A-Za-z_{}.!$#@-]{3,128}+)"
    r"|(?i:mutex|mutant|мьютекс|互斥体|互斥量|互斥锁)(?i: name| named|名称|名)?[ :=：]{0,3}[\"'`“«「](?P<quoted>[^\"'`”»」\r\n]{3,128})[\"'`”»」]"
)
USER_AGENT = re.compile(
    r"(?i:user-agent: ?)(?P<header>[^\r\n\"]{3,512})"
    r"|(?<![A-Za-z0-9])(?P<value>Mozilla/[0-9]\.[0-9](?>(?: \([^()\r\n]{1,300}\)| [A-Za-z][\w.]{1,40}/[\w.]{1,40})+))"
)
_QUOTES = "\"“„«‘'`「『‹"
_UNQUOTES = "\"”“»’'`」』›"
QUOTED = re.compile(
    rf"(?<=[{_QUOTES}])(?P<value>[^{_QUOTES}{_UNQUOTES}\r\n\t<>|*?]{{3,200}}+)(?=[{_UNQUOTES}])"
)
