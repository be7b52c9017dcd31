"""The parts of the service, each by itself."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest
from tests.serving.conftest import PAINTER

from gremio.demo.places import MODEL, shelf
from gremio.drawing.choosing import plainly
from gremio.errors import NotTrusted, OptionError
from gremio.machine.settings import Settings
from gremio.running.calls import CallSignature
from gremio.sandbox.confinement.tiers import layers
from gremio.serving.bodies import Asked, Body, asked
from gremio.serving.calls import Call
from gremio.serving.choosing import Wish, chosen, named
from gremio.serving.limits import Limits
from gremio.serving.line import Line
from gremio.serving.metrics import Metrics
from gremio.serving.offered import Offered, signature_of, told
from gremio.serving.refusals import Refusal, without_paths
from gremio.serving.schema import of_call
from gremio.serving.server import keys_of

KEY = "a key of more than sixteen"


def offered(call: Any) -> Offered:
    """A pipeline with this call, as a worker tells it."""
    return Offered("mine", "Mine", "", "", signature_of(told(CallSignature.of(call))))


def test_a_service_for_others_needs_a_key(tmp_path: Path) -> None:
    """Of a file or of the environment; a short one is none."""
    settings, file = Settings.from_environment({"GREMIO_API_KEY": KEY}), tmp_path / "keys"
    bare = Settings.from_environment({})
    file.write_text(f"# ours\n{KEY} 1\n\n{KEY} 2\n")
    assert keys_of(file, settings, host="0.0.0.0", open_to_all=False) == [f"{KEY} 1", f"{KEY} 2"]
    assert keys_of(None, settings, host="0.0.0.0", open_to_all=False) == [KEY]
    assert keys_of(None, bare, host="127.0.0.1", open_to_all=False) == []
    assert keys_of(None, bare, host="0.0.0.0", open_to_all=True) == []
    with pytest.raises(OptionError, match="no key"):
        keys_of(None, bare, host="0.0.0.0", open_to_all=False)
    file.write_text("short")
    with pytest.raises(OptionError, match="at least 16"):
        keys_of(file, settings, host="127.0.0.1", open_to_all=False)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("no file /home/maria/models/castle/unet.bin here", "no file …/unet.bin here"),
        ("FileNotFoundError: '/etc/x/y.json'", "FileNotFoundError: '…/y.json'"),
        (r"C:\Users\maria\model.bin is gone", "…/model.bin is gone"),
        (
            "see https://example.org/a/b and 3/4 of it, and/or not",
            "see https://example.org/a/b and 3/4 of it, and/or not",
        ),
    ],
)
def test_what_is_told_has_no_paths(text: str, shown: str) -> None:
    """But for the last part, which says what is meant."""
    assert without_paths(text) == shown


def test_names_come_from_refs() -> None:
    """Or are given; what makes none is refused."""
    assert named("./shelf/long_prompt/") == ("long_prompt", "./shelf/long_prompt/")
    assert named("maria/castle.py-2") == ("castle.py-2", "maria/castle.py-2")
    assert named("fox=./a b.py") == ("fox", "./a b.py")
    with pytest.raises(OptionError, match="address"):
        named("./a b.py")


def test_nothing_is_served_that_may_not_run(bringer: Path, easel: Path) -> None:
    """The gate is that of every load."""
    with pytest.raises(NotTrusted):
        chosen(Wish([str(bringer)]), plainly)
    with pytest.raises(OptionError, match="two pipelines are called painter"):
        chosen(Wish([str(PAINTER), f"painter={PAINTER}"], str(easel)), plainly)


@pytest.fixture
def bringer(easel: Path, tmp_path: Path) -> Path:
    """A model that brings its code, which nobody allowed."""
    (tmp_path / "bringer").mkdir()
    (tmp_path / "bringer" / "pipeline.py").write_text(PAINTER.read_text())
    index = (easel / "model_index.json").read_text().replace('"Painter"', '["pipeline", "Painter"]')
    (tmp_path / "bringer" / "model_index.json").write_text(index)
    return tmp_path / "bringer"


def test_whatever_opens_files_is_not_offered() -> None:
    """Nor what nobody can send; a forwarder takes what every pipeline takes."""

    def call(prompt, video_path: str, output_dir: str = "", model_url=None, mask_image=None, callback=None, seed=3): ...

    def forwarder(**kwargs): ...

    assert set(offered(call).controls) == {"prompt", "mask_image"}
    assert set(of_call(offered(forwarder))["properties"]) == {
        "prompt",
        "negative_prompt",
        "num_inference_steps",
        "seed",
    }


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"num_frames": 200}, "num_frames is at most 128"),
        ({"prior_num_inference_steps": 999}, "at most 150"),
        ({"resolution": 4096}, "pixels"),
        ({"height": 4104}, "asks for 4202496"),
        ({"sigmas": [0.5] * 1001}, "at most 1000 elements"),
        ({"prompt": ["a"] * 3, "num_images_per_prompt": 2}, "at most 4"),
    ],
)
def test_what_is_too_much_is_refused(values: dict[str, Any], why: str) -> None:
    """By the name of what is."""

    def call(
        prompt: str | list[str] = "",
        num_frames: int = 8,
        prior_num_inference_steps: int = 4,
        resolution: int = 64,
        height: int | None = None,
        width: int | None = None,
        sigmas: list[float] | None = None,
        num_images_per_prompt: int = 1,
    ): ...

    with pytest.raises(Refusal, match=re.escape(why)) as refused:
        asked(Body(values), offered(call), Limits())
    assert refused.value.param in values


LEAVING = """
import torch
from diffusers import StableDiffusionPipeline

class Leaving(StableDiffusionPipeline):
    \"\"\"Draws once, and leaves everything other than it was.\"\"\"

    def __call__(self, prompt: str, num_inference_steps: int = 1, generator=None, height: int = 64, width: int = 64):
        assert not hasattr(self, "drawn"), "it was here before"
        self.drawn = self.unet.conv_in.bank = torch.zeros(1)
        self.unet.conv_in.forward = lambda latents: torch.zeros(latents.shape[0], 32, *latents.shape[2:])
        self.unet.register_forward_hook(lambda module, inputs, output: None)
        self.unet.mid_block = torch.nn.Identity()
        self.scheduler.config_was = self.scheduler.timesteps
        return {"text": "drawn"}
"""


@pytest.mark.filterwarnings("ignore")
def test_pipelines_over_one_set_of_weights_share_it_and_leave_nothing_in_it(tmp_path: Path) -> None:
    """The very same objects; and what one does to them no other has, nor the next call of the same."""
    from gremio.serving.worker import Worker

    (tmp_path / "leaving.py").write_text(LEAVING)
    refs = [str(shelf() / "long_prompt"), str(tmp_path / "leaving.py")]
    worker = Worker(chosen(Wish(refs, str(MODEL), threads=1), plainly), 0)
    about = worker.draw({"ask": "info"}, int, bool)["pipelines"]
    assert [each["class"] for each in about.values()] == ["LongPromptPipeline", "Leaving"]
    one, other = (worker._loaded[name] for name in about)
    assert one.unet is other.unet
    assert one.scheduler is not other.scheduler
    call = Call({"prompt": ("a fox", "a fox"), "num_inference_steps": (1, None), "width": (64, None)}, 7)
    drawn, heard = [], []
    for place, name in enumerate(("long_prompt", "leaving", "leaving", "long_prompt")):
        folder = tmp_path / str(place)
        folder.mkdir()
        order = {"pipeline": name, "calls": [call.as_dict()], "folders": [str(folder)], "suffix": ".webp", "job": "1"}
        made = worker.draw(order, lambda **told: heard.append(told), bool)
        drawn.append((folder / made["made"][0]["pieces"][0]["file"]).read_bytes())
        assert made["made"][0]["pieces"][0]["kind"] == ("image" if name == "long_prompt" else "text")
    assert drawn[0] == drawn[3]
    assert heard[-1] == {"done": 1, "total": 1}


class Instant:
    """Draws ten bytes."""

    async def draw(self, order: Mapping[str, Any], hear: Any, cancelled: threading.Event) -> Mapping[str, Any]:
        """At once."""
        for folder in order["folders"]:
            Path(folder, "a.png").write_bytes(bytes(10))
        return {"made": [{"pieces": [{"file": "a.png", "kind": "image"}], "notes": []}] * len(order["folders"])}

    async def close(self) -> None:
        """Nothing is held."""


def test_results_are_kept_for_a_while_and_in_bounds(tmp_path: Path) -> None:
    """The oldest go first, and all after their time; nobody gets those of another key."""

    async def serving() -> None:
        def call(prompt: str): ...

        line = Line([Instant()], Limits(kept=25, keep=0.3), tmp_path, Metrics())
        await line.open()
        sent = Asked(Call({}, 1), {"input-0-0.png": bytes(1000)})
        jobs = [await line.put(offered(call), sent, owner="maria") for _ in range(3)]
        for job in jobs:
            await job.finished()
        assert [path.name for path in jobs[0].folder.iterdir()] == ["a.png"]
        line.make_room()
        assert [job.folder.exists() for job in jobs] == [False, True, True]
        assert line.get(jobs[2].id, "maria") is jobs[2]
        with pytest.raises(Refusal, match="no such job"):
            line.get(jobs[2].id, "ana")
        for _ in range(100):
            if not list(tmp_path.iterdir()):
                break
            await asyncio.sleep(0.05)
        assert not list(tmp_path.iterdir())
        await line.close()

    asyncio.run(serving())


@pytest.mark.skipif(not all(layers().values()), reason="this machine lacks layers of the sandbox")
def test_the_command_serves_in_a_sandbox_whoever_has_the_key_and_ends_well(
    easel: Path, home: Path, zygotes: None
) -> None:
    """What is drawn when it is told to end is finished; nothing stays behind."""
    command = [sys.executable, "-m", "gremio", "serve", str(PAINTER), "-m", str(easel), "--port", "0", "--sandbox"]
    environment = {**os.environ, "GREMIO_API_KEY": KEY, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            found = re.search(r"http://\S+", process.stdout.readline())
            assert found
            url = f"{found[0]}/painter"
            with pytest.raises(HTTPError, match="401"):
                post(url, b'{"prompt": "x"}')
            drawn: list[bytes] = []
            body = b'{"prompt": "x", "pause": 1.5}'
            thread = threading.Thread(target=lambda: drawn.append(post(url, body, Authorization=f"Bearer {KEY}")))
            thread.start()
            while b"gremio_drawing 1.0" not in get(found[0].replace("v1/pipelines", "metrics")):
                time.sleep(0.05)
            process.send_signal(signal.SIGTERM)
            thread.join(20)
            assert process.wait(20) == 0
            assert drawn[0][:4] == b"\x89PNG"
            assert not list((home / "serving").iterdir())
        finally:
            process.kill()


def post(url: str, body: bytes, **headers: str) -> bytes:
    """What is answered."""
    given = {"Content-Type": "application/json", "Accept": "image/png", **headers}
    with urllib.request.urlopen(urllib.request.Request(url, body, given), timeout=30) as answer:
        return bytes(answer.read())


def get(url: str) -> bytes:
    """What is answered, with the key."""
    with urllib.request.urlopen(urllib.request.Request(url, headers={"Authorization": f"Bearer {KEY}"})) as answer:
        return bytes(answer.read())
