"""How often a pipeline's scheduler steps and its denoiser runs during a call."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from gremio.checking.trial.measures import parts

_DENOISERS = ("unet", "transformer", "transformer_2", "prior", "decoder")


@dataclass
class Counts:
    """``scheduler`` steps, and ``forward`` passes of what denoises."""

    scheduler: int = 0
    forward: int = 0

    @property
    def steps(self) -> int:
        """The scheduler's steps; where the code steps without it, the denoiser's passes."""
        return self.scheduler or self.forward


@contextmanager
def counted(pipeline: Any) -> Iterator[Counts]:
    """Count while the context lasts, and leave the components as they were."""
    import torch

    counts = Counts()

    def on_step() -> None:
        counts.scheduler += 1

    def on_forward(*_: object) -> None:
        counts.forward += 1

    with ExitStack() as undo:
        for name, part in parts(pipeline).items():
            if isinstance(part, torch.nn.Module) and name in _DENOISERS:
                undo.callback(part.register_forward_pre_hook(on_forward).remove)
            elif callable(getattr(type(part), "step", None)):
                undo.callback(_count_steps(part, on_step))
        yield counts


def _count_steps(scheduler: Any, on_step: Callable[[], None]) -> Callable[[], None]:
    """Count an instance's steps by a bound method of its own, which leaves its class alone; how to undo it."""
    step = scheduler.step

    def noted(*args: Any, **kwargs: Any) -> Any:
        on_step()
        return step(*args, **kwargs)

    # Code asks `inspect.signature(scheduler.step)` whether it takes eta or a generator.
    noted.__wrapped__ = step  # type: ignore[attr-defined]
    scheduler.step = noted

    def undo() -> None:
        vars(scheduler).pop("step", None)

    return undo
