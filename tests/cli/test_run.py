"""``gremio run``."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from tests.samples.warm_castle import MODEL, put_modular

from gremio.running.outputs import read_metadata
from gremio.sandbox.confinement.tiers import layers

SHELF = Path(__file__).parents[2] / "shelf"
QUICK = ("--steps", 2, "--seed", 7)


def opened(path: Path) -> Image.Image:
    """The picture, read whole, its file closed."""
    with Image.open(path) as picture:
        picture.load()
        return picture.copy()


def frames(path: Path) -> int:
    """How many frames a film has."""
    with Image.open(path) as film:
        return film.n_frames


@pytest.fixture
def draw(gremio, sd_folder: Path, tmp_path: Path):
    """``draw("fox.png", "-p", "a fox")``: by a pipeline and a model that lie in folders, to that file."""

    def run(name: str, *arguments):
        command = ("run", SHELF / "long_prompt", "-m", sd_folder, "--steps", 2, *arguments)
        return gremio(*command, "-o", tmp_path / name)

    return run


def test_one_command_draws_a_picture_that_says_what_made_it(gremio, draw, sd_folder: Path, tmp_path: Path) -> None:
    """At the named place; ``gremio show`` prints prompt, seed, model and the digest of the code back from it."""
    out = tmp_path / "fox.png"
    done = draw("fox.png", "-p", "a fox · 狐", "--seed", 7)
    assert (done.code, done.out.strip()) == (0, str(out))
    assert opened(out).size == (64, 64)
    told = read_metadata(out)
    assert told["gremio:prompt"] == "a fox · 狐"
    assert told["gremio:seed"] == "7"
    assert told["gremio:model"] == str(sd_folder)
    assert told["gremio:code-digest"].startswith("sha256:")
    shown = json.loads(gremio("show", out, "--format", "json").out)
    assert shown == told
    assert "a fox" in gremio("show", out).out


def test_the_same_seed_gives_the_same_picture(draw, tmp_path: Path) -> None:
    """Pictures of equal seed are equal, of another seed are not; without a seed one is chosen and told."""
    pictures = []
    for name, seed in (("a.png", 7), ("b.png", 7), ("c.png", 8)):
        draw(name, "-p", "x", "--seed", seed)
        pictures.append(opened(tmp_path / name).tobytes())
    assert pictures[0] == pictures[1] != pictures[2]
    draw("d.png", "-p", "x")
    assert int(read_metadata(tmp_path / "d.png")["gremio:seed"]) >= 0


def test_several_pictures_of_a_size(draw) -> None:
    """``-n`` and ``--size`` reach the pipeline's own arguments."""
    done = draw("x", "-p", "x", "--seed", 7, "-n", 2, "--size", "96x64")
    paths = [Path(line) for line in done.out.split()]
    assert [opened(p).size for p in paths] == [(96, 64), (96, 64)]


def test_an_image_goes_in_and_settings_are_typed(gremio, sd_folder: Path, tmp_path: Path) -> None:
    """``--image`` gives pictures by name, ``--set`` any other argument with its own type."""
    Image.new("RGB", (64, 64), "red").save(tmp_path / "in.png")
    Image.new("L", (64, 64), 255).save(tmp_path / "map.png")
    done = gremio(
        "run", SHELF / "difference_map", "-m", sd_folder, "-p", "x", *QUICK,
        "--image", tmp_path / "in.png", "--image", f"map={tmp_path / 'map.png'}", "--set", "strength=0.9",
        "-o", tmp_path / "out.png",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert (tmp_path / "out.png").exists()


def test_frames_become_a_film(gremio, sd_folder: Path, tmp_path: Path) -> None:
    """What a pipeline returns as frames is saved as one moving picture."""
    done = gremio(
        "run", SHELF / "prompt_walk", "-m", sd_folder, *QUICK, "--set", 'prompt=["a", "b"]', "--set", "num_frames=1",
        "-o", tmp_path / "walk.gif",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert frames(tmp_path / "walk.gif") == 3


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("--set", "guidence_scale=4"), 2, "guidance_scale"),
        (("--set", "guidance_scale=much"), 2, "guidance_scale"),
        (("--set", "guidance_scale"), 2, "name=value"),
        (("--size", "big"), 2, "big"),
        (("--steps", "none"), 2, "none"),
        (("--image", "nowhere.png"), 2, "--image"),
        (("--set", "prompt_2=@nowhere.txt"), 2, "nowhere.txt"),
        (("--dtype", "float12"), 2, "float12"),
        (("--device", "cuda:99"), 2, "cuda:99"),
        (("-o", "fox.docx"), 2, "docx"),
        (("--revision", "v1"), 2, "no revisions"),
    ],
)
def test_a_wrong_option_is_named(
    gremio,
    sd_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    code: int,
    says: str,
) -> None:
    """Every wrong option ends with 2, says which it was, and leaves no file."""
    monkeypatch.chdir(tmp_path)
    before = set(tmp_path.iterdir())
    done = gremio("run", SHELF / "long_prompt", "-m", sd_folder, "-p", "x", "--steps", 1, *arguments)
    assert done.code == code
    assert says in done.err
    assert {p for p in tmp_path.iterdir() if p not in before and p.is_file()} == set()


def test_a_community_name_needs_a_model(gremio) -> None:
    """A name without weights is refused with the option that is missing."""
    done = gremio("run", "lpw_stable_diffusion", "-p", "x")
    assert done.code == 2
    assert "--model" in done.err


def test_refusals_speak_of_options(gremio, hub, put: Callable[..., str], sd_folder: Path, tmp_path: Path) -> None:
    """What would be an argument in Python is the option here, and following it works."""
    commit = put("ana/brush", SHELF / "long_prompt")
    ask = ("run", "ana/brush", "-m", sd_folder, "-p", "x", *QUICK, "-o", tmp_path / "x.png")
    refused = gremio(*ask)
    assert refused.code == 1
    assert "--trust-remote-code" in refused.err
    assert f"--revision {commit}" in refused.err
    assert gremio(*ask, "--trust-remote-code", "--revision", commit).code == 0
    digest = refused.err.split("--trust ")[1].split()[0].rstrip(".")
    assert gremio(*ask, "--trust", digest).code == 0


ALL_REFUSED = """
import json, sys
from gremio.cli.main import run
codes = [run(command) for command in json.loads(sys.argv[1])]
print(json.dumps([codes, sorted({"torch", "diffusers", "transformers"} & sys.modules.keys())]))
"""


def test_all_that_can_be_refused_is_refused_before_torch_is_loaded(
    hub, put: Callable[..., str], sd_folder: Path, show_one_folder: Path, tmp_path: Path, write: Callable[..., Path]
) -> None:
    """The gate, for a pipeline's and for a component's code; packages; arguments, their types, and files."""
    put("ana/brush", SHELF / "long_prompt")
    lacking = write("import nowhere_to_be_found\nfrom diffusers import DDIMPipeline\nclass P(DDIMPipeline): pass\n")
    mine, prompt = ["run", str(SHELF / "long_prompt"), "-m", str(sd_folder)], ["-p", "x"]
    refused = {
        "allowed it to run": ["run", "ana/brush", "-m", str(sd_folder), *prompt],
        "entry unet/": ["run", str(SHELF / "long_prompt"), "-m", str(show_one_folder), *prompt],
        "pip install nowhere-to-be-found": ["run", str(lacking), "-m", str(sd_folder), *prompt],
        "has no parameter 'guidence_scale'": [*mine, *prompt, "--set", "guidence_scale=1"],
        "guidance_scale wants": [*mine, *prompt, "--set", "guidance_scale=much"],
        "no file nowhere.txt": [*mine, *prompt, "--set", "negative_prompt=@nowhere.txt"],
        "'big' is no size": [*mine, *prompt, "--size", "big"],
        "needs prompt and image": ["run", str(SHELF / "difference_map"), *mine[2:]],
        "is not one of": [*mine, *prompt, "--dtype", "float12"],
        "there is no folder at": [*mine[:2], "-m", "./gone", *prompt],
        "StableDiffusionPipeline has no parameter 'promt'": ["run", str(sd_folder), "--set", "promt=x"],
    }
    command = [sys.executable, "-c", ALL_REFUSED, json.dumps(list(refused.values()))]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, cwd=tmp_path)
    codes, heavy = json.loads(done.stdout.splitlines()[-1])
    assert set(codes) == {1, 2}
    assert [words for words in refused if words not in done.stderr] == []
    assert heavy == []


NO_SANDBOX = pytest.mark.skipif(not all(layers().values()), reason="this machine lacks layers of the sandbox")


@pytest.mark.parametrize("where", [(), pytest.param(("--sandbox",), marks=NO_SANDBOX)])
def test_what_fails_while_drawing_is_the_pipelines_own(gremio, easel: Path, write, zygote, where) -> None:
    """Told as such, shortly and with how to see more; that is the line of the code, and steers no terminal either."""
    code = write(
        "from diffusers import DiffusionPipeline\n"
        "class Odd(DiffusionPipeline):\n"
        "    def __init__(self, scheduler):\n        super().__init__()\n"
        "        self.register_modules(scheduler=scheduler)\n"
        "    def __call__(self, prompt):\n        raise ZeroDivisionError('by \\x1b[2Jnothing')\n"
    )
    command = ("run", code, "-m", easel, "-p", "x", "--seed", 1, *where)
    short, long = gremio(*command), gremio("-v", *command)
    assert short.code == long.code == 1
    assert "raised ZeroDivisionError" in short.err
    assert r"by \x1b[2Jnothing" in short.err
    assert "gremio -v run" in short.err
    assert "Traceback" not in short.err
    assert 'pipeline.py", line 7, in __call__' in long.err
    assert r"ZeroDivisionError: by \x1b[2Jnothing" in long.err


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_a_model_may_bring_its_pipeline(
    gremio, hub, put: Callable[..., str], show_one_folder: Path, tmp_path: Path
) -> None:
    """Without ``--model`` the ref is a model with its own pipeline; it is resolved once, and frames come out."""
    put("showlab/show-1-base", show_one_folder)
    done = gremio(
        "run", "showlab/show-1-base", "--trust-remote-code", "-p", "a panda", *QUICK, "-o", tmp_path / "f.gif"
    )
    assert done.code == 0, done.err
    assert frames(tmp_path / "f.gif") > 1
    assert len([path for _, path in hub.requests if "/revision/" in path]) == 1


def test_a_model_with_a_trick_is_refused(gremio, sd_folder: Path, tmp_path: Path) -> None:
    """With the words of the library's refusal and its exit code, and no picture."""
    model = shutil.copytree(sd_folder, tmp_path / "model")
    config = model / "text_encoder" / "config.json"
    config.write_text(json.dumps(json.loads(config.read_bytes()) | {"attn_implementation": "evil/kernel"}))
    done = gremio("run", SHELF / "long_prompt", "--model", model, "--prompt", "a cat", "-o", tmp_path / "cat.png")
    assert done.code == 1
    assert "text_encoder/config.json asks for the kernel 'evil/kernel'" in done.err
    assert not (tmp_path / "cat.png").exists()


MINE = """
from diffusers.modular_pipelines.stable_diffusion_3 import StableDiffusion3AutoBlocks


class MineBlocks(StableDiffusion3AutoBlocks):
    pass
"""


def test_blocks_over_a_model_draw(gremio, write, tmp_path: Path) -> None:
    """Named where a pipeline may be, with the options that their inputs have; the picture says which blocks."""
    from tests.samples import tiny_sd3

    model, out = tiny_sd3(tmp_path / "sd3"), tmp_path / "fox.png"
    command = ("run", write(MINE, "mine.py"), "-m", model, "-p", "a fox", "--size", "32x32", "-o", out)
    done = gremio(*command, "--steps", 1, "--seed", 7)
    assert (done.code, done.out.strip()) == (0, str(out)), done.err
    assert opened(out).size == (32, 32)
    told = read_metadata(out)
    assert (told["gremio:class"], told["gremio:model"]) == ("MineBlocks", str(model))
    assert told["gremio:code-source"] == str(tmp_path / "code")
    refused = gremio(*command, "--set", "tower=3")
    assert refused.code == 2
    assert "tower" in refused.err


def test_blocks_alone_run_as_a_model_of_their_own(gremio, tmp_path: Path) -> None:
    """What `gremio new blocks` makes, on a picture; unasked it is refused before torch is loaded."""
    folder, picture, out = tmp_path / "block", tmp_path / "red.png", tmp_path / "grey.png"
    gremio("new", "blocks", "grey-block", "-o", folder)
    Image.new("RGB", (8, 8), (200, 100, 0)).save(picture)
    command = ("run", folder, "--image", picture, "--set", "strength=1", "-o", out)
    refused = gremio(*command)
    assert refused.code == 1
    assert "--trust-remote-code" in refused.err
    done = gremio(*command, "--trust-remote-code")
    assert done.code == 0, done.err
    assert len(set(opened(out).getpixel((0, 0)))) == 1


def test_a_modular_model_asks_for_each_repository(gremio, put, tmp_path: Path, monkeypatch) -> None:
    """For its blocks, and for a component's code elsewhere; then it draws, and the picture names both."""
    from tests.samples import tiny_sd3

    put_modular(put, tiny_sd3(tmp_path / "sd3"))
    asked: list[str] = []
    monkeypatch.setattr("gremio.cli.consent.can_ask", lambda: True)
    monkeypatch.setattr("click.confirm", lambda text, **_: asked.append(text) or True)
    out = tmp_path / "castle.png"
    done = gremio("run", "maria/warm-castle", "-p", "a fox", "--size", "32x32", *QUICK, "-o", out)
    assert (done.code, len(asked)) == (0, 2), done.err
    told = read_metadata(out)
    assert (told["gremio:code-source"], told["gremio:vae-code-source"]) == ("maria/warm-castle", "ana/bright-vae")
    assert told["gremio:transformer-model"] == MODEL


def test_what_is_wrong_with_a_modular_model_is_said(gremio, tmp_path: Path) -> None:
    """Not that it is no ordinary one."""
    (tmp_path / "modular_model_index.json").write_text("{")
    done = gremio("run", tmp_path, "-p", "a fox")
    assert done.code == 1
    assert "modular_model_index.json is no JSON" in done.err
