"""When four numbers with dots, or pairs with colons, are no address: versions, sections, masks, times.

All of it holds for what was written plainly. Nobody defangs a version number.
"""

# ruff: noqa: RUF001  (look-alikes are looked for)
import re
from functools import lru_cache

from cirt.register.extraction.reading import Page
from cirt.register.extraction.tables import counts_versions

# These three and _COUNTING are asked of small letters: to look for either case takes three times as long.
_COUNTED = re.compile(
    r"""(?:\b(?:(?:installed\ |current\ |new\ |old\ )?versions?(?:\ installed|\ info|\ string)?|ver|v|releases?|firmware|build|sdk|revision|rev|patch|update|section|sections|sec|chapter|clause
        |articles?|figure|fig|tables?|steps?|rules?|oid|appendix|annex|items?|agenda|paragraphs?|para|req|requirement|controls?
        |dss|cis|nist|iso|rfc|bios|drivers?|kernel|engine|signature
        |versi[oó]n(?:es)?(?:\ instalada|\ actual|\ nueva)?|secci[oó]n|apartado|cap[ií]tulo|art[ií]culo|anexo|microprogramme|rubrique|chapitre|annexe|mise\ à\ jour
        |верси\w{1,3}|прошивк\w{1,3}|сборк\w{1,3}|раздел\w{0,3}|пункт\w{0,3}|п|глав\w{1,2}|релиз\w{0,2}|обновлени\w{1,2}
        |приложени\w{1,2}|стать\w{1,2}|арт|артикул|r[eé]f(?:[eé]rence|erencia)?)
       |(?:ال|لل|بال)?(?:إصدار|اصدار|نسخة|قسم|بند|فقرة|تحديث|ملحق)
       |版本|固件|驱动程序|驱动|版|第|章节|章|节|条|附录|升级到|升级至|更新到|更新至|§|№)
       (?:\ ?(?:号|為|为|是|number|no|номер|رقم|número|numéro|is|to|до|на|от|a|à))?[\s.:：(=]{0,3}
       (?:v?[0-9]+(?:\.[0-9]+){1,4}[\s,;/、，]{0,2}(?:and|or|to|et|ou|à|y|o|a|и|или|до|по|و|إلى|和|至|到|-|–)?\s?){0,4}$""",
    re.VERBOSE,
)
# "installed 4.0.0.12", "the agent to 4.0.0.12": four small numbers after such a word, in the same sentence.
_RENEWED = re.compile(
    r"(?:\b(?:up|down)grad|\bupdat|\bmigrat|\binstall|\bpatched|\bactualiz|\bm(?:is|ise|ettre) à (?:jour|niveau)|\bинсталл|обнов|установ"
    r"|升级|更新|安装|تحديث|ترقية)(?:(?![.!?。]\s).){0,70}"
    r"\s(?:from|to|vers|a|a la|à|à la|de|до|с|на|إلى|من|到|至)\s?$",
)
_SOFTWARE = re.compile(
    r"\b(?:anydesk|teamviewer|rustdesk|winrar|7-?zip|skype|zoom|chrome|chromium|firefox|edge|opera|safari|thunderbird|outlook"
    r"|office|word|excel|acrobat|reader|flash(?: player)?|java|jre|jdk|openjdk|python|perl|ruby|php|node|openssl|openssh|nginx"
    r"|apache|httpd|tomcat|iis|exchange(?: server)?|sharepoint|sql server|mysql|mariadb|postgresql|oracle|weblogic|websphere"
    r"|log4j|struts|spring|jenkins|confluence|jira|gitlab|wordpress|drupal|joomla|plugin|plug-in|extension|windows|android|ios"
    r"|macos|fortios|pan-os|junos|ios-xe|vcenter|esxi|vmware|citrix|netscaler|forticlient|globalprotect|anyconnect|putty"
    r"|winscp|filezilla|notepad\+\+|vlc|wireshark|nmap|metasploit|defender|kaspersky|sophos|avast|agent|client|sdk|library"
    r"|package|app|application|software|tool|1c|1с|логиcиэл|logiciel|programa|программ\w{0,2}|клиент\w{0,2}|软件|客户端|برنامج)"
    r"(?:\s(?:server|client|pro|esr|desktop|for \w{1,10}|x64|x86|plugin))?[\s(]{1,2}v?$",
)
# What speaks of the network near four numbers that are all small; of every five thousand addresses one is so.
_NETWORK = re.compile(
    r"\b(?:ips?|ipv4|addr\w*|hosts?|servers?|ping\w*|traffic|connect\w*|attack\w*|scann\w*|block\w*|port|ports|dns|resolv\w*"
    r"|subnet|network|gateway|proxy|src|dst|source|destination|client|beacon\w*|c2|c&c|callback|login\w*|ssh\w*|rdp|http\w*|ban"
    r"|ns|whois|traceroute|peer|remote|inbound|outbound|firewall|malicious|suspicious|malware|phish\w*|seen|saw|observed|hits?|visit\w*|prob(?:e[sd]?|ing)|abuse|attempt\w*|brute|request\w*|quer\w*|session|victim|infected|botnet\w*|tor|vpn|nat|fetch\w*|download\w*|spam\w*|exfil\w*|indicators?|iocs?|sshd|deny|allow|drop\w*|received"
    r"|adress\w*|hôte|serveur\w*|réseau|connexion\w*|attaqu\w*|bloqu\w*|direcci\w*|servidor\w*|conex\w*|ataqu\w*|red|equipo"
    r"|адрес\w*|сервер\w*|хост\w*|узел|узл\w*|подключ\w*|соединен\w*|атак\w*|сет\w{1,3}|трафик\w*|блокир\w*)\b"
    r"|عنوان|العناوين|خادم|شبكة|هجوم|اتصال|آي ?بي|地址|服务器|主机|端口|攻击|连接|网络|流量|封禁|来源|目标|外联|回连|(?<![A-Za-z])(?-i:IP)(?![a-z])",
    re.IGNORECASE,
)
_RESOLVERS = frozenset(
    {"1.1.1.1", "1.0.0.1", "8.8.8.8", "8.8.4.4", "9.9.9.9", "4.2.2.1", "4.2.2.2"}
)
_TAG = re.compile(r"[\w-]/[a-z0-9._-]{1,64}:\Z")  # of a container image
_PRODUCT = re.compile(r"(?<![\w-])([A-Z][\w+-]{1,30}|[a-z]{1,3}[A-Z][\w+-]{1,30}) v?\Z")
_BRACKETED = re.compile(r"\(([A-Z][\w+-]{1,30}) v?\Z")
_NUMBERED = re.compile(r"(?<!IP )(?<!ip )(?<![^\W\d_])(?:[nN]o|[nN]r|[nN]úm|[nN][°º]|№)\.? ?\Z")
# What joins two versions of one thing: "9.1.14.0 (or 10.1.4.3)", "3.1.0.1 vs 3.0.9.9".
_JOINS = re.compile(
    r"\s?(?:[(/–—-]|->|=>|→|, |、|，)?\s?(?:\b(?:and|or|to|vs|was|before|previously|formerly|et|ou|avant|puis|y|o|antes|hasta|и|или|до|на"
    r"|ранее|был[ао]?)\b|و|أو|إلى|和|或|至|到)?\.?\s?v?",
    re.IGNORECASE,
)
_LISTS = re.compile(
    r"(?: ?\([^()\n]{1,24}\))?(?:, ?|، ?|、)?(?: ?(?:and|or|&|et|ou|y|e|o|и|или|و|和|及|或) ?)?"
)
_CLAUSE = re.compile(r"[.;!?)](?:\s|\Z)|[。；！？]|\((?=[^\W\d_])")
_COUNTING = re.compile(r"firmware|version|прошивк|верси|сборк|固件|版本|驱动|إصدار")
_THREE = re.compile(
    r"(?<![\w-])[A-Za-z][\w+-]{1,30} v?[0-9]{1,3}\.[0-9]{1,3}\.(?:[0-9]{1,4}[a-z]?(?![.\w])|[0-9]{1,3}\.[0-9]{4})"
)
_HEADING = re.compile(r"[ \t#*>]*\Z")
_AFTER_HEADING = re.compile(r"\.?[ \t]+(?:[^\W\d_]{2,}|[^\W\d_][ \t][^\W\d_]{2,})")
_KEY_END = r"[\"']?\s?[:=]\s?[\"']?\Z"  # of JSON and of logs
_ASSIGNED = re.compile(
    rf"(?i:(?<![^\W_])(?:from|to|old|new|current|target|min|max|since)){_KEY_END}"
)
_OF_VERSION = re.compile(
    rf"(?i:(?<![^\W_])(?:v|ver|build|release|fw|firmware|\w{{0,20}}version|верси[яи]|versi[oó]n|版本号?|الإصدار)){_KEY_END}"
)
_WORD = re.compile(r"[^\W\d_]|[§№=]")
_JOINED = re.compile(r"(?P<word>[A-Za-z][A-Za-z_+]*)[/-]v?$|[=~<>!]=\s?$")
_JOINING = ("/", "-", "=", "/v", "-v", "= ")
_SETTING_APART = ("\t", ",", ";", "|", '"', "[", "(", "@", "=", "= ")
_HOST_WORDS = frozenset(
    {"ip", "ips", "ipv4", "host", "addr", "address", "src", "dst", "direct", "server"}
)
_ROUTES = 4  # letters: DIRECT/192.0.2.1 in a proxy's log is no product
_SMALL, _SMALLER = 40, 25  # numbers as versions and as sections have them
_LONGEST_JOIN = 32
_SMALL_FIRST = frozenset(map(str, range(_SMALL + 1)))
_OWN_NETWORK = 10
_PORT = re.compile(r":[0-9]{2,5}(?![0-9.])|/[0-9]{1,2}(?![0-9.])")
_AFTER = 40
_REACH = 80  # characters before a number that can say what it counts


def is_no_address(page: Page, start: int, end: int) -> bool:
    """Whether four numbers are a version, a section, a mask or this very machine."""
    value = page.text[start:end].partition("/")[0]
    if value.startswith(("0.", "127.", "255.")):
        return True
    around = value, page.before(start, _REACH), page.text[end : end + _REACH]
    is_version = _is_by_place(page, start) if value.partition(".")[0] in _SMALL_FIRST else None
    if is_version is None:
        is_version = _is_version(*around)
    if is_version:
        page.version_end = end
    else:
        page.address_end = end
    return is_version


def _is_by_place(page: Page, start: int) -> bool | None:
    """What the heading of its column says of a number, or that it is joined to the one before."""
    by_heading = counts_versions(page, start)
    if by_heading is not None:
        return by_heading
    if start - page.version_end <= _LONGEST_JOIN and _JOINS.fullmatch(
        page.text, page.version_end, start
    ):
        return True
    if start - page.address_end <= _LONGEST_JOIN and _LISTS.fullmatch(
        page.text, page.address_end, start
    ):
        return False
    return None


@lru_cache(maxsize=2048)  # logs say the same before each address
def _is_version(value: str, before: str, after: str) -> bool:
    numbers = [int(part) for part in value.split(".")]
    line, after = before.rpartition("\n")[2], after.partition("\n")[0]
    named = _BRACKETED.search(line)
    if (named and after.startswith(")") and not _NETWORK.fullmatch(named[1])) or _NUMBERED.search(
        line
    ):
        return True
    joined = _JOINED.search(line) if line.endswith(_JOINING) else None
    if _TAG.search(line):
        return True
    if joined:
        return not _is_route(joined["word"] or "==")
    if numbers[0] > _SMALL:
        return False
    # A plain list of addresses is the commonest case.
    is_said = bool(_WORD.search(before)) and _is_said_to_be_one(numbers, before, after)
    return is_said or _is_heading(line, after, numbers) or _is_outlined(numbers, before, after)


def _is_said_to_be_one(numbers: list[int], before: str, after: str) -> bool:
    line, low = before.rpartition("\n")[2], before.lower()
    if _COUNTED.search(low) or _OF_VERSION.search(line):
        return True
    if sum(number > _SMALL for number in numbers) > 1:
        return False
    low = low.rpartition("\n")[2]
    if _names_software(low, numbers) or _RENEWED.search(low) or _is_among_versions(line, after):
        return True
    is_odd = numbers[0] != _OWN_NETWORK and ".".join(map(str, numbers)) not in _RESOLVERS
    return is_odd and not _speaks_of_network(line, after)


def _is_among_versions(line: str, after: str) -> bool:
    """Whether a product is named right before, and the next one or the last has three numbers."""
    named = _PRODUCT.search(line)
    return (
        named is not None
        and not _NETWORK.fullmatch(named[1])
        and bool(_THREE.search(line) or _THREE.search(after) or _COUNTING.search(line.lower()))
    )


def _speaks_of_network(line: str, after: str) -> bool:
    is_alone = not _WORD.search(line) or (
        line.endswith(_SETTING_APART) and not _ASSIGNED.search(line)
    )
    near, next_ = _CLAUSE.split(line)[-1], _CLAUSE.split(after[:_AFTER])[0]
    return is_alone or bool(_PORT.match(after) or _NETWORK.search(near) or _NETWORK.search(next_))


def _names_software(line: str, numbers: list[int]) -> bool:
    return numbers[0] != _OWN_NETWORK and bool(_SOFTWARE.search(line))


def _is_route(word: str) -> bool:
    is_loud = word.isupper() and len(word) >= _ROUTES
    return is_loud or "_" in word or word.lower() in _HOST_WORDS


def _is_heading(line: str, after: str, numbers: list[int]) -> bool:
    is_small = max(numbers) <= _SMALLER
    return is_small and bool(_HEADING.match(line)) and bool(_AFTER_HEADING.match(after))


def _is_outlined(numbers: list[int], before: str, after: str) -> bool:
    """Whether the number before or after it in an outline stands near."""
    if numbers[0] == _OWN_NETWORK or max(numbers) > _SMALLER:
        return False
    *head, last = numbers
    lead = ".".join(map(str, head))
    return _stands(f"{lead}.{last + 1}", after) or _stands(f"{lead}.{last - 1}", before)


def _stands(number: str, text: str) -> bool:
    """Whether a number of an outline stands there, and not as a network or a part of a longer one."""
    at = text.find(number)
    if at < 0:
        return False
    rest = text[at + len(number) : at + len(number) + 1]
    return not (rest.isdigit() or rest == "/" or text[:at].endswith((".", *"0123456789")))


def is_no_ipv6(value: str) -> bool:
    """Whether colons and digits are a time, a ratio, a fingerprint or a name in code."""
    groups = value.partition("/")[0].split(":")
    filled = [group for group in groups if group]
    if not any(c.isdigit() for c in value) or not filled:
        return True
    if "::" not in value:
        return all(len(group) == 2 for group in groups)  # noqa: PLR2004  (a fingerprint's pairs)
    return len(filled) <= 2 and len(filled[0]) < 3  # noqa: PLR2004  (1::2)
