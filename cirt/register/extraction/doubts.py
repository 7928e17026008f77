"""When dotted words that look like a host are none: code, file names, sentences.

All of it holds for what was written plainly. Nobody defangs an attribute of an object.
"""

# ruff: noqa: SIM905  (lists of words read best as text)
import re
from dataclasses import dataclass
from functools import lru_cache

from cirt.register.extraction import filenames

# Top-level domains that speak for themselves; any other could be a word, an attribute or a suffix.
COMMON = frozenset(
    """
    com net org info biz edu gov mil ru cn uk de fr br ua kz xyz top onion example xn--p1ai рф
    """.split()
)
# Newer ones that attackers and everybody else do use; a short plain word under any other is rather a word.
_USED = frozenset(
    """
    site online shop store club live icu click link buzz space website tech app dev cloud pro vip work life fun world
    today rest monster cyou sbs bond cfd lol quest beauty hair skin makeup win bid loan men date stream download
    racing review party science trade webcam accountant faith cricket gdn kim mobi name art group agency support
    services solutions email digital network systems finance bank bet casino games news media blog wiki chat
    guru center company international company ltd global plus zone host press page run surf tel asia cat eus lat
    local internal test invalid lan i2p travel museum tokyo moscow xin wang ren ink rocks ninja exchange money credit
    cash fund capital tax delivery express directory domains hosting team tools technology university
    academy school education health clinic care dental delivery energy eco bio green farm house land homes
    estate rent city town earth ooo one red blue pink black gold autos boats motorcycles yachts
    """.split()
)
_CODE = frozenset(
    """
    self this os sys document window console math string object array request response req res
    event e obj args kwargs system java javax django flask numpy np pd plt torch tf
    jquery process module exports navigator location localstorage json date datetime time path
    item node element config settings user users next prev data out in input output service ingress nav image spec
    client server params param options opts props state store form field model view controller context ctx
    conn connection session cursor db row col table cell file files page entry record result results ret err error
    logger log app api body header headers footer section form label button li ul ol td th tr payload message msg parent child root tree list map set dict key value val
    elem el btn div span foo bar baz qux sum count index idx tmp temp buf buffer str int obj1 account order product
    customer project repo git build env var vars my metadata meta info package pkg values template job task worker host
    cart items orders router component vue react checkout
    tab card modal icon panel dialog title text tooltip badge
    http https tls dns trace span transaction destination network threat process registry rule
    container cloud kubernetes labels related registered question answers
    """.split()
)
_ATTRIBUTES = frozenset({"info", "top", "net", "name", "id", "org"})  # of COMMON, that objects have
_HOST_ATTRIBUTES = frozenset({"net", "org", "top", "info"})
_SOURCE_TOPS = frozenset({"md", "rs", "pl", "cc", "so", "ml", "mk", "am", "pm", "la", "vi", "st"})
_SOURCE_NAMES = frozenset(
    """
    readme changelog contributing license licence index main lib mod util utils helper helpers test tests build
    config setup install notes todo news faq about summary authors security history core common types model models
    handler parser lexer run start script client server app makefile docs doc guide usage example examples design
    architecture code_of_conduct skill agents claude
    """.split()
)
_PACKAGES = frozenset({"com", "org", "net", "io", "edu"})
_SHORT_NAMES_IN = frozenset(
    {"com", "co", "me", "ly", "ai", "gg", "to", "cc"}
)  # t.co and t.me exist
_ROOTS = frozenset(
    "self this os sys document window console math string object array system java javax django dbo".split()
)
# "He went to the shop.it was closed": the word before tells, and the top-level domain is a word too.
_WORD_TOPS = frozenset(
    "it me so is at in to us my am be do no as by he she we and or but pas de es la".split()
)
_ARTICLE = re.compile(
    r"\b(?:the|an?|was|is|were|are|my|your|our|his|her|their|this|that|very|not|too|been|le|la|les|un|une|el|los)\s$",
    re.IGNORECASE,
)
# As in Python, Java and C#.
_IMPORT = re.compile(
    r"(?:\A|[;>({] ?)\s*(from|import|package|using|namespace|use|open|module)(?: static)? \Z"
)
_OPENINGS = tuple(
    f"{word} " for word in "from import package using namespace use open module static".split()
)
_VERSION_NEXT = re.compile(r" v?[0-9]{1,4}\.[0-9]{1,4}\.[0-9]")
_STATEMENT_ENDS = re.compile(r" ?(?:;|,|\n|\r|\Z|as\b|\{|\.\*)")
_IMPORTED = {
    "from": re.compile(r"\.?\w* import\b"),
    **dict.fromkeys(
        ("import", "package", "using", "namespace", "use", "open", "module"), _STATEMENT_ENDS
    ),
}
_HOST_TOPS = COMMON - {"info", "top", "org", "net"}
_EXPRESSION = re.compile(
    r"(?:\b(?:return|await|const|let|var|def|new|default|throw|yield|typeof|assert)|[({,] ?\w{1,20}=|\w\(|=>|[!=]==?|\w \+?=|\bexpect\() ?\Z"
)
_THING = re.compile(
    r"(?:\b(?:module|modulo|módulo|модул\w{1,3}|class|clase|classe|класс\w{0,3}|package|paquete|paquet|пакет\w{0,2}|namespace|field|campo|champ"
    r"|пол[яею]|attribut\w{0,2}|atributo|атрибут\w{0,3}|variable|переменн\w{2,3}|property|propiedad|propriété|свойств\w{1,2}|method|método"
    r"|méthode|метод\w{0,2}|function|función|fonction|функци\w{1,2}|column|columna|colonne|столб\w{1,3})|模块|类|字段|属性|变量|函数|方法"
    r"|وحدة|الوحدة|حقل|متغير|دالة) ?\Z",
    re.IGNORECASE,
)
_QUERY = re.compile(r"\b(?:FROM|JOIN|INTO|UPDATE|TABLE|EXEC) \Z")
_GOES_ON = re.compile(r"\s[a-z]")
_TWO = 2  # labels, as in "invoice.zip"
_SHORT = 6  # letters of a word that tells nothing


@dataclass(frozen=True, slots=True)
class Dotted:
    """Words joined by dots, as they stand in the text."""

    written: str
    before: str  # some characters of the line before
    after: str  # a few characters after

    @property
    def labels(self) -> list[str]:
        return self.written.split(".")

    @property
    def top(self) -> str:
        return self.written.rpartition(".")[2]


@lru_cache(maxsize=2048)  # logs name the same hosts in the same places
def is_no_host(name: Dotted) -> bool:
    """Whether dotted words with a known top-level domain are still rather code or a sentence."""
    if name.written.lower() in filenames.SOFTWARE or any(rule(name) for rule in _NEVER):
        return True
    if name.top.lower() in COMMON and not (_is_code(name) and name.top.istitle()):
        return False
    return any(rule(name) for rule in _NO_HOST)


def _is_source(name: Dotted) -> bool:
    top, stem = name.top.lower(), name.labels[-2]
    if top == "java":
        return True
    is_known = stem.lower() in _SOURCE_NAMES or stem.isupper()
    return top in _SOURCE_TOPS and len(name.labels) == _TWO and is_known


def _is_attribute(name: Dotted) -> bool:
    """``user.name``; of three words the middle one tells, for ``api.example.org`` is a host."""
    if "-" in name.written or name.top not in _ATTRIBUTES or len(name.labels) > _TWO + 1:
        return False
    first = name.labels[0]
    is_plain = first in _CODE or (len(first) == 1 and name.top != "net")
    is_host = name.top in _HOST_ATTRIBUTES and len(name.labels) > _TWO
    return is_plain and not (is_host and name.labels[1].lower() not in _CODE)


def _is_code(name: Dotted) -> bool:
    first = name.labels[0].lower()
    return first in _ROOTS or all(label.lower() in _CODE for label in name.labels[:-1])


def _is_called(name: Dotted) -> bool:
    return name.after.startswith("(") or name.after.lstrip(" ").startswith(("=", "["))


def _is_package(name: Dotted) -> bool:
    return len(name.labels) > _TWO and name.labels[0] in _PACKAGES  # com.example.app


def _is_next_sentence(name: Dotted) -> bool:
    return name.top.istitle()


def _is_run_on(name: Dotted) -> bool:
    is_word = name.top in _WORD_TOPS and len(name.labels) == _TWO
    return is_word and bool(_ARTICLE.search(name.before)) and bool(_GOES_ON.match(name.after))


def _is_abbreviation(name: Dotted) -> bool:
    is_short = all(len(label) == 1 for label in name.labels[:-1])
    return is_short and name.top.lower() not in _SHORT_NAMES_IN


def _is_word(name: Dotted) -> bool:
    """A short plain word under a top-level domain that hardly anybody uses."""
    top, stem = name.top.lower(), name.labels[-2]
    is_rare = len(top) > _TWO and top.isascii() and top not in _USED and not top.startswith("xn--")
    return is_rare and stem.isascii() and stem.isalpha() and len(stem) < _SHORT


def _is_counted(name: Dotted) -> bool:
    return name.labels[-2].isdigit()


def _is_in_path(name: Dotted) -> bool:
    return name.before.endswith(("/", "\\")) and not name.before.endswith(("//", "DIRECT/"))


def _is_imported(name: Dotted) -> bool:
    if not name.before.endswith(_OPENINGS):
        return False
    opening = _IMPORT.search(name.before)
    return opening is not None and bool(_IMPORTED[opening[1]].match(name.after))


def is_product(name: Dotted) -> bool:
    """``Paint.Net 5.0``: capitals, and its version right after."""
    is_title = name.written[:1].isupper() and name.top.istitle()
    return is_title and _VERSION_NEXT.match(name.after) is not None


def _is_queried(name: Dotted) -> bool:
    return name.top in _ATTRIBUTES and bool(_QUERY.search(name.before))


def _is_named_code(name: Dotted) -> bool:
    """In an expression, or after a word such as "module"; hyphens and digits are for hosts."""
    is_plain = name.top.lower() not in _HOST_TOPS and not re.search(r"[0-9-]", name.written)
    return is_plain and bool(_EXPRESSION.search(name.before) or _THING.search(name.before))


def _is_underscored(name: Dotted) -> bool:
    """No name can be registered with an underscore; before a service it stands first."""
    is_inner = "_" in name.written and any("_" in label[1:] for label in name.labels)
    return "_" in name.labels[-_TWO] or (is_inner and name.top.lower() not in COMMON)


def _is_chain(name: Dotted) -> bool:
    """``order.client.name``: three plain words or more, and the last is rather an attribute."""
    is_long = name.top == "name" and len(name.labels) > _TWO and name.labels[0] != "www"
    return is_long and all(label.isascii() and label.isalpha() for label in name.labels)


def _is_initial(name: Dotted) -> bool:
    """``M.Info`` and ``p.me``; without a path nobody means the services with one letter there."""
    if any(len(label) > 1 for label in name.labels[:-1]):
        return False
    return name.top.istitle() or (name.top == "me" and not name.after.startswith("/"))


def _is_styled(name: Dotted) -> bool:
    return name.before.endswith((".", "#")) and name.after.lstrip(" ").startswith("{")


def _is_drawn(name: Dotted) -> bool:
    return name.before.endswith("── ") and name.top in _SOURCE_TOPS


_NEVER = (
    _is_source,
    _is_attribute,
    _is_imported,
    _is_queried,
    _is_styled,
    _is_drawn,
    _is_named_code,
    _is_chain,
    _is_initial,
    _is_underscored,
)
_NO_HOST = (
    _is_code,
    _is_called,
    _is_package,
    _is_next_sentence,
    _is_run_on,
    _is_abbreviation,
    _is_word,
    _is_counted,
    _is_in_path,
)
