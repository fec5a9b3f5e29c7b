"""Feed a hundred thousand changed files to everything that reads files.

    python benchmarks/mutants.py [COUNT [SEED]]

Prints each new kind of fault (by its last frame) with the file that brought it, and ends with 1
where there was any.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
import traceback
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
sys.path.insert(0, str(REPOSITORY / "tests" / "bounds"))

from mutants import formats, mutants  # noqa: E402

COUNT = 100_000


def main(count: int, seed: int) -> int:
    """The number of kinds of faults."""
    shared = Path(os.environ.get("CONNECTOR_HARNESS_SHARED") or REPOSITORY.parent / "shared")
    kinds: dict[str, int] = {}
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        for number, mutant in enumerate(mutants(formats(shared), seed, count), 1):
            fault = mutant.fault(Path(scratch))
            if fault is not None:
                frame = traceback.extract_tb(fault.__traceback__)[-1]
                kind = f"{type(fault).__name__} in {frame.filename}:{frame.lineno}"
                kinds[kind] = kinds.get(kind, 0) + 1
                if kinds[kind] == 1:
                    print(f"{mutant.format.name}: {kind}: {str(fault)[:200]}")
                    print("".join(traceback.format_tb(fault.__traceback__)[-4:]))
                    print(mutant.content[:600], flush=True)
            if number % 5_000 == 0:
                print(f"{number} of {count}, {time.monotonic() - began:.0f} s", flush=True)
    print(f"{count} changed files, {len(kinds)} kinds of faults: {kinds}")
    return len(kinds)


if __name__ == "__main__":
    given = [int(argument) for argument in sys.argv[1:]]
    sys.exit(1 if main(*(given + [COUNT, 13][len(given) :])) else 0)
