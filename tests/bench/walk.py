"""A whole walk by taxii2-client, in a process of its own: ``python -m tests.bench.walk URL USER PASSWORD``."""

import json
import subprocess
import sys
import time

PAGE = 1000


def walk_s(collection_url: str, user: str, password: str, expected: int) -> float:
    """Seconds that ``as_pages`` takes over the whole collection."""
    command = [sys.executable, "-m", "tests.bench.walk", collection_url, user, password]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    took, seen = json.loads(done.stdout)
    assert seen == expected, f"{seen} objects seen, {expected} are there"
    return float(took)


def _walk(collection_url: str, user: str, password: str) -> tuple[float, int]:
    from taxii2client.v21 import Collection, as_pages

    collection = Collection(collection_url, user=user, password=password)
    seen: set[str] = set()
    started = time.perf_counter()
    for page in as_pages(collection.get_objects, per_request=PAGE):
        seen.update(one["id"] for one in page["objects"])
    took = time.perf_counter() - started
    collection.close()
    return took, len(seen)


if __name__ == "__main__":
    print(json.dumps(_walk(*sys.argv[1:])))
