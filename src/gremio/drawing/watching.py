"""A call, watched: its steps are told, and it stops when somebody wants that.

A pipeline is stopped wherever one of its models begins to work or its bar moves on, whichever comes first; so all of
them stop within a step, whatever they take.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from gremio.errors import CodeFailed, GremioError
from gremio.machine.processes import Trouble
from gremio.sandbox.worker import Bar


class Stopped(BaseException):
    """Raised inside a pipeline to leave it; no ``except Exception`` of its code holds it up."""


class Watch:
    """``moved`` hears of steps done and steps in all, 0 where nobody knows; ``stopped`` says whether to stop."""

    def __init__(self, moved: Callable[[int, int], None], stopped: Callable[[], bool]) -> None:
        self._tell = moved
        self._stopped = stopped

    def begins(self, *_: object) -> None:
        """A model is about to work."""
        if self._stopped():
            raise Stopped

    def bar(self, iterable: Iterable[Any] | None = None, total: int | None = None) -> Bar:
        """In place of a pipeline's own."""
        return Bar(self._moved, iterable, total)

    def _moved(self, *, done: int, total: int | None) -> None:
        self.begins()
        self._tell(done, total or 0)


@contextmanager
def failing(
    owner: str, stopped: Callable[[], bool], *, through: tuple[type[Exception], ...] = (), **told: str
) -> Iterator[None]:
    """What the code of ``owner`` raises inside the block as an error of ours, with what is ``told`` of it.

    Raises:
        CodeFailed: it raised something; what is to go ``through`` is raised as it is, as our own errors are.
        Stopped: it was to stop, caught that, and raised something of its own.
    """
    try:
        yield
    except Exception as error:
        if isinstance(error, (GremioError, *through)):
            raise
        if stopped():
            raise Stopped from error
        raise CodeFailed(f"{owner} raised {Trouble.of(error)}", **told) from error


@contextmanager
def watched(pipeline: Any, watch: Watch) -> Iterator[None]:
    """Watch calls of a pipeline inside the block."""
    import torch

    parts = [part for part in getattr(pipeline, "components", {}).values() if isinstance(part, torch.nn.Module)]
    hooks = [part.register_forward_pre_hook(watch.begins) for part in parts]
    own_bar = vars(pipeline).get("progress_bar")
    with suppress(Exception):
        pipeline.progress_bar = watch.bar
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
        with suppress(Exception):
            del pipeline.progress_bar
            if own_bar is not None:
                pipeline.progress_bar = own_bar
