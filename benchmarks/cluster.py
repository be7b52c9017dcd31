"""A job on a Ray cluster whose machines are killed while it draws, compared with one process.

    python benchmarks/cluster.py [ROWS] [KILLS]

Starts a cluster of a head and two nodes on this machine (``ray.cluster_utils``), draws 500 rows of a pipeline without
weights, and kills a node at random three times, with all that runs on it. Ends with 1 where a row is missing, is there
twice, or has other bytes. Needs ``gremio[ray]``.
"""

from __future__ import annotations

import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gremio.batching.batch import Report

ROOT = Path(__file__).parents[1]
PAINTER = ROOT / "tests" / "samples" / "painter.py"
PAUSE = 0.1  # seconds that a row takes


def main(rows: int = 500, kills: int = 3) -> int:
    """Draw on one process, then on a cluster; compare."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    from gremio.batching.batch import batch

    with tempfile.TemporaryDirectory(prefix="gremio-cluster-") as folder:
        place = Path(folder)
        os.environ["GREMIO_HOME"] = str(place / "home")
        jobs, easel = _jobs(place, rows), _easel(place)
        common = {"pipeline": PAINTER, "model": easel, "seed": 7}
        started = time.monotonic()
        batch(jobs, out=place / "one", workers=1, **common)
        one = time.monotonic() - started
        started = time.monotonic()
        killed, report = _on_cluster(lambda: batch(jobs, out=place / "many", ray="auto", **common), kills)
        many = time.monotonic() - started
        same = _files(place / "one") == _files(place / "many")
        lines = (place / "many" / "manifest.jsonl").read_text().splitlines()[1:]
        ids = [json.loads(line)["row"] for line in lines]
        print(f"{rows} rows: one process {one:.1f} s, cluster {many:.1f} s with {killed} nodes killed")
        print(f"drawn {report.drawn}, failed {report.failed}; {len(ids)} lines of {len(set(ids))} rows")
        print(f"same bytes: {same}")
        return 0 if same and len(ids) == len(set(ids)) == rows and killed == kills else 1


def _on_cluster(draw: Callable[[], Report], kills: int) -> tuple[int, Report]:
    import ray
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    nodes = [cluster.add_node(num_cpus=2) for _ in range(2)]
    ray.init(cluster.address, log_to_driver=False)
    killed: list[int] = []
    moments = random.Random(1)
    try:
        # Nodes are started in the main thread only.
        with ThreadPoolExecutor(1) as beside:
            drawing = beside.submit(draw)
            while not drawing.done():
                wait([drawing], 8 + moments.random() * 6)
                if len(killed) < kills and not drawing.done():
                    at = moments.randrange(len(nodes))
                    print(f"  killing node {at}", flush=True)
                    cluster.remove_node(nodes[at], allow_graceful=False)
                    nodes[at] = cluster.add_node(num_cpus=2)
                    killed.append(at)
            report = drawing.result()
    finally:
        ray.shutdown()
        cluster.shutdown()
    return len(killed), report


def _jobs(place: Path, rows: int) -> Path:
    file = place / "jobs.jsonl"
    file.write_text("".join(json.dumps({"prompt": f"fox {n}", "pause": PAUSE}) + "\n" for n in range(rows)))
    return file


def _easel(place: Path) -> Path:
    folder = place / "easel"
    (folder / "scheduler").mkdir(parents=True)
    index = {"_class_name": "Painter", "_diffusers_version": "0.36.0", "scheduler": ["diffusers", "DDIMScheduler"]}
    (folder / "model_index.json").write_text(json.dumps(index))
    (folder / "scheduler" / "scheduler_config.json").write_text(json.dumps({"_class_name": "DDIMScheduler"}))
    return folder


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.png")}


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
