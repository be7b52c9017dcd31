"""Arrays from files as the tensors that parameters want."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gremio.running.calls.annotation import Wanted
from gremio.running.calls.attachment import read_array
from gremio.running.calls.signature import CallSignature

if TYPE_CHECKING:
    import torch

TENSOR_NAME = re.compile(r"latents?$|embed(s|dings?)?$|_states?$|^noise$|attention_mask$|_ids$")
"""What is called so is a tensor wherever no annotation says otherwise."""


def as_tensors(signature: CallSignature, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The same arguments, with arrays as tensors wherever a parameter wants one; numbers of 64 bits become 32.

    Where torch is not imported, as in the parent of a sandbox, they stay arrays.
    """
    return {name: _tensor(value) if wants_tensor(signature, name) else value for name, value in arguments.items()}


def read_tensor(path: str | Path) -> torch.Tensor:
    """What ``@path`` gives a parameter that wants a tensor.

    Raises:
        OptionError: there is no such file, it is damaged, or has several tensors.
    """
    import torch

    tensor = _tensor(read_array(Path(path)))
    assert isinstance(tensor, torch.Tensor)
    return tensor


def wants_tensor(signature: CallSignature, name: str) -> bool:
    """Whether an array has to be a tensor to be passed as this parameter."""
    parameter = signature.get(name)
    if parameter is None or not parameter.annotation:
        return TENSOR_NAME.search(name) is not None
    names = [each.text.rpartition(".")[2] for each in _all(parameter.wanted)]
    return any(each.endswith("Tensor") for each in names) and not any(each.lower() == "ndarray" for each in names)


def _all(wanted: Wanted) -> list[Wanted]:
    return [wanted, *(each for inner in wanted.inside for each in _all(inner))]


def _tensor(value: Any) -> Any:
    torch, numpy = sys.modules.get("torch"), sys.modules.get("numpy")
    if isinstance(value, list):
        return [_tensor(each) for each in value]
    if torch is None or numpy is None or not isinstance(value, numpy.ndarray):
        return value
    tensor = torch.from_numpy(value)
    return tensor.float() if tensor.dtype is torch.float64 else tensor
