"""Addresses of crypto-currencies, each told from any other text by the checksum it carries.

Known are Bitcoin and Litecoin (base58 and bech32), Dogecoin, Dash and Zcash's transparent addresses (base58), Tron,
Bitcoin Cash with its prefix, Ethereum and what shares its form, and Monero. An Ethereum address without capitals
carries no checksum and is taken as it is; all of them come back in lower case, for case is the checksum only.
"""

import re
from functools import lru_cache
from hashlib import sha256

from cirt.objects.observables.keccak import keccak_256

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_DIGIT = {sign: number for number, sign in enumerate(_BASE58)}
# Version bytes: Bitcoin, Litecoin (two), Dogecoin (two), Dash (two), Tron; Zcash's have two bytes.
_VERSIONS = (b"\x00", b"\x05", b"\x30", b"\x32", b"\x1e", b"\x16", b"\x4c", b"\x10", b"\x41")
_ZCASH = (b"\x1c\xb8", b"\x1c\xbd")
_HASH_BYTES = 20
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)  # BIP 173
_BECH32_ENDS = {0: 1}  # by witness version; all others end as BIP 350 says
_BECH32M_END = 0x2BC830A3
_CASH_GENERATOR = (0x98F2BC8E61, 0x79B76D99E2, 0xF33E5FB3C4, 0xAE2EABE2A8, 0x1E4F43E470)
_BLOCK_BYTES = {11: 8, 10: 7, 9: 6, 7: 5, 6: 4, 5: 3, 3: 2, 2: 1}  # Monero's base58, block by block
_MONERO = {95: (b"\x12", b"\x2a"), 106: (b"\x13",)}  # with a payment id the address is longer


@lru_cache(maxsize=4096)
def address(text: str) -> str | None:
    """The address, or None where the checksum does not hold."""
    if re.fullmatch(r"0[xX][0-9A-Fa-f]{40}", text):
        return _ethereum(text)
    if re.fullmatch(r"(?:bc|BC|ltc|LTC)1[02-9A-Za-z]{11,90}", text):
        return _segwit(text)
    if re.fullmatch(r"bitcoincash:[qp][02-9a-z]{41}", text):
        return text if _cash_holds(text) else None
    if len(text) in _MONERO:
        return text if _monero_holds(text) else None
    return text if _base58_holds(text) else None


def _ethereum(text: str) -> str | None:
    digits, low = text[2:], text[2:].lower()
    if len(set(low)) < 5:  # noqa: PLR2004  (a filler such as 0x0000…dead)
        return None
    is_mixed = digits not in (low, digits.upper())
    if is_mixed and digits != _capitals(low):
        return None
    return f"0x{low}"


def _capitals(low: str) -> str:
    """EIP-55."""
    digest = keccak_256(low.encode("ascii")).hex()
    return "".join(
        sign.upper() if nibble > "7" else sign for sign, nibble in zip(low, digest, strict=False)
    )


def _number(text: str) -> int | None:
    number = 0
    for sign in text:
        digit = _DIGIT.get(sign)
        if digit is None:
            return None
        number = 58 * number + digit
    return number


def _base58_holds(text: str) -> bool:
    number = _number(text) if 25 < len(text) < 36 else None  # noqa: PLR2004
    if number is None:
        return False
    ones = len(text) - len(text.lstrip("1"))
    raw = bytes(ones) + number.to_bytes((number.bit_length() + 7) // 8)
    body, check = raw[:-4], raw[-4:]
    version = body[:-_HASH_BYTES]
    if version not in _VERSIONS + _ZCASH or len(body) != len(version) + _HASH_BYTES:
        return False
    return any(body[-_HASH_BYTES:]) and sha256(sha256(body).digest()).digest()[:4] == check


def _segwit(text: str) -> str | None:
    low = text.lower()
    prefix, _, data = low.rpartition("1")
    if text not in (low, text.upper()) or any(sign not in _BECH32 for sign in data):
        return None
    values = [_BECH32.index(sign) for sign in data]
    check = 1
    spread = [ord(sign) >> 5 for sign in prefix] + [0] + [ord(sign) & 31 for sign in prefix]
    for value in spread + values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for bit, part in enumerate(_GENERATOR):
            check ^= part if top >> bit & 1 else 0
    return low if check == _BECH32_ENDS.get(values[0], _BECH32M_END) else None


def _cash_holds(text: str) -> bool:
    """The checksum of Bitcoin Cash, which is not that of BIP 173."""
    prefix, _, data = text.partition(":")
    if any(sign not in _BECH32 for sign in data):
        return False
    check = 1
    values = [ord(sign) & 31 for sign in prefix] + [0] + [_BECH32.index(sign) for sign in data]
    for value in values:
        top = check >> 35
        check = (check & 0x07FFFFFFFF) << 5 ^ value
        for bit, part in enumerate(_CASH_GENERATOR):
            check ^= part if top >> bit & 1 else 0
    return check == 1


def _monero_holds(text: str) -> bool:
    raw = bytearray()
    for start in range(0, len(text), 11):
        block = text[start : start + 11]
        number, size = _number(block), _BLOCK_BYTES.get(len(block), 0)
        if number is None or number >> 8 * size:
            return False
        raw += number.to_bytes(size)
    is_known = bytes(raw[:1]) in _MONERO[len(text)]
    return is_known and keccak_256(bytes(raw[:-4]))[:4] == raw[-4:]
