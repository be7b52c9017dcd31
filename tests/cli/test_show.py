"""``gremio show``."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.samples.modular import BLOCKS, CODE_OF_BLOCKS, written

SHELF = Path(__file__).parents[2] / "shelf"


def test_code_is_described(gremio) -> None:
    """Class, digest, components, call signature and packages are printed."""
    done = gremio("show", SHELF / "long_prompt")
    assert done.code == 0
    for part in ("LongPromptPipeline", "sha256:", "unet", "guidance_scale", "torch"):
        assert part in done.out


def test_json_is_for_scripts(gremio) -> None:
    """The same as a JSON object."""
    shown = json.loads(gremio("show", SHELF / "long_prompt", "--format", "json").out)
    assert shown["class_name"] == "LongPromptPipeline"
    assert {p["name"] for p in shown["call"]} > {"prompt", "num_inference_steps"}


def test_missing_packages_and_relocations_are_told(gremio, tmp_path: Path) -> None:
    """A reader sees what to install and what is elsewhere now, before anything runs."""
    (tmp_path / "pipeline.py").write_text(
        "import no_such_package_at_all\n"
        "from diffusers.utils import randn_tensor\n"
        "from diffusers import DiffusionPipeline\n"
        "class P(DiffusionPipeline):\n    def __call__(self): ...\n"
    )
    done = gremio("show", tmp_path)
    assert "MISSING" in done.out
    assert "pip install no-such-package-at-all" in done.out
    assert "diffusers.utils.torch_utils.randn_tensor" in done.out


@pytest.mark.parametrize(
    ("ref", "code", "says"),
    [
        ("./nowhere", 1, "nothing at"),
        ("https://example.org/x", 2, "not an address"),
        ("picture.png", 2, "no file"),
        ("  ", 2, "can't name"),
    ],
)
def test_what_cannot_be_shown_is_said(gremio, ref: str, code: int, says: str) -> None:
    """A ref that names nothing ends with a message and an exit code of its kind."""
    done = gremio("show", ref)
    assert done.code == code
    assert says in done.err


def test_hub_code_is_shown_without_a_grant(gremio, hub, put: Callable[..., str]) -> None:
    """Reading needs no permission to run; the commit is told."""
    commit = put("ana/brush", SHELF / "long_prompt")
    done = gremio("show", "ana/brush")
    assert done.code == 0
    assert commit in done.out


@pytest.mark.parametrize(
    "command",
    [
        ["show", str(SHELF / "long_prompt")],
        ["review", str(SHELF / "long_prompt")],
        ["doctor"],
        ["--help"],
        ["run", "--help"],
    ],
)
def test_managing_commands_do_not_load_torch(command: list[str]) -> None:
    """Nothing of the running half is imported by commands that only look."""
    script = (
        "import sys\nfrom gremio.cli.main import run\nrun(sys.argv[1:])\n"
        "assert not {'torch', 'diffusers', 'transformers', 'numpy'} & sys.modules.keys()\n"
    )
    done = subprocess.run([sys.executable, "-c", script, *command], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_blocks_tell_what_they_take_and_give(gremio, tmp_path: Path) -> None:
    """And where a component is to come from, which may bring code of its own."""
    place = 'ComponentSpec("net", AutoModel, pretrained_model_name_or_path="ana/net")'
    code = BLOCKS.replace('ComponentSpec("net", AutoModel)', place)
    done = gremio("show", written({**CODE_OF_BLOCKS, "add_block.py": code}, tmp_path))
    assert done.code == 0
    for part in ("AddBlock (blocks)", "net: AutoModel  from ana/net", "number: float  (needed)", "gives\n  number"):
        assert part in done.out
