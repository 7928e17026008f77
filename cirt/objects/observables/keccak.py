"""Keccak-256 as Ethereum and Monero use it: SHA-3 before its padding was changed, which hashlib lacks."""

_RATE = 136  # bytes taken in at a time
_ALL = 2**64 - 1
_LANES = 25
_ROUNDS = 24


def keccak_256(data: bytes) -> bytes:
    """The 32 bytes of the hash."""
    padded = bytearray(data + b"\x01")
    padded += bytes(-len(padded) % _RATE)
    padded[-1] |= 0x80
    lanes = [0] * _LANES
    for start in range(0, len(padded), _RATE):
        for lane in range(_RATE // 8):
            at = start + 8 * lane
            lanes[lane] ^= int.from_bytes(padded[at : at + 8], "little")
        lanes = _permuted(lanes)
    return b"".join(lane.to_bytes(8, "little") for lane in lanes[:4])


def _round_constants() -> tuple[int, ...]:
    """FIPS 202, section 3.2.5."""
    made, register = [], 1
    for _ in range(_ROUNDS):
        constant = 0
        for power in range(7):
            constant |= (register & 1) << (2**power - 1)
            register <<= 1
            register ^= 0x171 if register & 0x100 else 0
        made.append(constant)
    return tuple(made)


def _moves() -> tuple[tuple[int, int, int], ...]:
    """Where each lane goes and by how much it turns; FIPS 202, sections 3.2.2 and 3.2.3."""
    x, y, moves = 1, 0, [(0, 0, 0)]
    for step in range(_ROUNDS):
        turn = (step + 1) * (step + 2) // 2 % 64
        moves.append((x + 5 * y, y + 5 * ((2 * x + 3 * y) % 5), turn))
        x, y = y, (2 * x + 3 * y) % 5
    return tuple(moves)


_CONSTANTS, _MOVES = _round_constants(), _moves()


def _permuted(lanes: list[int]) -> list[int]:
    for constant in _CONSTANTS:
        sums = [
            lanes[x] ^ lanes[x + 5] ^ lanes[x + 10] ^ lanes[x + 15] ^ lanes[x + 20]
            for x in range(5)
        ]
        mixed = [
            sums[x - 1] ^ (sums[(x + 1) % 5] << 1 & _ALL | sums[(x + 1) % 5] >> 63)
            for x in range(5)
        ]
        moved = [0] * _LANES
        for source, target, turn in _MOVES:
            lane = lanes[source] ^ mixed[source % 5]
            moved[target] = (lane << turn | lane >> (64 - turn)) & _ALL
        lanes = [
            moved[at] ^ (~moved[row + (at + 1) % 5] & moved[row + (at + 2) % 5])
            for row in range(0, _LANES, 5)
            for at in range(row, row + 5)
        ]
        lanes[0] ^= constant
    return lanes
