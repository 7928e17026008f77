"""Bytes of a mail as text, whatever their sender says they are."""

import codecs
import re
from email.errors import HeaderParseError
from email.header import decode_header

# Where the label is a subset of what its users send (WHATWG Encoding, section 4.2).
_WIDER = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
}
# Codecs that are no character sets of mails; some of them take quadratic time.
_NOT_CHARSETS = {"punycode", "idna", "unicode-escape", "raw-unicode-escape", "undefined"}
_WORD = re.compile(r"=\?[^?]{1,60}\?[bq]\?", re.IGNORECASE)
MAX_HEADER = 20_000  # characters


def decoded(body: bytes, charset: str | None) -> str:
    """Never fails. What is UTF-8 beyond doubt is read as such, whatever it claims to be."""
    name = _codec(charset)
    if name is None or name.startswith(("cp125", "iso8859")):  # these take any bytes
        try:
            return body.decode("utf-8")
        except UnicodeDecodeError:
            return body.decode(name or "cp1252", "replace")
    try:
        return body.decode(name)
    except UnicodeDecodeError:
        return _second_try(body, name)


def header_text(raw: str) -> str:
    """A header field as people read it: unfolded, encoded words decoded (RFC 2047), raw bytes as well."""
    line = re.sub(r"[\r\n]+", "", raw[:MAX_HEADER])
    if not line.isascii():
        line = decoded(line.encode("ascii", "surrogateescape"), None) if _is_raw(line) else line
    if _WORD.search(line) is None:
        return line
    try:
        return "".join(_word(*part) for part in decode_header(line))
    except (HeaderParseError, ValueError):
        return line


def _word(body: bytes | str, charset: str | None) -> str:
    if isinstance(body, str):
        return body
    if (
        charset is None
    ):  # between encoded words; raw-unicode-escape is what decode_header made of it
        return body.decode("raw-unicode-escape", "replace")
    return decoded(body, charset)


def _second_try(body: bytes, name: str) -> str:
    """It lied, or was cut."""
    if name != "utf-8":
        try:
            return body.decode("utf-8")
        except UnicodeDecodeError:
            return body.decode(name, "replace")
    text = body.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    return body.decode("cp1252", "replace") if broken > len(text) // 100 + 1 else text


def _codec(charset: str | None) -> str | None:
    """The name of a codec that reads this; None: unknown, or none that is a character set."""
    label = (charset or "").strip(" \"'").casefold()
    if not label or len(label) > 40 or not label.isascii():  # noqa: PLR2004
        return None
    try:
        name = codecs.lookup(label).name
        "".encode(name)  # refuses zlib, hex and others that are no text
    except (LookupError, ValueError, TypeError):
        return None
    return None if name in _NOT_CHARSETS else _WIDER.get(name, name)


def _is_raw(line: str) -> bool:
    """Whether the parser kept bytes in it as lone surrogates, and only those."""
    return all(ord(letter) < 0x80 or 0xDC80 <= ord(letter) <= 0xDCFF for letter in line)  # noqa: PLR2004
