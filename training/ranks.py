"""Two single-threaded processes that train as one by averaging their gradients.

On two CPU cores this is faster than one process with two threads.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, Self

import torch
from torch import distributed, multiprocessing, nn

RANKS: Final = 2
CHECKPOINT_SECONDS: Final = 90


def _rank(rank: int, meeting_point: str, work: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", init_method=f"file://{meeting_point}", rank=rank, world_size=RANKS)
    torch.manual_seed(rank)
    work(rank, *arguments)
    distributed.barrier()
    distributed.destroy_process_group()


def run_ranks(work: Callable[..., None], *arguments: Any) -> None:
    """Call `work(rank, *arguments)` in every rank and wait for all of them."""
    with TemporaryDirectory() as folder:
        multiprocessing.spawn(_rank, (f"{folder}/meeting", work, arguments), nprocs=RANKS)


def average_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Replace each gradient by its mean over the ranks; one message for all of them."""
    gradients = [each.grad for each in parameters if each.grad is not None]
    flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
    distributed.all_reduce(flat)
    flat /= RANKS
    parts = flat.split([gradient.numel() for gradient in gradients])
    for gradient, part in zip(gradients, parts, strict=True):
        gradient.copy_(part.view_as(gradient))


@dataclass(slots=True)
class Clock:
    """How much of the training time is spent, by rank 0's wall clock, the same in all ranks.

    Learning rates follow it instead of a step count, so that the training always ends in time,
    whatever else the machine is doing.
    """

    minutes: float
    spent: float = 0.0
    _started: float = field(default_factory=time.monotonic)

    @property
    def elapsed(self) -> float:
        """Seconds of training so far, those before a restart included."""
        return self.spent + time.monotonic() - self._started

    def progress(self) -> float:
        """The elapsed part of the time, from 0 to 1."""
        part = torch.tensor(self.elapsed / (60 * self.minutes))
        distributed.broadcast(part, src=0)
        return min(1.0, part.item())


@dataclass(slots=True)
class Checkpoint:
    """The state of a training on disk, so that an interrupted one can go on."""

    path: Path
    parts: dict[str, Any]
    clock: Clock
    _saved: float = 0.0

    @classmethod
    def resume(cls, path: Path, parts: dict[str, Any], minutes: float) -> Self:
        """Load the parts from `path` where it exists; otherwise start from zero."""
        spent = 0.0
        if path.exists():
            stored = torch.load(path, weights_only=True)
            spent = stored["spent"]
            for name, part in parts.items():
                part.load_state_dict(stored[name])
        return cls(path, parts, Clock(minutes, spent), _saved=spent)

    def save_if_due(self, rank: int, *, force: bool = False) -> None:
        """Write a checkpoint from rank 0 every minute or so."""
        elapsed = self.clock.elapsed
        if rank != 0 or (elapsed - self._saved < CHECKPOINT_SECONDS and not force):
            return
        self._saved = elapsed
        state = {name: part.state_dict() for name, part in self.parts.items()}
        temporary = self.path.with_suffix(".partial")
        torch.save({"spent": elapsed, **state}, temporary)
        temporary.replace(self.path)


def same_start(module: nn.Module) -> None:
    """Give every rank the weights of rank 0."""
    for each in (*module.parameters(), *module.buffers()):
        distributed.broadcast(each.data, src=0)
