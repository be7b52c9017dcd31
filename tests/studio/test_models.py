"""What stays loaded, and what goes when memory is short."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gremio.demo.places import MODEL, shelf
from gremio.studio.drawing.order import Code, Order, Weights
from gremio.studio.drawing.worker import models as module
from gremio.studio.drawing.worker.models import Models


def order(name: str, folder: Path, beside: str = "") -> Order:
    """For a pipeline of the shelf over the small model."""
    code = Code(str(shelf() / name))
    given = {"settings": {}, "images": []}
    return Order(Weights(str(MODEL)), code, given, 1, str(folder), Code(str(shelf() / beside)) if beside else None)


def test_the_one_used_least_lately_goes_first_and_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only where there is no room; what stays is not loaded again, and what is shared not at all."""
    told: list[dict[str, Any]] = []
    models = Models()
    free = [1 << 50]
    monkeypatch.setattr(module, "free_bytes", lambda device: free[0])

    def get(name: str, beside: str = "") -> tuple[Any, int]:
        return models.get(order(name, tmp_path, beside), lambda **event: told.append(event))

    first, _ = get("long_prompt")
    other, shared = get("seamless_tiling", beside="long_prompt")
    assert (other.unet is first.unet, shared) == (True, 4)
    assert [each["what"] for each in told] == ["loading", "loaded"]
    free[0] = 0
    get("prompt_walk")
    assert [each["what"] for each in told[2:]] == ["loading", "unloaded", "loaded"]
    assert "long_prompt" in told[3]["text"]
    assert get("prompt_walk")[0] is get("prompt_walk")[0]
    assert not models.let_go(order("prompt_walk", tmp_path), lambda **event: told.append(event))


LEAVING = '''
import torch
from diffusers import StableDiffusionPipeline

class Leaving(StableDiffusionPipeline):
    """Draws in one colour, by what it leaves in the model."""

    def __call__(self, prompt: str = "", num_inference_steps: int = 1, generator=None):
        assert not hasattr(self.unet, "bank")
        self.unet.bank = self.vae.decode = lambda latents, return_dict=False: [torch.zeros(1, 3, 8, 8)]
        return {"text": "left"}
'''


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # numpy against torch, in diffusers
def test_a_call_leaves_nothing_to_the_one_beside_it(tmp_path: Path) -> None:
    """Nor to the next of its own: what the page drew is what its command draws."""
    from gremio.studio.drawing.worker.work import drawn

    (tmp_path / "leaving.py").write_text(LEAVING)
    models, pictures = Models(), []
    plain = order("long_prompt", tmp_path / "plain")
    plain = replace(plain, given={**plain.given, "prompt": "a fox", "steps": 1})
    for each in (plain, replace(plain, code=Code(str(tmp_path / "leaving.py")), beside=plain.code), plain):
        for _ in range(2):
            made = drawn(each, models, lambda **event: None, bool)
            pictures.append((tmp_path / "plain" / made["pieces"][0]["file"]).read_bytes())
    assert [each.strip() for each in pictures[2:4]] == [b"left", b"left"]
    assert len({*pictures[:2], *pictures[4:]}) == 1
