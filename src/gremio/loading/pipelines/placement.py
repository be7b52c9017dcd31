"""Pipelines built by hand take ``device_map`` and ``dtype`` too, as their documentation shows them."""

from __future__ import annotations

import functools
import inspect
from typing import Any

import diffusers

from gremio.errors import OptionError
from gremio.loading.pipelines.options import check_device, take_dtype

_OURS = "_gremio_placement"


def accept_placement(cls: type) -> None:
    """Let the constructor of a pipeline class take ``device_map`` (a device) and ``dtype`` or ``torch_dtype``.

    The components are moved and cast once the pipeline stands. The signature that diffusers reads stays the
    author's own, and a constructor that takes these arguments itself is left alone.
    """
    if not issubclass(cls, diffusers.DiffusionPipeline) or "__init__" not in vars(cls):
        return
    init = vars(cls)["__init__"]
    taken = inspect.signature(init).parameters
    if hasattr(init, _OURS) or {"device_map", "dtype", "torch_dtype"} & taken.keys():
        return

    @functools.wraps(init)
    def placed(self: Any, *args: Any, **kwargs: Any) -> None:
        device = check_device(kwargs.pop("device_map", None))
        if device == "balanced":
            raise OptionError(
                'a pipeline built by hand has its components loaded already; device_map="balanced" comes too late',
                next_step='Pass device_map="balanced" to from_pretrained, or a device here.',
            )
        dtype = take_dtype(kwargs)
        init(self, *args, **kwargs)
        if device is not None:
            self.to(device)
        if dtype is not None:
            self.to(dtype=dtype)

    setattr(placed, _OURS, init)
    cls.__init__ = placed  # type: ignore[misc]


def refuse_placement(cls: type) -> None:
    """Give the author's constructor back."""
    init = getattr(vars(cls).get("__init__"), _OURS, None)
    if init is not None:
        cls.__init__ = init  # type: ignore[misc]
