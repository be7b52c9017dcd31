"""Loads by name, from the Hub by commit, from a folder, with a component of its own, and with ``from_pipe``."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gremio.demo.places import shelf
from gremio.demo.stock import DEMO, EMBER, TILING, Stock, stock

if TYPE_CHECKING:
    from PIL.Image import Image

_STEPS = 20
_GUIDANCE = 4.0


@dataclass(frozen=True)
class Stop:
    """One thing the tour did: its name for files, its title, the code that does it, the pictures, and the seconds."""

    name: str
    title: str
    code: str
    pictures: tuple[Image, ...]
    seconds: float


Watch = Callable[[str, int], AbstractContextManager[Callable[[], object]]]
"""Is told the title of a stop and how many denoising steps it has; what it gives is called after each."""


def tour(watch: Watch) -> Iterator[Stop]:
    """Start a local Hub in a temporary folder, fill it, and draw with everything on the shelf.

    Nothing outside the temporary folder is read or written, and nothing but loopback is reached.
    """
    from huggingface_hub import HfApi

    from gremio.localhub import LocalHub

    with (
        tempfile.TemporaryDirectory(prefix="gremio-demo-") as place,
        LocalHub(Path(place) / "hub") as hub,
        _environment(hub.endpoint, Path(place)),
        _one_thread(),
    ):
        commits = stock(HfApi(endpoint=hub.endpoint, token=hub.token))
        yield from _Tour(commits, watch).stops()


@contextmanager
def _environment(endpoint: str, place: Path) -> Iterator[None]:
    """Point this process at the tour's own Hub and folders while it lasts."""
    wanted = {
        "HF_ENDPOINT": endpoint,
        "HF_HUB_CACHE": str(place / "cache"),
        "GREMIO_HOME": str(place / "home"),
        "GREMIO_POLICY": "default",
        "HF_HUB_OFFLINE": "0",
    }
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _one_thread() -> Iterator[None]:
    """So small a model gains nothing from several, which cost it tenfold where they have to wait for a core."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class _Tour:
    """Each stop hands its pipeline to the next ones, as somebody who works with them would."""

    def __init__(self, commits: Stock, watch: Watch) -> None:
        from gremio.loading.pipelines import DiffusionPipeline

        self._loader = DiffusionPipeline
        self._commits = commits
        self._watch = watch
        self._pipe: Any = None
        self._step: Callable[[], object] = int

    def stops(self) -> Iterator[Stop]:
        yield self._stop("by-name", "By name, from the community folder", self._by_name, drawn=4)
        yield self._stop("by-commit", "From the Hub, pinned to a commit", self._by_commit, drawn=1)
        yield self._stop("from-folder", "From a folder", self._from_folder, drawn=2)
        yield self._stop("own-scheduler", "With a scheduler of the model's own", self._component, drawn=2)
        yield self._stop("from-pipe", "With from_pipe: no new weights", self._shared, drawn=6)

    def _stop(self, name: str, title: str, draw: Callable[[], tuple[str, list[Image]]], *, drawn: int) -> Stop:
        started = time.perf_counter()
        with self._watch(title, drawn * _STEPS) as self._step:
            code, pictures = draw()
        return Stop(name, title, code, tuple(pictures), time.perf_counter() - started)

    def _by_name(self) -> tuple[str, list[Image]]:
        self._pipe = _quiet(self._loader.from_pretrained(DEMO, custom_pipeline="long_prompt"))
        pictures = [self._draw(prompt, seed) for seed, prompt in enumerate(_PROMPTS)]
        return f'pipe = DiffusionPipeline.from_pretrained("{DEMO}", custom_pipeline="long_prompt")', pictures

    def _draw(self, prompt: str, seed: int) -> Image:
        return _first(self._pipe(prompt, **self._settings(seed)))

    def _settings(self, seed: int) -> Mapping[str, Any]:
        import torch

        return {
            "num_inference_steps": _STEPS,
            "guidance_scale": _GUIDANCE,
            "generator": torch.Generator().manual_seed(seed),
            "callback_on_step_end": self._stepped,
        }

    def _stepped(self, *_: object) -> dict[str, Any]:
        self._step()
        return {}

    def _by_commit(self) -> tuple[str, list[Image]]:
        pipe = _quiet(
            self._loader.from_pipe(
                self._pipe, custom_pipeline=TILING, custom_revision=self._commits.tiling, trust_remote_code=True
            )
        )
        tile = _first(pipe("a yellow star on a blue background", tile="x", **self._settings(3)))
        code = f'custom_pipeline="{TILING}", custom_revision="{self._commits.tiling[:7]}…", trust_remote_code=True'
        return code, [tile, _rolled(tile)]

    def _from_folder(self) -> tuple[str, list[Image]]:
        folder = shelf() / "difference_map"
        pipe = _quiet(self._loader.from_pretrained(DEMO, custom_pipeline=folder, revision=self._commits.model))
        start = self._draw("a red circle on a white background", 5)
        change = _right_half(start.size)
        drawn = _first(pipe("a blue square on a white background", image=start, map=change, **self._settings(6)))
        return 'custom_pipeline="shelf/difference_map"', [start, change.convert("RGB"), drawn]

    def _component(self) -> tuple[str, list[Image]]:
        pipe = _quiet(self._loader.from_pretrained(EMBER, revision=self._commits.ember, trust_remote_code=True))
        pictures = [_first(pipe(prompt, **self._settings(seed))) for seed, prompt in enumerate(_PROMPTS[:2])]
        pinned = f'trust_remote_code=True, revision="{self._commits.ember[:7]}…"'
        return f'DiffusionPipeline.from_pretrained("{EMBER}", {pinned})', pictures

    def _shared(self) -> tuple[str, list[Image]]:
        pipe = _quiet(self._loader.from_pipe(self._pipe, custom_pipeline="prompt_walk"))
        ends = ["a green triangle on a white background", "a red heart on a white background"]
        walk = pipe(ends, num_frames=4, **self._settings(9))
        return 'DiffusionPipeline.from_pipe(pipe, custom_pipeline="prompt_walk")', list(walk.frames[0])


_PROMPTS = (
    "a (red circle:1.3) on a blue background",
    "a big yellow star on a black background",
    "a house at night",
    "a boat at sunset",
)


def _quiet(pipe: Any) -> Any:
    pipe.set_progress_bar_config(disable=True)
    return pipe


def _first(result: Any) -> Image:
    image: Image = result.images[0]
    return image


def _right_half(size: tuple[int, int]) -> Image:
    from PIL import Image

    mask = Image.new("L", size, 0)
    mask.paste(255, (size[0] // 2, 0, *size))
    return mask


def _rolled(tile: Image) -> Image:
    """The same tile, begun half a width later: what was its edge is in the middle, where a seam would show."""
    from PIL import ImageChops

    return ImageChops.offset(tile, tile.width // 2, 0)
