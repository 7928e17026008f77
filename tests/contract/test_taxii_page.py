"""The examples of the page for a peer's engineer, as that engineer would type them."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import stix2

from cirt.kernel.program import Program
from cirt.kernel.work import CONSOLE
from cirt.parties.peers import set_credentials
from cirt.release.models import CollectionKind
from cirt.taxii.media import TAXII
from tests.support.documents import blocks, text_of
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


def run_python(block: str, base: str, cwd: Path) -> str:
    code = block.replace("https://cirt.example", base).replace("your-password", PASSWORD)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=cwd, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_lines_with_taxii2_client_read_everything(base: str, tmp_path: Path) -> None:
    assert "indicator--" in run_python(blocks(PAGE, "python")[0], base, tmp_path)


def test_the_lines_for_misp_write_a_bundle_that_is_taken_as_an_envelope(
    base: str, tmp_path: Path
) -> None:
    run_python(blocks(PAGE, "python")[1], base, tmp_path)

    bundle = json.loads((tmp_path / "bundle.json").read_text())
    assert stix2.parse(bundle, allow_custom=True).type == "bundle"
    assert "indicator" in {one["type"] for one in bundle["objects"]}
    bundle["objects"].append(an_indicator())
    answer = ask(f"{base}/taxii2/national/collections/from-peers/objects/", json.dumps(bundle))
    assert answer["total_count"] == len(bundle["objects"])


@pytest.mark.parametrize("program_named", ["OpenCTI", "Microsoft Sentinel", "Cortex XSOAR"])
def test_what_other_programs_are_told_to_enter_leads_to_objects(
    base: str, program_named: str
) -> None:
    (line,) = (line for line in text_of(PAGE).splitlines() if line.startswith(f"| {program_named}"))
    (address,) = re.findall(r"`https://cirt.example(/\S+)`", line)
    root = ask(base + address).get("default", address)
    collections = ask(f"{base}{root}collections/")["collections"]
    (uuid,) = (one["id"] for one in collections if one["can_read"])

    for path in (f"{root}collections/{uuid}/objects/", f"{root}collections/{uuid}/objects"):
        since = "?added_after=2020-01-01T00:00:00.000Z"
        assert "indicator" in {one["type"] for one in ask(base + path + since)["objects"]}


def ask(url: str, body: str | None = None) -> dict[str, Any]:
    """As programs do that know the protocol from the standard only."""
    answer = requests.request(
        "GET" if body is None else "POST",
        url,
        data=body,
        auth=("your-name", PASSWORD),
        headers={"Accept": TAXII, **({"Content-Type": TAXII} if body else {})},
        timeout=30,
    )
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found
