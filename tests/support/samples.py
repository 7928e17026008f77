"""Real data, reached through SAMPLES_DIR only; tests that need it skip without it."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

needs_samples = pytest.mark.skipif(
    "SAMPLES_DIR" not in os.environ, reason="SAMPLES_DIR does not name the folder of real data"
)


def samples() -> Path:
    return Path(os.environ["SAMPLES_DIR"])


def sample_json(name: str) -> Any:
    return json.loads((samples() / name).read_bytes())
