"""Sandboxed pipelines as users have them: the same pictures, shared components, lost calls, nothing left behind."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from tests.samples.code import PLAIN

from gremio import DiffusionPipeline, Sandbox
from gremio.errors import NotTrusted, OptionError, SandboxFailed, SandboxLost, SandboxUnavailable, UnsafeModel
from gremio.sandbox.confinement import landlock
from gremio.sandbox.forks import forks

pytestmark = pytest.mark.usefixtures("zygote")

SHELF = Path(__file__).parents[2] / "shelf"
CALL = {"prompt": "a red fox", "num_inference_steps": 2, "output_type": "np"}


def folders(home: Path) -> list[Path]:
    """Scratch folders that are there."""
    return list((home / "scratch").glob("sandbox-*"))


@pytest.mark.parametrize("name", ["long_prompt", "difference_map", "seamless_tiling", "prompt_walk"])
def test_the_same_bytes_as_outside(name, sd_folder, home):
    """For the shelf; progress is told, and closing leaves no process and no folder."""
    import torch

    arguments = {"custom_pipeline": SHELF / name}
    call = dict(CALL)
    if name == "prompt_walk":
        call |= {"prompt": ["a fox", "a boat"], "num_frames": 2}
    if name == "difference_map":
        from PIL import Image

        call |= {"image": Image.new("RGB", (64, 64), "red"), "map": Image.new("L", (64, 64), 128)}
    outside = DiffusionPipeline.from_pretrained(sd_folder, **arguments)
    expected = outside(**call, generator=torch.Generator().manual_seed(7))
    steps = []
    with Sandbox.from_pretrained(sd_folder, **arguments, threads=torch.get_num_threads()) as pipe:
        found = pipe(**call, generator=7, progress=lambda done, total: steps.append((done, total)))
        assert pipe.info()["class"] == type(outside).__name__
        process = pipe._workers[0].process
        assert folders(home)
    for key, value in expected.items():
        assert value is None or np.array_equal(np.asarray(found[key]), np.asarray(value)), key
    assert steps
    assert process.status is not None
    assert folders(home) == []


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_weights_are_cast_once_and_shared(sd_folder, write, home, caplog, dtype):
    """The picture is that of a load in that dtype outside; a second sandbox casts nothing."""
    import torch

    code = write(PLAIN)
    call = {**CALL, "num_inference_steps": 1}
    outside = DiffusionPipeline.from_pretrained(sd_folder, custom_pipeline=code, dtype=dtype)
    expected = outside(**call, generator=torch.Generator().manual_seed(7)).images
    for messages in (1, 0):
        caplog.clear()
        with Sandbox.from_pretrained(sd_folder, custom_pipeline=code, dtype=dtype, threads=1) as pipe:
            assert pipe.info()["dtype"] == dtype
            assert np.array_equal(pipe(**call, generator=7).images, expected)
        assert len([text for text in caplog.messages if "once and kept" in text]) == messages
    cast = [file for file in (home / "cast").rglob("*") if file.is_file() and file.suffix != ".lock"]
    assert {file.suffix for file in cast} == {".safetensors"}
    assert len(cast) == len([part for part in outside.components.values() if hasattr(part, "state_dict")])


def test_code_needs_no_trust_and_components_are_shared(put, hub, sd_folder, home):
    """From the Hub, its own commits; another class over the same components in the same process."""
    put("maria/sd", sd_folder)
    put("maria/code", {"pipeline.py": PLAIN})
    more = PLAIN.replace("Plain", "More") + "    def __call__(self, prompt):\n        return id(self.unet)\n"
    put("maria/more", {"pipeline.py": more})
    with pytest.raises(NotTrusted):
        DiffusionPipeline.from_pretrained("maria/sd", custom_pipeline="maria/code")
    with Sandbox.from_pretrained("maria/sd", custom_pipeline="maria/code", dtype="float32") as pipe:
        assert pipe.info()["class"] == "Plain"
        shared = pipe.from_pipe(custom_pipeline="maria/more")
        assert shared(prompt="x") == shared(prompt="y")
        assert pipe(**CALL, generator=1).images.shape == (1, 64, 64, 3)
        heard = []
        pipe(**CALL, callback_on_step_end=lambda step, timestep: heard.append(step))
        assert heard == [0, 1]


def test_code_that_raises_while_it_loads(write, sd_folder, home):
    """Is told with its traceback, and nothing is left."""
    with pytest.raises(SandboxFailed, match="nothing here") as refusal:
        Sandbox.from_pretrained(sd_folder, custom_pipeline=write("raise RuntimeError('nothing here')\n" + PLAIN))
    assert "RuntimeError" in refusal.value.traceback
    assert folders(home) == []


def test_a_lost_call_is_told_and_the_next_one_is_answered(sandbox):
    """By a new worker, in which everything is loaded again."""
    pipe = sandbox()
    first = pipe._workers[0].process
    threading.Timer(0.1, os.kill, (first.pid, signal.SIGKILL)).start()
    with pytest.raises(SandboxLost, match="signal 9"):
        pipe(bomb="hang")
    assert pipe(attack="own environment", bait={}).startswith("refused")
    assert pipe._workers[0].process.pid != first.pid
    pipe.close()
    with pytest.raises(SandboxLost, match="is closed"):
        pipe.info()


def test_the_parent_stays_light_and_nothing_outlives_it(small, home):
    """It imports nothing heavy. When it is killed, in a call or between two, even if a copy goes on, all else ends."""
    script = (
        "import os, sys, time, gremio\n"
        f"made = [gremio.Sandbox.from_pretrained({str(small)!r}, custom_pipeline={str(Path(__file__).parent)!r}"
        " + '/attack_pipeline.py') for _ in range(2)]\n"
        "pipe, idle = made\n"
        "from gremio.sandbox.forks import forks\n"
        "print(pipe(attack='own first environment in memory', bait={}))\n"
        "print({'torch', 'diffusers', 'transformers'} & set(sys.modules))\n"
        "copy = os.fork()\n"
        "if copy == 0:\n"
        "    pipe.close()\n"
        "    time.sleep(60)\n"
        "print(pipe(attack='own first environment in memory', bait={}))\n"
        "print(copy, *(each._workers[0].process.pid for each in made), forks._zygote.pid, flush=True)\n"
        "pipe(bomb='hang')\n"
    )
    environment = {**os.environ, "GREMIO_TEST_SECRET": "hf_secret"}
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env=environment)
    answer, modules, again, pids = (parent.stdout.readline() for _ in range(4))
    copy, *others = map(int, pids.split())
    assert folders(home)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert answer.startswith("refused")
    assert again == answer
    assert modules == "set()\n"
    deadline = time.monotonic() + 10
    while any(Path(f"/proc/{pid}").exists() for pid in others) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert Path(f"/proc/{copy}").exists()
    os.kill(copy, signal.SIGKILL)
    assert [pid for pid in others if Path(f"/proc/{pid}").exists()] == []
    assert len(others) == 3
    assert folders(home) == []


def test_many_calls_leave_nothing(sandbox, home):
    """Thirty over three workers that end in some of them: every call is answered or told lost; nothing piles up."""
    pipes = [sandbox() for _ in range(3)]
    before = len(list(Path("/proc/self/fd").iterdir()))
    lost = 0
    for n in range(30):
        pipe = pipes[n % 3]
        try:
            assert pipe(attack="own environment", bait={}, bomb="exit" if n % 7 == 3 else None).startswith("refused")
        except SandboxLost:
            lost += 1
    assert lost == 4
    assert len(folders(home)) == 3
    assert len(forks._workers) >= 3
    for pipe in pipes:
        pipe.close()
    assert folders(home) == []
    assert len(list(Path("/proc/self/fd").iterdir())) <= before


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"memory": "much"}, "no amount of memory"),
        ({"tier": "best"}, "no tier"),
        ({"unet": object()}, "can't go into a sandbox"),
        ({"variant": "fp16"}, "variant"),
    ],
)
def test_bad_arguments_are_refused(small, given, says):
    """Before anything is started."""
    with pytest.raises(OptionError, match=says):
        Sandbox.from_pretrained(small, **given)


@pytest.mark.parametrize("file", ["modular_model_index.json", "modular_config.json"])
def test_modular_pipelines_are_refused(tmp_path, file):
    """In words that say so."""
    (tmp_path / file).write_text("{}")
    with pytest.raises(OptionError, match="modular pipeline does not run in a sandbox"):
        Sandbox.from_pretrained(tmp_path)


def test_a_link_in_a_model_opens_nothing(small, tmp_path, home):
    """What it leads to is never among the files that a worker may read, not even while its code is imported."""
    model = tmp_path / "model"
    shutil.copytree(small, model)
    (tmp_path / "key").write_text('{"_class_name": "DDIMScheduler"}')
    (model / "scheduler" / "scheduler_config.json").unlink()
    (model / "scheduler" / "scheduler_config.json").symlink_to(tmp_path / "key")
    with pytest.raises(UnsafeModel, match="outside"):
        Sandbox.from_pretrained(model, custom_pipeline=Path(__file__).parent / "attack_pipeline.py")
    assert not (home / "scratch").exists()


def test_what_does_not_travel_is_refused(sandbox):
    """A callable; the pipeline stays."""
    pipe = sandbox()
    with pytest.raises(OptionError, match="function does not travel"):
        pipe(attack=lambda: 0)
    assert pipe(attack="own environment", bait={}).startswith("refused")


def test_a_crash_leaves_nothing(sandbox, monkeypatch, tmp_path):
    """No file and no input of a helper: 1 is the limit that both keep to. Where crashes go to a socket, none starts."""
    pipe = sandbox()
    limits = Path(f"/proc/{pipe._workers[0].process.pid}/limits").read_text()
    assert re.search(r"Max core file size +1 +1 ", limits)
    (tmp_path / "core_pattern").write_text("@/run/crashes.socket\n")
    monkeypatch.setattr("gremio.sandbox.confinement.tiers._CORE_PATTERN", tmp_path / "core_pattern")
    with pytest.raises(SandboxUnavailable, match=r"kernel\.core_pattern"):
        sandbox(tier="files")


def test_a_machine_without_a_layer_is_told(small, monkeypatch):
    """By name, with what there is instead; the policy ``never`` holds here too."""
    monkeypatch.setattr(landlock, "abi", lambda: 2)
    with pytest.raises(SandboxUnavailable, match="Landlock against TCP") as refusal:
        Sandbox.from_pretrained(small)
    assert "'files'" not in str(refusal.value)
    monkeypatch.setattr(landlock, "abi", lambda: 3)
    with pytest.raises(SandboxUnavailable, match="tier='files'"):
        Sandbox.from_pretrained(small)
    monkeypatch.undo()
    monkeypatch.setenv("GREMIO_POLICY", "never")
    with pytest.raises(NotTrusted, match="no community code"):
        Sandbox.from_pretrained(small)
