"""A call, watched: its steps are told, pictures on the way are shown, and it stops when somebody wants that.

Where ``gremio.drawing.watching`` can stop a call, this can, and where a pipeline calls back as well.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from gremio.drawing.watching import Watch
from gremio.drawing.watching import watched as watched_call
from gremio.running.calls import CallSignature
from gremio.studio.drawing.order import Order

Tell = Callable[..., None]

_SHARE = 0.15  # of the time, at most, that previews may take
_SIDE = 512  # pixels of a preview


@contextmanager
def watched(
    pipeline: Any, signature: CallSignature, order: Order, tell: Tell, stopped: Callable[[], bool]
) -> Iterator[dict[str, Any]]:
    """Watch calls of a pipeline inside the block; gives the arguments that it is to be called with for that."""

    def moved(done: int, total: int) -> None:
        tell(what="step", done=done, total=total)

    watch = _Watch(moved, stopped, _Previews(pipeline, order, tell))
    with watched_call(pipeline, watch):
        yield watch.callbacks(signature, order)


class _Watch(Watch):
    def __init__(self, moved: Callable[[int, int], None], stopped: Callable[[], bool], previews: _Previews) -> None:
        super().__init__(moved, stopped)
        self._previews = previews

    def callbacks(self, signature: CallSignature, order: Order) -> dict[str, Any]:
        """For a pipeline that takes any; none where a person gave their own."""
        if not order.previews:
            return {}
        if signature.get("callback_on_step_end"):
            return {"callback_on_step_end": self._on_step_end}
        if signature.get("callback") and signature.get("callback_steps"):
            return {"callback": self._on_step, "callback_steps": 1}
        return {}

    def _on_step_end(self, pipeline: Any, step: int, timestep: Any, values: dict[str, Any]) -> dict[str, Any]:
        self.begins()
        self._previews.show(values.get("latents"))
        return {}

    def _on_step(self, step: int, timestep: Any, latents: Any) -> None:
        self.begins()
        self._previews.show(latents)


class _Previews:
    """Pictures on the way, as often as they cost little; a model whose latents are no pictures has none."""

    def __init__(self, pipeline: Any, order: Order, tell: Tell) -> None:
        self._pipeline = pipeline
        self._folder = Path(order.folder)
        self._tell = tell
        self._number = 0
        self._next = 0.0
        self._works = True

    def show(self, latents: Any) -> None:
        """Decode and tell, if it is time."""
        started = time.monotonic()
        if not self._works or started < self._next:
            return
        try:
            picture = _decoded(self._pipeline, latents)
            self._number += 1
            name = f"step-{self._number}.jpg"
            picture.save(self._folder / name, quality=80)
        except Exception:
            # Not every model's latents can be seen so; the picture itself comes all the same.
            self._works = False
            return
        took = time.monotonic() - started
        self._next = time.monotonic() + took / _SHARE
        self._tell(what="preview", file=name)


@torch.no_grad()
def _decoded(pipeline: Any, latents: Any) -> Any:
    """The first of them, as it would look if this were the last step; draws nothing from any generator."""
    if not isinstance(latents, torch.Tensor) or latents.ndim != 4:
        raise TypeError("these latents are no pictures")
    vae = pipeline.vae
    scaled = latents[:1] / vae.config.scaling_factor + (getattr(vae.config, "shift_factor", None) or 0)
    decoded = vae.decode(scaled.to(vae.dtype), return_dict=False)[0]
    [picture] = pipeline.image_processor.postprocess(decoded.float(), output_type="pil")
    picture.thumbnail((_SIDE, _SIDE))
    return picture
