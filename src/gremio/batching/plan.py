"""A job that was read, resolved and found right, before anything is drawn. Never loads torch."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gremio.batching.calls import Caller, fingerprint, problems
from gremio.batching.jobs import Jobs, Row, crossed, parse_axes, read_jobs
from gremio.batching.jobs.row import refuse
from gremio.batching.made import Made
from gremio.batching.order import Order
from gremio.code.libraries.packages import version_of
from gremio.drawing.choosing import Ask, Chosen, choose
from gremio.drawing.locked import lock_text
from gremio.errors import OptionError
from gremio.running.outputs import check_suffix

_PLACES = ("pipeline", "code", "model", "code-digest")
_LIBRARIES = ("torch", "diffusers", "transformers")


@dataclass(frozen=True)
class Wish:
    """What a person asks for: see ``gremio.batch``."""

    jobs: str
    pipeline: str
    model: str | None
    out: str
    defaults: Mapping[str, Any] = field(default_factory=dict)
    grid: Sequence[str] = ()
    seed: int | None = None
    threads: int = 1
    batch_size: int = 1
    dtype: str | None = None
    device: str | None = None
    format: str | None = None
    fps: float | None = None
    sandbox: bool = False
    project: str = "."
    load: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """All of a job: its rows, each with the fingerprint of what it asks for; what draws them; what a manifest tells."""

    wish: Wish
    rows: tuple[Row, ...]
    prints: Mapping[str, str]
    chosen: Chosen
    seed: int
    job: Mapping[str, Any]

    @property
    def caller(self) -> Caller | None:
        """What rows are calls of, as far as reading the class tells."""
        signature = self.chosen.signature
        return Caller(signature, self.wish.defaults, str(Path.cwd()), self.seed) if signature else None

    def order(self, folder: Path) -> Order:
        """What a worker is told, whose files go to ``folder``."""
        wish = self.wish
        return Order(
            lock=lock_text(self.chosen.entry),
            project=self.chosen.project,
            typed=self.chosen.typed,
            folder=str(folder),
            seed=self.seed,
            defaults=wish.defaults,
            defaults_folder=str(Path.cwd()),
            options=self.chosen.options,
            dtype=wish.dtype,
            device=wish.device,
            threads=wish.threads,
            fps=wish.fps,
            suffix=f".{wish.format}" if wish.format else "",
            sandbox=wish.sandbox or self.chosen.entry.sandbox,
        )


def plan(wish: Wish, *, ask: Ask[Any], seed: int | None = None) -> Plan:
    """Read, resolve and check a job; ``seed`` is that of the job that it goes on with, if it does.

    Raises:
        OptionError: some rows can't be drawn; all of them are told.
        GremioError: the pipeline can't be found, or may not run.
    """
    if wish.format:
        check_suffix(f".{wish.format}")
    if wish.batch_size < 1 or wish.threads < 1:
        raise OptionError("--batch-size and --threads are at least 1")
    jobs = crossed(read_jobs(wish.jobs), parse_axes(wish.grid))
    chosen = choose(wish.pipeline, wish.model, wish.load, project=wish.project, sandbox=wish.sandbox, ask=ask)
    number = next(each for each in (wish.seed, seed, random.randrange(2**32)) if each is not None)  # noqa: S311  no secret
    _check(jobs, chosen, wish, number)
    prints = {row.id: fingerprint(row, wish.defaults, str(Path.cwd())) for row in jobs.rows}
    return Plan(wish, jobs.rows, prints, chosen, number, _job(wish, chosen, number, prints))


def _check(jobs: Jobs, chosen: Chosen, wish: Wish, seed: int) -> None:
    found = list(jobs.problems)
    if chosen.signature is not None:
        caller = Caller(chosen.signature, wish.defaults, str(Path.cwd()), seed)
        found += problems(caller, jobs.rows)
    bad = {each.place for each in jobs.problems} - {row.place for row in jobs.rows}
    refuse(found, len(jobs.rows) + len(bad), ref=wish.jobs)


def _job(wish: Wish, chosen: Chosen, seed: int, prints: Mapping[str, str]) -> dict[str, Any]:
    """What two runs of one job have in common."""
    told = hashlib.sha256("\n".join(prints.values()).encode()).hexdigest()
    return {
        "rows": len(prints),
        "digest": f"sha256:{told}",
        "seed": seed,
        "pipeline": wish.pipeline,
        **chosen.places,
        "lock": str(chosen.entry.digest),
        "code-digest": chosen.code,
        "mend": bool(wish.load.get("mend", True)),
        "dtype": wish.dtype or "",
        "device": wish.device or "",
        "threads": wish.threads,
        "batch-size": wish.batch_size,
        "format": wish.format or "",
        "fps": wish.fps or 0,
        "sandbox": wish.sandbox or chosen.entry.sandbox,
        "libraries": {name: version_of(name) for name in _LIBRARIES},
    }


def differences(before: Mapping[str, Any], now: Mapping[str, Any], made: Iterable[Made], plan: Plan) -> list[str]:
    """What of a job is not what it was, in words."""
    # What code and weights are called and where they lie matters only where they are not the same.
    apart = ("digest", "libraries", "rows", *(_PLACES if before.get("lock") == now["lock"] else ()))
    found = [
        f"{name}: {before.get(name, 'not told')} before, {now[name]} now"
        for name in now
        if name not in apart and before.get(name) != now[name]
    ]
    if before.get("digest") != now.get("digest"):
        found.append(_differing_rows(before, now, made, plan))
    return found


def _differing_rows(before: Mapping[str, Any], now: Mapping[str, Any], made: Iterable[Made], plan: Plan) -> str:
    drawn = {each.row: each.call for each in made}
    gone = sorted(drawn.keys() - plan.prints.keys())
    other = sorted(row for row, call in drawn.items() if plan.prints.get(row, call) != call)
    told = [f"{len(other)} that are done with ask for something else ({', '.join(other[:5])})"] if other else []
    told += [f"{len(gone)} that are done with are gone ({', '.join(gone[:5])})"] if gone else []
    told += [f"{before.get('rows')} before, {now['rows']} now"] if before.get("rows") != now["rows"] else []
    return f"rows: {'; '.join(told) or 'some that are not drawn yet ask for something else'}"
