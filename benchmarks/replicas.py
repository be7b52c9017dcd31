"""A service on a Ray cluster whose replicas and machines are killed while they draw.

    python benchmarks/replicas.py [JOBS] [KILLS]

Starts a cluster of a head and two nodes on this machine (``ray.cluster_utils``), puts 100 jobs of a pipeline without
weights in line, and kills nodes and replicas in turn, four in all, with whatever runs on them. Ends with 1 where a job
is lost or has other bytes than its seed makes in a process of this machine. Needs ``gremio[serve,ray]``.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.serving import PAINTER, easel

SEEDS = 10


def main(jobs: int = 100, kills: int = 4) -> int:
    """Draw on one process, then on a cluster; compare."""
    from gremio.drawing.choosing import plainly
    from gremio.serving.choosing import Wish, chosen
    from gremio.serving.on_ray import replicas
    from gremio.serving.server import offered_of, processes

    with tempfile.TemporaryDirectory(prefix="gremio-replicas-") as folder:
        place = Path(folder)
        os.environ["GREMIO_HOME"] = str(place / "home")
        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
        (place / "easel").mkdir()
        shelf = chosen(Wish([str(PAINTER)], str(easel(place / "easel")), threads=1), plainly)
        with processes(shelf, place, 1) as (artists, pipelines):
            here, _ = asyncio.run(drawn(artists, pipelines["painter"], place / "here", SEEDS, []))
        import ray
        from ray.cluster_utils import Cluster

        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
        nodes = [cluster.add_node(num_cpus=1) for _ in range(2)]
        ray.init(cluster.address, log_to_driver=False)

        def kill_node() -> None:
            at = random.randrange(len(nodes))
            print("  killing node", at, flush=True)
            cluster.remove_node(nodes[at], allow_graceful=False)
            nodes[at] = cluster.add_node(num_cpus=1)

        try:
            deeds = [kill_replica if number % 2 else kill_node for number in range(kills)]
            with replicas(shelf, cluster.address, 2) as (artists, told):
                painter = offered_of("painter", told["painter"])
                there, seconds = asyncio.run(drawn(artists, painter, place / "there", jobs, deeds))
        finally:
            ray.shutdown()
            cluster.shutdown()
    same = all(each == here[number % SEEDS] for number, each in enumerate(there))
    print(f"{jobs} jobs in {seconds:.1f} s with {kills} kills: {Counter(bool(each) for each in there)[True]} drawn")
    print(f"same bytes: {same}")
    return 0 if same else 1


async def drawn(
    artists: Any, painter: Any, folder: Path, jobs: int, deeds: list[Callable[[], None]]
) -> tuple[list[str], float]:
    """Hashes of what jobs made; deeds are done at even distances."""
    from gremio.serving.bodies import Asked
    from gremio.serving.calls import Call
    from gremio.serving.limits import Limits
    from gremio.serving.line import Line
    from gremio.serving.metrics import Metrics

    folder.mkdir()
    line = Line(artists, Limits(queue=jobs), folder, Metrics())
    await line.open()
    started = time.monotonic()
    values = {"prompt": ("x", "x"), "num_inference_steps": (4, None), "pause": (0.3, None)}
    put = [await line.put(painter, Asked(Call(values, number % SEEDS), {})) for number in range(jobs)]
    for number, job in enumerate(put):
        await job.finished()
        if deeds and number % (jobs // 6) == jobs // 6 - 1:
            # Nodes are started in the main thread only.
            deeds.pop(0)()
    seconds = time.monotonic() - started
    made = [hashlib.sha256(job.pieces[0].path.read_bytes()).hexdigest() if job.pieces else "" for job in put]
    await line.close()
    return made, seconds


def kill_replica() -> None:
    """A process that is one."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if "ServeReplica:gremio" in (folder / "cmdline").read_text():
                print("  killing replica", folder.name, flush=True)
                os.kill(int(folder.name), signal.SIGKILL)
                return
        except OSError:
            continue


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
