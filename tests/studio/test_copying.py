"""The command and the lines of Python that make the same bytes."""

from pathlib import Path

import numpy as np
import torch
from tests.running.test_form import form

from gremio.running.calls import read_tensor
from gremio.running.form import fill
from gremio.studio.copying import command, script
from gremio.studio.drawing.order import Code, Order, Weights


def test_a_tensor_is_named_by_its_file(tmp_path: Path) -> None:
    """As all that went in; the line of Python reads it as the call did."""
    np.save(tmp_path / "latents.npy", np.ones((1, 2)))
    found = form("prompt: str", "latents: torch.Tensor = None", "embeds: list[torch.Tensor] = None")
    filled = fill(found, {"prompt": "a", "latents": tmp_path / "latents.npy", "embeds": tmp_path / "latents.npy"})
    order = Order(Weights("a/model"), Code("a/code"), filled.given(), 7, str(tmp_path))
    assert "--set latents=@latents.npy" in command(order)
    lines = script(order, found.signature)
    assert "from gremio.running.calls import read_tensor\n" in lines
    assert "    latents=read_tensor('latents.npy'),\n" in lines
    assert "    embeds=[read_tensor('latents.npy')],\n" in lines
    compile(lines, "script", "exec")
    assert str(tmp_path) not in lines + command(order)
    assert torch.equal(read_tensor(tmp_path / "latents.npy"), torch.ones(1, 2))
