"""Options, settings and pictures into keyword arguments."""

from __future__ import annotations

import json
import pickle
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save, save_file

from gremio.errors import OptionError
from gremio.running.calls import CallSignature, Size, build, find


def text_to_image(
    prompt: str | list[str] | None = None,
    height: int | None = None,
    width: int | None = None,
    num_inference_steps: int = 50,
    guidance_scale: float = 7.5,
    negative_prompt: str | list[str] | None = None,
    num_images_per_prompt: int = 1,
    generator: torch.Generator | list[torch.Generator] | None = None,
) -> None:
    """What a usual pipeline takes."""


def inpaint(prompt: str, image: PIL.Image.Image, mask_image: PIL.Image.Image, strength: float = 0.8) -> None:
    """Two pictures, both required."""


def magic_mix(img: PIL.Image.Image, prompt: str, mix_factor: float = 0.5, seed: int = 42, steps: int = 50) -> None:
    """A community pipeline with names of its own."""


def interpolate(image: list[PIL.Image.Image], steps: int = 5, decoder_num_inference_steps: int = 25) -> None:
    """Here steps are not denoising steps."""


def unconditional(batch_size: int = 1, resolution: int = 64) -> None:
    """Here the batch size is the number of pictures."""


def styles(style_image: PIL.Image.Image, content_image: PIL.Image.Image, batch_size: int = 1) -> None:
    """Two pictures, and neither is the main one."""


def upscale(lr_img: PIL.Image.Image, mask_image: PIL.Image.Image | None = None) -> None:
    """One picture beside a mask."""


def judged(scorer: Callable[[Any], float]) -> None:
    """A function is asked for."""


def npy_header(text: str) -> bytes:
    """The first bytes of a .npy file, with nothing behind them."""
    padded = text.encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(padded)) + padded


def upscale_less(scale: int = 2) -> None:
    """None of the standard options."""


def adapted(prompt: str = "", ip_adapter_image: PIL.Image.Image | None = None) -> None:
    """A picture that is for an adapter."""


def forward(*args: Any, **kwargs: Any) -> None:
    """No names at all."""


def video(frames: str, loss: Callable[[int], int], latent: torch.Tensor, **kwargs: Any) -> None:
    """Required parameters that can't be written."""


def of(call: Callable[..., None]) -> CallSignature:
    """The signature of a function."""
    return CallSignature.of(call)


def test_every_standard_option() -> None:
    """All options of a usual pipeline arrive under Diffusers' names, and nothing else does."""
    arguments = build(
        of(text_to_image),
        prompt="42",
        negative_prompt="none",
        seed=7,
        steps=20,
        count=2,
        size=Size(768, 512),
        settings={"guidance_scale": "4"},
    )
    generator = arguments.pop("generator")
    assert (generator.initial_seed(), generator.device.type) == (7, "cpu")
    assert arguments == {
        "prompt": "42",
        "negative_prompt": "none",
        "num_inference_steps": 20,
        "num_images_per_prompt": 2,
        "height": 512,
        "width": 768,
        "guidance_scale": 4.0,
    }
    assert build(of(text_to_image)) == {}


def test_community_names(tmp_path: Path) -> None:
    """A pipeline with names of its own is given the same options."""
    PIL.Image.new("L", (2, 2)).save(tmp_path / "a.png")
    arguments = build(of(magic_mix), prompt="a hall", seed=3, steps=9, images=[str(tmp_path / "a.png")])
    assert arguments.pop("img").mode == "RGB"
    assert arguments == {"prompt": "a hall", "seed": 3, "steps": 9}


@pytest.mark.parametrize(
    ("call", "option", "name"),
    [
        (interpolate, "steps", None),
        (magic_mix, "steps", "steps"),
        (unconditional, "count", "batch_size"),
        (styles, "count", None),
        (styles, "image", None),
        (upscale, "image", "lr_img"),
        (adapted, "image", None),
        (forward, "steps", "num_inference_steps"),
        (text_to_image, "seed", "generator"),
    ],
)
def test_names_mean_what_they_mean(call: Callable[..., None], option: Any, name: str | None) -> None:
    """A name is only taken for an option where it means that."""
    assert find(of(call), option) == name


def test_one_picture_asks_for_no_count() -> None:
    """-n 1 is what a pipeline without a count does anyway."""
    assert build(of(upscale_less), count=1) == {}
    with pytest.raises(OptionError, match="-n: upscale_less has no parameter"):
        build(of(upscale_less), count=2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": 20}, "--steps: upscale_less has no parameter for it\n  It takes: scale."),
        ({"size": Size(8, 8)}, "--size: upscale_less"),
        ({"seed": 1}, "--seed: upscale_less"),
        ({"prompt": "x"}, "--prompt: upscale_less"),
        ({"negative_prompt": "x"}, "--negative-prompt: upscale_less"),
        ({"images": ["a.png"]}, "--image: upscale_less"),
        ({"steps": 0}, "--steps 0 is too few"),
        ({"settings": {"scal": "3"}}, "--set scal: upscale_less has no parameter 'scal'\n  Did you mean scale?"),
        ({"settings": {"scale": "big"}}, "scale wants an integer, not 'big'"),
        ({"images": ["nothing=gone.png"]}, "there is no file gone.png"),
    ],
)
def test_what_a_pipeline_does_not_take(options: dict[str, Any], message: str) -> None:
    """Each refusal names the option, the pipeline and what it takes."""
    with pytest.raises(OptionError) as refused:
        build(of(upscale_less), **options)
    assert message in str(refused.value)


def test_all_that_is_missing_is_told_at_once() -> None:
    """One error names every missing parameter and how to pass each."""
    with pytest.raises(OptionError) as refused:
        build(of(inpaint))
    assert "inpaint needs prompt and image and mask_image" in refused.value.message
    assert refused.value.next_step == 'Pass --prompt "…", --image FILE, --image mask_image=FILE.'


def test_what_cannot_be_written_is_told_too() -> None:
    """A required callable is said to need Python, a required tensor a file."""
    with pytest.raises(OptionError) as refused:
        build(of(video))
    assert "--set frames=VALUE (text)" in refused.value.next_step
    assert "--set latent=@FILE.npy" in refused.value.next_step
    with pytest.raises(OptionError) as refused:
        build(of(judged))
    assert "scorer (a Callable) from Python" in refused.value.next_step


def test_a_required_seed_is_not_missing() -> None:
    """A seed that is about to be given counts as given."""

    def draw(seed: int) -> None: ...

    assert build(of(draw), seed=5) == {"seed": 5}


def test_named_and_several_pictures(tmp_path: Path) -> None:
    """NAME=FILE names a parameter, and several for one make a list where it takes one."""
    for name in ("a.png", "b.png"):
        PIL.Image.new("RGB", (2, 2)).save(tmp_path / name)
    a, b = str(tmp_path / "a.png"), str(tmp_path / "b.png")
    arguments = build(of(inpaint), prompt="x", images=[a, f"mask_image={b}"])
    assert set(arguments) == {"prompt", "image", "mask_image"}
    assert len(build(of(interpolate), images=[a, b])["image"]) == 2
    assert len(build(of(interpolate), images=[a])["image"]) == 1
    with pytest.raises(OptionError, match="mask_image wants a picture"):
        build(of(inpaint), prompt="x", images=[a, f"mask_image={a}", f"mask_image={b}"])
    with pytest.raises(OptionError, match="so say which this is"):
        build(of(styles), images=[a])


def test_a_grey_mask_stays_grey(tmp_path: Path) -> None:
    """A picture is RGB whatever it was; a mask may be read as it was painted."""
    for name, mode in (("grey.png", "L"), ("bright.png", "RGB"), ("both.png", "RGBA")):
        PIL.Image.new(mode, (2, 2)).save(tmp_path / name)
    grey, bright, both = (str(tmp_path / name) for name in ("grey.png", "bright.png", "both.png"))
    found = build(of(inpaint), prompt="x", images=[grey, f"mask_image={grey}"])
    assert (found["image"].mode, found["mask_image"].mode) == ("RGB", "L")
    found = build(of(inpaint), prompt="x", settings={"image": f"@{grey}", "mask_image": f"@{grey}"})
    assert (found["image"].mode, found["mask_image"].mode) == ("RGB", "L")
    assert [each.mode for each in build(of(interpolate), images=[grey, bright])["image"]] == ["RGB", "RGB"]
    for mask in (bright, both):
        assert build(of(inpaint), prompt="x", images=[grey, f"mask_image={mask}"])["mask_image"].mode == "RGB"


def test_tensors_come_from_files(tmp_path: Path) -> None:
    """Doubles, which NumPy writes by itself, as the floats of models; an array where one is asked for."""

    def steer(
        latents: torch.Tensor, embeds: list[torch.FloatTensor], depth: np.ndarray, noise=None, audio=None
    ) -> None: ...

    values = np.linspace(0, 1, 6).reshape(1, 2, 3)
    np.save(tmp_path / "a.npy", values)
    save_file({"any": torch.arange(4).half()}, tmp_path / "b.safetensors")
    array, tensor = f"@{tmp_path / 'a.npy'}", f"@{tmp_path / 'b.safetensors'}"
    settings = {"latents": array, "embeds": tensor, "depth": array, "noise": array, "audio": array}
    found = build(CallSignature.of(steer), settings=settings)
    assert torch.equal(found["latents"], torch.from_numpy(values).float())
    assert torch.equal(found["noise"], found["latents"])
    assert [each.dtype for each in found["embeds"]] == [torch.float16]
    assert type(found["depth"]) is type(found["audio"]) is np.ndarray


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.npy", b"", "can't be read as an array"),
        ("a.npy", pickle.dumps([1]), "can't be read as an array"),
        ("a.npy", npy_header("{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000,)}"), "as an array"),
        ("a.npy", npy_header("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}"), "can't be read as an array"),
        ("a.safetensors", b"\xff" * 64, "can't be read as an array"),
        ("a.safetensors", save({"x": torch.ones(1), "y": torch.ones(1)}), r"has 2 tensors \(x, y\)"),
        ("a.safetensors", save({"x": torch.ones(1).bfloat16()}), "can't be read as an array"),
        ("a.pt", b"", "is no file that can be read as a value"),
    ],
)
def test_what_is_no_tensor(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    """Damage, pickles, sizes that lie and kinds that are not read are told with the file."""

    def steer(latents: torch.Tensor) -> None: ...

    (tmp_path / name).write_bytes(content)
    with pytest.raises(OptionError, match=message) as refused:
        build(CallSignature.of(steer), settings={"latents": f"@{tmp_path / name}"})
    assert str(tmp_path / name) in str(refused.value)


def test_rows_of_prompts_pass_where_one_row_is_declared() -> None:
    """As pipelines that tile have it."""
    rows = [["a", "b"], ["c", "d"]]
    assert build(of(text_to_image), settings={"prompt": json.dumps(rows)}) == {"prompt": rows}
    assert build(of(text_to_image), settings={"prompt": '[["a", 1]]'}) == {"prompt": '[["a", 1]]'}


def test_nothing_is_given_twice() -> None:
    """Two options for one parameter are refused, not silently ranked."""
    with pytest.raises(OptionError, match="height is given by --size and by --set height"):
        build(of(text_to_image), size=Size(8, 8), settings={"height": "9"})


def test_squares() -> None:
    """A pipeline with one side takes squares only."""
    assert build(of(unconditional), size=Size(64, 64)) == {"resolution": 64}
    with pytest.raises(OptionError, match="draws squares only"):
        build(of(unconditional), size=Size(64, 32))


def test_kwargs_take_any_name() -> None:
    """With **kwargs an unknown name is passed as it reads."""
    assert build(of(forward), steps=3, settings={"tiles": "[2, 2]", "mode": "wide"}) == {
        "num_inference_steps": 3,
        "tiles": [2, 2],
        "mode": "wide",
    }


@pytest.mark.parametrize(("seed", "device"), [(2**64, "cpu"), (-(2**63) - 1, "cpu"), (1, "nowhere")])
def test_seeds_that_cannot_be(seed: int, device: str) -> None:
    """A seed out of range, or a device that isn't there, is refused."""
    with pytest.raises(OptionError):
        build(of(text_to_image), seed=seed, device=device)


@given(st.integers(1, 99999), st.integers(1, 99999))
def test_sizes_come_back(width: int, height: int) -> None:
    """A size reads back from its text."""
    assert Size.parse(str(Size(width, height))) == Size(width, height)


@pytest.mark.parametrize("text", ["", "x", "0x5", "5x", "-1x2", "1.5x2", "5x5x5"])
def test_what_is_no_size(text: str) -> None:
    """Anything but two numbers, or one, is refused."""
    with pytest.raises(OptionError, match="is no size"):
        Size.parse(text)


def test_a_number_is_a_square() -> None:
    """512 is 512x512."""
    assert Size.parse("512") == Size(512, 512)


def test_the_whole_of_diffusers_reads() -> None:
    """Every pipeline of a few families gives a signature with the options one expects."""
    import diffusers

    for name in ("StableDiffusionXLPipeline", "FluxPipeline", "DDPMPipeline", "StableDiffusionInpaintPipeline"):
        signature = CallSignature.of(getattr(diffusers, name))
        assert find(signature, "seed") == "generator"
        assert find(signature, "steps") == "num_inference_steps"
        assert find(signature, "count") == ("batch_size" if name == "DDPMPipeline" else "num_images_per_prompt")


def test_importing_loads_nothing_heavy() -> None:
    """Neither torch nor PIL nor numpy comes with the import."""
    code = "import sys, gremio.running.calls; print([m for m in ('torch', 'PIL', 'numpy') if m in sys.modules])"
    src = str(Path(__file__).parents[3] / "src")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=src)
    assert done.stdout.strip() == "[]"


def test_what_the_docstring_says_is_told_with_what_is_missing() -> None:
    """A person who lacks an argument reads what its author wrote about it."""

    def draw(map_name: str) -> None:
        """Draw.

        Args:
            map_name (`str`): Which map to follow. There are three.
        """

    with pytest.raises(OptionError) as refused:
        build(of(draw))
    assert refused.value.next_step == "Pass --set map_name=VALUE (Which map to follow)."
