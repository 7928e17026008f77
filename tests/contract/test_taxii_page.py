"""The examples of the page for a peer's engineer, as that engineer would type them."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cirt.kernel.program import Program
from cirt.kernel.work import CONSOLE
from cirt.parties.peers import set_credentials
from cirt.release.models import CollectionKind
from tests.support.documents import blocks
from tests.support.release import a_collection, a_reader, our_indicator, published
from tests.support.taxii import PASSWORD, an_indicator, served

PAGE = "docs/taxii.md"


@pytest.fixture
def base(program: Program) -> Iterator[str]:
    """An installation with a peer, an indicator to read and an inbox."""
    with program.work(CONSOLE) as work:
        peer = a_reader(work, "your-name")
        published(work, a_collection(work, peer), our_indicator(work))
        a_collection(work, peer, alias="from-peers", kind=CollectionKind.INBOX)
        set_credentials(work, "your-name", "your-name", PASSWORD)
    with served(program) as address:
        yield address


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
def test_the_lines_with_curl_read_and_write(base: str, tmp_path: Path) -> None:
    (tmp_path / "envelope.json").write_text(json.dumps({"objects": [an_indicator()]}))

    reading, writing = (
        subprocess.run(
            ["sh", "-e", "-c", block.replace("https://cirt.example", base)],
            cwd=tmp_path,
            env={"PATH": "/usr/bin:/bin", "NAME": "your-name", "PASSWORD": PASSWORD},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for block in blocks(PAGE, "sh")
    )

    assert '"api_roots"' in reading
    assert "198.51.100.7" in reading
    assert json.loads(writing)["success_count"] == 1


def test_the_lines_with_taxii2_client_read_everything(base: str) -> None:
    (block,) = blocks(PAGE, "python")
    code = block.replace("https://cirt.example", base).replace("your-password", PASSWORD)

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

    assert "indicator--" in done.stdout
