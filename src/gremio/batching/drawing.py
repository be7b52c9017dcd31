"""A pipeline that draws rows. Loads torch."""

from __future__ import annotations

import errno
import gc
import hashlib
import json
import time
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from gremio.batching.calls import Caller
from gremio.batching.jobs.row import Row
from gremio.batching.made import File, Made
from gremio.batching.order import Order
from gremio.drawing.locked import device_of, empty_cache, is_memory, load, seed_all
from gremio.errors import DiskFull, GremioError, OptionError, SandboxLost
from gremio.running.calls import CallSignature, find, takes_lists, together
from gremio.running.outputs import Artifact, collect, making, save

_FULL = (errno.ENOSPC, errno.EDQUOT)
_OWN = ("prompt", "negative_prompt", "steps", "size", "seed")


class _Unbatchable(Exception):
    """The pipeline did not do with several rows what it does with one."""


class Drawer:
    """The pipeline of an order, loaded; ``number`` says which worker this is, and so which GPU is its own.

    ``notes`` are what a person should know, taken away by whoever tells it.
    """

    def __init__(self, order: Order, number: int = 0) -> None:
        import torch

        torch.set_num_threads(order.threads)
        self.device, self.devices = device_of(order.device, number)
        self.notes: list[str] = []
        self._order = order
        self._pipeline = load(order, self.device)
        self._class = self._pipeline.info()["class"] if order.sandbox else type(self._pipeline).__name__
        signature = self._pipeline.signature if order.sandbox else CallSignature.of(type(self._pipeline))
        if signature is None:
            raise OptionError("what this pipeline takes can't be told by reading it", ref=order.typed)
        self.caller = Caller(signature, order.defaults, order.defaults_folder, order.seed)
        codes = order.entry.codes
        self._code = str(codes[0].digest) if codes else ""
        self._most = 0  # rows that fit into memory, once more did not

    def draw(self, rows: Sequence[Row], wanted: frozenset[str]) -> Iterator[Made]:
        """Draw rows, several at once where the pipeline takes several; files of those that are wanted are kept.

        Raises:
            DiskFull: there is no room for them.
        """
        for group in self._groups(rows):
            if wanted & {row.id for row in group}:
                yield from (made for made in self._draw(group) if made.row in wanted)

    def _groups(self, rows: Sequence[Row]) -> Iterator[list[Row]]:
        """Rows that are alike but for prompts and seeds, in the order they have."""
        if len(rows) == 1 or self._order.sandbox or not takes_lists(self.caller.signature):
            yield from ([row] for row in rows)
            return
        for _, alike in groupby(rows, self._likeness):
            group = list(alike)
            step = self._most or len(group)
            yield from (group[start : start + step] for start in range(0, len(group), step))

    def _likeness(self, row: Row) -> str:
        cells = self.caller.cells(row)
        # Several pictures of one prompt, and lists of prompts, are batches of their own.
        alone = row.id if cells.get("count", 1) not in (1, "1") or isinstance(cells.get("prompt"), list) else ""
        negative = type(cells.pop("negative_prompt", None)).__name__
        rest = {name: value for name, value in cells.items() if name not in ("prompt", "seed")}
        return json.dumps([alone, negative, rest], sort_keys=True, default=str)

    def _draw(self, group: list[Row]) -> Iterator[Made]:
        started = time.monotonic()
        try:
            results = self._several(group) if len(group) > 1 else [self._one(group[0])]
            seconds = (time.monotonic() - started) / len(group)
            made = [self._kept(row, result, seconds) for row, result in zip(group, results, strict=True)]
        except DiskFull:
            raise
        except Exception as error:
            if len(group) == 1:
                yield self._failed(group[0], error, time.monotonic() - started)
                return
            parts = self._apart(group, error)
        else:
            yield from made
            return
        # Outside of the handler, whose traceback holds what has no room.
        gc.collect()
        empty_cache()
        for part in parts:
            yield from self._draw(part)

    def _apart(self, group: list[Row], error: Exception) -> list[list[Row]]:
        """Halves where memory was short, else one by one: one row's failure is no other's."""
        half = (len(group) + 1) // 2 if is_memory(error) else 1
        why = "did not fit into memory" if is_memory(error) else f"raised {_words(error)}"
        self.notes.append(f"{len(group)} rows at once {why}; going on with {half}")
        if is_memory(error):
            self._most = half
        return [group[start : start + half] for start in range(0, len(group), half)]

    def _one(self, row: Row) -> list[Artifact]:
        seed = self.caller.seed_of(row)
        if not self._order.sandbox:
            arguments = self.caller.arguments(row)
            seed_all(seed)
            return collect(self._pipeline(**arguments), fps=self._order.fps)
        arguments = self.caller.arguments(row, device=None)
        name = find(self.caller.signature, "seed")
        self._pipeline.seed(seed % 2**62)
        return collect(self._pipeline(**arguments, **({name: seed} if name else {})), fps=self._order.fps)

    def _several(self, group: list[Row]) -> list[list[Artifact]]:
        """One call for all, each row with a generator of its own."""
        arguments = together(self.caller.signature, [self.caller.arguments(row) for row in group])
        seed_all(self.caller.seed_of(group[0]))
        found = collect(self._pipeline(**arguments), fps=self._order.fps)
        if len(found) != len(group):
            raise _Unbatchable(f"{len(found)} pictures for {len(group)} rows")
        return [[artifact] for artifact in found]

    def _kept(self, row: Row, artifacts: list[Artifact], seconds: float) -> Made:
        folder = Path(self._order.folder)
        # A number begins the name: no folder is called like that by accident, and each row has a name of its own.
        out = folder / f"{row.id}{self._order.suffix}"
        try:
            saved = save(artifacts, out, metadata=self._metadata(row), stem=row.id)
        except GremioError as error:
            if is_full(error):
                raise DiskFull(error.message) from error
            raise
        beside = [each for path in saved.paths if (each := path.with_name(f"{path.name}.json")).is_file()]
        files = tuple(_file(path, folder) for path in (*saved.paths, *beside))
        note = "; ".join(dict.fromkeys(each.note for each in artifacts if each.note))
        return Made(row.id, files, self.caller.seed_of(row), self._code, seconds=seconds, note=note)

    def _metadata(self, row: Row) -> dict[str, str]:
        said = {**self._order.defaults, **row.cells, "seed": self.caller.seed_of(row)}
        rest = {name: value for name, value in said.items() if name not in _OWN}
        told = {name.replace("_", "-"): said.get(name) for name in _OWN}
        told |= {"row": row.id, "set": ", ".join(f"{name}={value}" for name, value in rest.items())}
        return making(self._pipeline.gremio, told, ref=self._order.typed, class_name=self._class)

    def _failed(self, row: Row, error: Exception, seconds: float) -> Made:
        passing = is_memory(error) or isinstance(error, OSError | SandboxLost)
        seed = self.caller.seed_of(row)
        return Made(row.id, (), seed, self._code, seconds=seconds, error=_words(error), passing=passing)


def is_full(error: BaseException | None) -> bool:
    """Whether a disk, or somebody's share of it, was full."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _FULL:
            return True
        error = error.__cause__
    return False


def _words(error: Exception) -> str:
    message = error.message if isinstance(error, GremioError) else str(error)
    return f"{type(error).__name__}: {message}"[:1000].replace("\n", " ")


def _file(path: Path, folder: Path) -> File:
    data = path.read_bytes()
    return File(path.relative_to(folder).as_posix(), hashlib.sha256(data).hexdigest(), len(data))
