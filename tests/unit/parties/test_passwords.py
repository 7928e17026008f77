"""What a kept password costs whoever steals the database."""

import subprocess
import sys

from cirt.parties.passwords import verify

_HASH = (
    "from cirt.parties.passwords import hash_password; print(hash_password('seven small boats'))"
)


def test_a_hash_costs_64_mebibytes_twice_over_wherever_the_program_runs() -> None:
    """In a process of its own, for the suite's hashes are cheap."""
    told = subprocess.run([sys.executable, "-c", _HASH], capture_output=True, text=True, check=True)

    assert told.stdout.startswith("$argon2id$v=19$m=65536,t=2,p=1$")
    assert verify(told.stdout.strip(), "seven small boats")
    assert not verify(told.stdout.strip(), "seven small boat")
