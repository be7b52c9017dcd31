"""Run by path, to be killed: draws what its only argument says as JSON, and tells each row that is done with."""

import json
import sys
from contextlib import nullcontext

from gremio.batching import workers
from gremio.batching.batch import batch
from gremio.batching.progress import Progress


def tell(progress: Progress) -> None:
    """On a line of its own."""
    sys.stdout.write(f"{progress.done}\n")
    sys.stdout.flush()


def main(text: str) -> None:
    """Draw."""
    told = json.loads(text)
    start = tuple(told.pop("start"))
    workers.forking = lambda environ: nullcontext(start)
    batch(**told, on_progress=tell)


if __name__ == "__main__":
    main(sys.argv[1])
