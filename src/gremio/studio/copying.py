"""The same again without the studio: the command and the lines of Python that make the same bytes."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gremio.running.calls import CallSignature, build, find, wants_tensor
from gremio.studio.drawing.order import Order
from gremio.studio.drawing.outcome import beside, said, stem

_OPTIONS = {"prompt": "--prompt", "negative_prompt": "--negative-prompt", "steps": "--steps", "count": "--count"}


def command(order: Order, *, sandbox: bool = False) -> str:
    """A line for a shell. Pictures that went in lie in the present folder, under the names that they have there."""
    weights, code = order.weights, order.code
    words = ["gremio", "run", order.ref]
    if code.ref:
        words += ["--model", weights.model]
    for name, value in (("--class-name", code.class_name), ("--revision", code.revision)):
        words += [name, value] if value else []
    pinned = "--model-revision" if code.ref else "--revision"
    loading = ((pinned, weights.revision), ("--variant", weights.variant))
    for name, value in (*loading, ("--device", weights.device), ("--dtype", weights.dtype)):
        words += [name, value] if value else []
    for name, option in _OPTIONS.items():
        if order.given.get(name) is not None:
            words += [option, str(order.given[name])]
    words += ["--seed", str(order.seed)]
    for name, value in order.given["settings"].items():
        words += ["--set", f"{name}={beside(value, order)}"]
    for text in order.given["images"]:
        name, _, path = text.partition("=")
        words += ["--image", f"{name}={Path(path).name}"]
    words += ["--sandbox"] if sandbox else []
    # A value that begins with a dash is no option.
    return shlex.join([*words, "-o", "./"])


def script(order: Order, signature: CallSignature) -> str:
    """Lines of Python."""
    values = build(signature, **order.given, seed=None)
    pictures = any(_is_picture(each) for value in values.values() for each in _several(value))
    arrays = [_reader(signature, name) for name, value in values.items() if _is_array(value)]
    return "\n".join([*_imports(pictures, arrays), *_loading(order), *_calling(order, signature, values), ""])


def _imports(pictures: bool, arrays: list[str]) -> Iterator[str]:
    yield "import torch"
    if pictures:
        yield "from PIL import Image"
    yield ""
    yield "from gremio import DiffusionPipeline"
    if arrays:
        yield f"from gremio.running.calls import {', '.join(sorted(set(arrays)))}"
    yield "from gremio.running.outputs import collect, making, save"
    yield ""


def _loading(order: Order) -> Iterator[str]:
    weights, code = order.weights, order.code
    yield "pipe = DiffusionPipeline.from_pretrained("
    yield f"    {weights.model!r},"
    for name, value in code.arguments().items():
        yield f"    {name}={value!r},"
    chosen = {"revision": weights.revision, "variant": weights.variant, "dtype": weights.dtype}
    for name, value in chosen.items():
        if value:
            yield f"    {name}={value!r},"
    yield f"    device_map={weights.device!r}," if weights.device else f"    device_map={_BEST},"
    yield ")"


def _calling(order: Order, signature: CallSignature, values: dict[str, Any]) -> Iterator[str]:
    seed = find(signature, "seed")
    yield f"torch.manual_seed({order.seed})"
    yield "result = pipe("
    paths = dict(_paths(order))
    for name, value in values.items():
        if _is_array(value):
            file = beside(order.given["settings"][name], order).removeprefix("@")
            read = f"{_reader(signature, name)}({file!r})"
            yield f"    {name}=[{read}]," if isinstance(value, list) else f"    {name}={read},"
            continue
        yield f"    {name}={_written(value, iter(paths.get(name, ())), order)},"
    if seed:
        drawn = f"torch.Generator().manual_seed({order.seed})" if seed == "generator" else str(order.seed)
        yield f"    {seed}={drawn},"
    yield ")"
    told = {name: value for name, value in said(order).items() if value not in (None, "")}
    yield f"told = making(pipe.gremio, {told!r}, ref={order.ref!r}, class_name=type(pipe).__name__)"
    yield f'save(collect(result), "./", metadata=told, stem={stem(order.ref)!r})'


_BEST = '"cuda" if torch.cuda.is_available() else "cpu"'


def _paths(order: Order) -> Iterator[tuple[str, list[str]]]:
    names = dict.fromkeys(text.partition("=")[0] for text in order.given["images"])
    for name in names:
        found = (text.partition("=") for text in order.given["images"])
        yield name, [Path(path).name for each, _, path in found if each == name]


def _written(value: Any, paths: Iterator[str], order: Order) -> str:
    if _is_picture(value):
        return f"Image.open({next(paths)!r})"
    if isinstance(value, list) and any(map(_is_picture, value)):
        return f"[{', '.join(_written(each, paths, order) for each in value)}]"
    return repr(beside(value, order) if isinstance(value, str) else value)


def _is_picture(value: object) -> bool:
    return hasattr(value, "getbands")


def _is_array(value: object) -> bool:
    """Whether it came from a file of its own, alone or as the only one of a list."""
    several = _several(value)
    return len(several) == 1 and hasattr(several[0], "__array__") and not _is_picture(several[0])


def _reader(signature: CallSignature, name: str) -> str:
    return "read_tensor" if wants_tensor(signature, name) else "read_array"


def _several(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else [value]
