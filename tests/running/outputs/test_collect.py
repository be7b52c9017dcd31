"""What pipelines return, told apart."""

from __future__ import annotations

import subprocess
import sys
from collections import namedtuple
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from gremio.errors import OptionError
from gremio.running.outputs import Artifact, collect

PICTURE = Image.new("RGB", (6, 4), "red")
LAYER = Image.new("RGBA", (6, 4))
OBJECTS = np.empty(1, object)
OBJECTS[0] = PICTURE
H, W = 40, 56


@dataclass
class Output:
    images: Any = None
    frames: Any = None
    audios: Any = None
    prediction: Any = None
    text: Any = None
    nsfw_content_detected: Any = None
    sampling_rate: Any = None


@dataclass
class Other:
    embeddings: Any
    loss: float = 0.0


class PlainOutput:
    """A class of a pipeline's own, with nothing that would make it one of fields."""

    def __init__(self, latents: Any) -> None:
        self.latents = latents


Named = namedtuple("Named", "images flags")


def kinds(result: object) -> list[str]:
    """The kinds of what was collected."""
    return [artifact.kind for artifact in collect(result)]


def halves(*shape: int) -> Any:
    """Floats of 0.5."""
    return np.full(shape, 0.5, np.float32)


LAYOUTS = [
    ((H, W), ["image"]),
    ((H, W, 3), ["image"]),
    ((H, W, 1), ["image"]),
    ((3, H, W), ["image"]),
    ((1, H, W), ["image"]),
    ((5, H, W), ["image"] * 5),
    ((2, H, W, 3), ["image"] * 2),
    ((2, H, W, 1), ["image"] * 2),
    ((2, H, W, 4), ["image"] * 2),
    ((2, 3, H, W), ["image"] * 2),
    ((2, 1, H, W), ["image"] * 2),
    ((2, 7, H, W, 3), ["frames"] * 2),
    ((2, 7, 3, H, W), ["frames"] * 2),
    ((2, 3, 7, H, W), ["frames"] * 2),
    ((2, 3, 3, H, W), ["frames"] * 2),
    ((2, 1, H, W, 3), ["image"] * 2),
    ((2, 4, H, W), ["array"]),
    ((1, 16, 5, H, W), ["array"]),
    ((7,), ["array"]),
    ((), ["array"]),
    ((1, 1, 1, 1, 1, 1), ["array"]),
]


@pytest.mark.parametrize(("shape", "expected"), LAYOUTS)
@pytest.mark.parametrize("make", [np.asarray, torch.from_numpy, lambda array: torch.from_numpy(array).bfloat16()])
def test_layouts(shape: tuple[int, ...], expected: list[str], make: Any) -> None:
    """Each layout is told by its axes, in numpy and torch, bfloat16 too."""
    artifacts = collect(make(halves(*shape)))
    assert [artifact.kind for artifact in artifacts] == expected
    for artifact in artifacts:
        for picture in {"image": [artifact.value], "frames": artifact.value}.get(artifact.kind, []):
            assert picture.size == (W, H)
            assert picture.convert("L").getpixel((3, 3)) == 128


def test_pixels_keep_their_places() -> None:
    """The axes are moved, not only relabelled."""
    rows = np.random.default_rng(0).integers(0, 256, (2, 3, H, W, 3), np.uint8)
    for moved in (rows, rows.transpose(0, 1, 4, 2, 3), rows.transpose(0, 4, 1, 2, 3)[:, :, :2]):
        first = collect(moved)[1].value[1]
        assert np.array_equal(np.asarray(first), rows[1, 1])


@pytest.mark.parametrize(
    ("values", "grey"),
    [
        ([0.0, 1.0], [0, 255]),
        ([-1.0, 1.0], [0, 255]),
        ([-0.05, 1.2], [0, 255]),
        ([-1.3, 0.0], [0, 128]),
        ([np.nan, 1.0], [0, 255]),
    ],
)
def test_ranges_of_floats(values: list[float], grey: list[int]) -> None:
    """0 to 1 and -1 to 1 both come out as bytes, and what overshoots is clipped."""
    array = np.repeat(np.array(values, np.float32)[None, :, None], 3, axis=2)
    (artifact,) = collect(array)
    assert np.asarray(artifact.value)[0, :, 0].tolist() == grey
    assert ("NaN" in artifact.note) == bool(np.isnan(values).any())


@pytest.mark.parametrize(
    "array",
    [
        np.full((H, W, 3), 3.0),
        np.full((H, W, 3), np.inf),
        np.full((H, W), -0.5),
        np.full((1, 1, 5, H, W), 2.5),
        np.full((H, W, 3), 300),
        np.full((4, 77), 9, np.int64),
        np.full((H, W, 3), 1j),
        torch.randn(1, 4, 32, 32, generator=torch.Generator().manual_seed(0)),
        torch.randn(1, 256, 64, generator=torch.Generator().manual_seed(0)),
    ],
)
def test_latents_are_arrays(array: Any) -> None:
    """What is not recognisably a picture stays as it is."""
    (artifact,) = collect(array)
    assert artifact.kind == "array"
    assert np.array_equal(artifact.value, np.asarray(array))


@pytest.mark.parametrize("array", [np.full((H, W, 3), 128, np.int64), np.full((H, W), 1, bool)])
def test_integers_and_masks(array: Any) -> None:
    """Integers that are bytes, and masks, are pictures."""
    assert kinds(array) == ["image"]


RESULTS = [
    (PICTURE, ["image"]),
    ([PICTURE, PICTURE], ["image"] * 2),
    ((PICTURE, PICTURE), ["image"] * 2),
    (([PICTURE], [False]), ["image"]),
    ((PICTURE, "and a flag"), ["image"]),
    ([[PICTURE] * 3, [PICTURE] * 2], ["frames"] * 2),
    ([[PICTURE]], ["image"]),
    ([[LAYER, LAYER]], ["image"] * 2),
    ([[PICTURE, PICTURE.resize((3, 3))]], ["image"] * 2),
    (Output(images=[PICTURE]), ["image"]),
    (Output(images=halves(2, H, W, 3)), ["image"] * 2),
    (Output(images=OBJECTS), ["image"]),
    (Output(frames=[PICTURE] * 3), ["frames"]),
    (Output(frames=[[PICTURE] * 3] * 2), ["frames"] * 2),
    (Output(frames=halves(5, H, W, 3)), ["frames"]),
    (Output(frames=halves(5, 3, H, W)), ["frames"]),
    (Output(frames=halves(5, H, W)), ["frames"]),
    (Output(frames=[halves(H, W, 3)] * 4), ["frames"]),
    (Output(frames=[[halves(H, W, 3)] * 4]), ["frames"]),
    (Output(frames=[halves(5, H, W, 3)] * 2), ["frames"] * 2),
    (Output(prediction=halves(1, H, W, 1)), ["image"]),
    (Output(images=[PICTURE], text=["a hall", "a roof"]), ["image", "text", "text"]),
    (Output(images=torch.zeros(1, 4, H, W).float() + 5), ["array"]),
    ({"image": PICTURE}, ["image"]),
    (Named([PICTURE], None), ["image"]),
    (Other([PICTURE]), ["image"]),
    ("a poem", ["text"]),
    (PlainOutput(torch.zeros(2, 4, 4, H, W)), ["array"]),
]


@pytest.mark.parametrize(("result", "expected"), RESULTS, ids=range(len(RESULTS)))
def test_results(result: object, expected: list[str]) -> None:
    """Each form of result gives the artifacts it stands for."""
    assert kinds(result) == expected


def test_diffusers_own_outputs() -> None:
    """A BaseOutput, which is a mapping as well, reads by its fields."""
    from diffusers.utils import BaseOutput

    @dataclass
    class RealOutput(BaseOutput):  # type: ignore[misc]
        images: Any
        nsfw_content_detected: Any = None

    artifacts = collect(RealOutput(images=[PICTURE, PICTURE], nsfw_content_detected=[False, True]))
    assert [bool(artifact.note) for artifact in artifacts] == [False, True]


@pytest.mark.parametrize("verdicts", [[True], [np.bool_(True)]])
def test_blacked_out_pictures_say_so(verdicts: list[Any]) -> None:
    """A tuple's second element is the safety checker's verdict."""
    assert "safety checker" in collect(([PICTURE], verdicts))[0].note
    assert not collect(([PICTURE], [PICTURE]))[0].note


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((4000,), [(1, 4000)]),
        ((3, 4000), [(1, 4000)] * 3),
        ((4000, 2), [(2, 4000)]),
        ((2, 2, 4000), [(2, 4000)] * 2),
        ((2, 4000, 2), [(2, 4000)] * 2),
    ],
)
def test_layouts_of_sound(shape: tuple[int, ...], expected: list[tuple[int, int]]) -> None:
    """Each layout comes out as (channels, samples) of 16 bit."""
    artifacts = collect(Output(audios=torch.full(shape, 0.5), sampling_rate=16000))
    assert [artifact.value.shape for artifact in artifacts] == expected
    assert {(artifact.rate, artifact.value.dtype.name, artifact.value.max()) for artifact in artifacts} == {
        (16000.0, "int16", 16384)
    }


@pytest.mark.parametrize(
    ("array", "peak"),
    [(np.full((1, 50), -2.0), -32767), (np.full((1, 50), 7, np.int16), 7), (np.full((1, 50), 2**30, np.int32), 16384)],
)
def test_loudness(array: Any, peak: int) -> None:
    """Too loud a sound is made quieter, with a note; whole numbers keep their scale."""
    (artifact,) = collect(Output(audios=array, sampling_rate=8000))
    assert artifact.value[0, 0] == peak
    assert ("quieter" in artifact.note) == (peak == -32767)


def test_sound_without_a_rate_is_kept() -> None:
    """At a wrong rate a sound is noise, so without one it stays numbers, with a note."""
    (artifact,) = collect(Output(audios=halves(1, 5000)))
    assert artifact.kind == "array"
    assert "sampling rate" in artifact.note
    assert kinds({"audio": halves(1, 5000), "sampling_rate": 16000}) == ["audio"]
    assert kinds({"noise": halves(1, 5000), "sampling_rate": 16000}) == ["audio"]
    assert kinds({"audio": halves(1, 5000), "sampling_rate": 2**62}) == ["array"]
    assert kinds({"noise": halves(1, 4, 5, 6, 3), "sampling_rate": 16000}) == ["frames"]


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (None, "returned nothing, which can't be saved"),
        (object(), "returned an object, which"),
        ([Path()], "Path, which can't be saved"),
        ([], "an empty list"),
        ({}, "an empty dict"),
        (Output(images=[]), "an empty Output"),
        (np.zeros((0, H, W, 3)), "an empty ndarray"),
        (Image.new("RGB", (0, 0)), "a picture without pixels"),
    ],
)
def test_what_cannot_be_saved(result: object, message: str) -> None:
    """Nothing is pickled in silence: the refusal names the type."""
    with pytest.raises(OptionError, match=message):
        collect(result)


def test_frames_per_second() -> None:
    """A film has the rate that was asked for, or Diffusers' own."""
    film = [[PICTURE] * 3]
    assert [collect(film)[0].rate, collect(film, fps=24)[0].rate] == [10.0, 24]


def test_importing_loads_nothing_heavy() -> None:
    """Neither torch nor PIL nor numpy comes with the import."""
    code = "import sys, gremio.running.outputs; print({'torch', 'PIL', 'numpy', 'imageio'} & set(sys.modules))"
    src = str(Path(__file__).parents[3] / "src")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=src)
    assert done.stdout.strip() == "set()"


def test_artifacts_are_frozen() -> None:
    """An artifact is a value."""
    with pytest.raises(AttributeError):
        Artifact("text", "a").kind = "image"  # type: ignore[misc]
