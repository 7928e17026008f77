"""The one spelling of numbers and codes: telephone, certificate, technique, TLS fingerprint.

- Telephone numbers: digits alone, with a plus sign before a country code (E.164); ``00`` before one counts as the
  plus sign. A number without country code stays as national as it came, for nobody says of which nation.
- Serial numbers of certificates: pairs of hex digits in lower case with colons, as STIX 2.1 shows them (section 6.18),
  without leading zeros.
- Techniques: as MITRE ATT&CK numbers them, of the enterprise, mobile and industrial matrices.
"""

import re

_PHONE_DIGITS = range(7, 16)  # E.164 allows 15 at most
_SERIAL_BYTES = range(4, 22)  # RFC 5280, section 4.1.2.2, allows 20; some write a zero before them


def phone(text: str) -> str | None:
    if not re.fullmatch(r"(?:\(?(?:\+|00))?[0-9()./ \u00a0\u2009\u202f\u2010-\u2013-]{6,40}", text):
        return None
    is_international = bool(re.match(r"\(?(?:\+|00[ .-]?[1-9])", text))
    spoken = text.replace("(0)", "") if is_international else text
    digits = re.sub(r"[^0-9]", "", spoken)
    if is_international and "+" not in text:
        digits = digits[2:]
    if len(digits) not in _PHONE_DIGITS or len(set(digits)) < 3:  # noqa: PLR2004  (a filler)
        return None
    if is_international and digits.startswith("0"):
        return None
    return f"+{digits}" if is_international else digits


def technique(text: str) -> str | None:
    found = re.fullmatch(r"(T[01][0-9]{3})(?:[./]([0-9]{3}))?", text, re.ASCII | re.IGNORECASE)
    if not found:
        return None
    whole = found[1].upper()
    is_numbered = "T1001" <= whole <= "T1799" or "T0800" <= whole <= "T0899"
    return f"{whole}.{found[2]}" if is_numbered and found[2] else whole if is_numbered else None


def serial(text: str) -> str | None:
    digits = re.sub(r"[: -]", "", text.lower().removeprefix("0x")).lstrip("0")
    if not re.fullmatch(r"[0-9a-f]{7,42}", digits):
        return None
    digits = digits.zfill(len(digits) + len(digits) % 2)
    pairs = [digits[at : at + 2] for at in range(0, len(digits), 2)]
    return ":".join(pairs) if len(pairs) in _SERIAL_BYTES else None


def ja4(text: str) -> str | None:
    shape = r"[tqd][0-9s][0-9][di][0-9]{4}[0-9a-z]{2}_[0-9a-f]{12}_[0-9a-f]{12}"
    return text.lower() if re.fullmatch(shape, text.lower(), re.ASCII) else None
