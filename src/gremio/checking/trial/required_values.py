"""Values for parameters that must be given and whose names say little: by annotation, then by what little there is."""

from __future__ import annotations

import inspect
import re
import sys
from typing import Any

from gremio.checking.trial.measures import Measures
from gremio.checking.trial.pictures import as_tensor, picture
from gremio.running.calls import Parameter


def leftover(parameter: Parameter, measures: Measures, pipeline: Any, prompt: str) -> Any:
    """Something that the annotation allows; a tensor where there is none, since that is what most code wants."""
    import torch

    name, text = parameter.name, parameter.annotation
    if "Callable" in text or re.search("loss", name):
        return _mean_square
    if not text and re.search(r"(scale|strength|weight)$", name):
        return 2.0
    if re.search(r"Module", text):
        return torch.nn.Identity()
    if "Image" in text:
        return picture(measures.native)
    if re.search(r"points?$", name):
        return [[measures.native // 4, measures.native // 4]]
    own = _own_class(text, pipeline)
    if own is not None:
        value = _instance(own, measures, pipeline, prompt)
        return [value] if "List" in text or "list" in text else value
    whats = {each.what for each in parameter.wanted.members()}
    for what, value in (("bool", False), ("int", 1), ("float", 1.0), ("str", prompt), ("dict", {})):
        if what in whats:
            return value
    if "list" in whats and "float" in text:
        return [0.5, 0.5, 0.5]
    if "list" in whats:
        return [prompt] if "str" in text else []
    return as_tensor(picture(measures.native))


def _mean_square(first: Any, second: Any) -> Any:
    return ((first - second) ** 2).mean()


def _own_class(annotation: str, pipeline: Any) -> type | None:
    """A class that the pipeline's module defines and the annotation names, or the first that derives from it."""
    module = sys.modules.get(type(pipeline).__module__)
    own = {name: each for name, each in vars(module).items() if isinstance(each, type)} if module else {}
    named = next((own[word] for word in re.findall(r"\w+", annotation) if word in own), None)
    if named is None or named.__module__ != type(pipeline).__module__:
        return None
    derived = [each for each in own.values() if issubclass(each, named) and each is not named]
    return derived[0] if derived else named


def _instance(cls: type, measures: Measures, pipeline: Any, prompt: str) -> Any:
    """One of the code's own values, such as a region of the canvas, made from its constructor's signature."""
    made: dict[str, Any] = {}
    for name, found in inspect.signature(cls).parameters.items():
        if re.search(r"(start|init|begin|left|top)$", name) and found.annotation is int:
            made[name] = 0
        elif re.search(r"(end|stop|right|bottom)$", name) and found.annotation is int:
            made[name] = measures.side
        elif "prompt" in name:
            made[name] = prompt
        elif found.default is found.empty:
            parameter = Parameter(name, inspect.formatannotation(found.annotation), None, required=True)
            made[name] = leftover(parameter, measures, pipeline, prompt)
    return cls(**made)
