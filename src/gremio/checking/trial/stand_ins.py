"""Tiny models in place of those that a pipeline fetches from the Hub by itself, for as long as it is tried."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import NoneType
from typing import Any
from unittest.mock import patch

from gremio.checking.trial.recipes import own_config
from gremio.code.review import ComponentSlot


@contextmanager
def stand_ins(*, seed: int) -> Iterator[list[str]]:
    """Let ``from_pretrained("owner/repo")`` make something tiny; gives the list of what was made, in words.

    A folder that exists is loaded as ever. What can't be made is looked for on the Hub, as the code says.
    """
    made: list[str] = []
    with _patched(made, seed):
        yield made


@contextmanager
def _patched(made: list[str], seed: int) -> Iterator[None]:
    import diffusers
    import torch.utils.model_zoo
    import transformers

    owners: list[Any] = [diffusers.DiffusionPipeline, diffusers.ModelMixin, diffusers.SchedulerMixin]
    owners += [transformers.PreTrainedModel, transformers.PreTrainedTokenizerBase, transformers.ImageProcessingMixin]
    patches = [patch.object(owner, "from_pretrained", _method(owner, made, seed)) for owner in owners]
    patches += [patch.object(torch.hub, "load_state_dict_from_url", _no_weights(made))]
    patches += [patch.object(torch.utils.model_zoo, "load_url", _no_weights(made))]
    for each in patches:
        each.start()
    try:
        yield
    finally:
        for each in reversed(patches):
            each.stop()


def _method(owner: Any, made: list[str], seed: int) -> Any:
    original: Callable[..., Any] = owner.from_pretrained.__func__

    def from_pretrained(cls: type, name: Any = None, *args: Any, **kwargs: Any) -> Any:
        if isinstance(name, str) and not Path(name).exists():
            stand_in = _stand_in(cls, kwargs, seed)
            if stand_in is not None:
                made.append(f"a tiny {cls.__name__} for {name}")
                return stand_in
        return original(cls, name, *args, **kwargs)

    return classmethod(from_pretrained)


def _no_weights(made: list[str]) -> Callable[..., dict[str, Any]]:
    """What loads a model's weights from an address finds none: the model keeps its random ones."""

    def load_url(url: str, *args: Any, **kwargs: Any) -> dict[str, Any]:
        made.append(f"no weights for {url}")
        return {}

    return load_url


def _stand_in(cls: type, kwargs: dict[str, Any], seed: int) -> Any:
    import diffusers
    import torch

    is_pipeline = issubclass(cls, diffusers.DiffusionPipeline)
    try:
        found = _pipeline(cls, kwargs, seed) if is_pipeline else _component(cls, seed)
    except Exception:  # then the Hub is asked, and its error is the one that a user sees
        return None
    dtype = kwargs.get("dtype", kwargs.get("torch_dtype"))
    if isinstance(dtype, torch.dtype) and callable(getattr(found, "to", None)):
        found.to(dtype)
    return found


def _pipeline(cls: Any, kwargs: dict[str, Any], seed: int) -> Any:
    from gremio.checking.tiny import fit

    slots = _slots(cls)
    components = fit(slots, family="\n".join(each.__name__ for each in cls.__mro__), seed=seed)
    components |= {name: kwargs[name] for name in components if name in kwargs}
    parameters = inspect.signature(cls.__init__).parameters
    settings = {"requires_safety_checker": False} if "requires_safety_checker" in parameters else {}
    return cls(**components, **settings)


def _component(cls: type, seed: int) -> Any:
    from gremio.checking.tiny import fit
    from gremio.checking.tiny.build import build
    from gremio.checking.tiny.families import KINDS

    # Of the kinds of models that hold one, the plainest: they are in that order.
    for kind in KINDS.values():
        for name, part in kind.parts.items():
            if part.class_name == cls.__name__:
                return build(part, name, seed=seed)
    slot = ComponentSlot(_role(cls), (f"{cls.__module__}.{cls.__qualname__}",), optional=False)
    known = cls.__module__.startswith(("diffusers.", "transformers."))
    config = {slot.name: own_config(cls.__name__)}
    return fit([slot], own={} if known else {slot.name: cls}, config=config, seed=seed)[slot.name]


def _role(cls: type) -> str:
    name = cls.__name__.lower()
    roles = ("tokenizer", "scheduler", "unet", "transformer", "vae")
    return next((role for role in roles if role in name), "text_encoder" if "text" in name else "model")


def _slots(cls: Any) -> list[ComponentSlot]:
    """What the constructor of a live class takes: what has no default, as ``gremio.read`` tells of code."""
    hints = typing.get_type_hints(cls.__init__)
    optional = set(getattr(cls, "_optional_components", ()))
    slots = []
    for name, parameter in list(inspect.signature(cls.__init__).parameters.items())[1:]:
        if parameter.default is parameter.empty:
            types = tuple(map(_name, _types(hints.get(name))))
            slots.append(ComponentSlot(name, types, name in optional))
    return slots


def _name(cls: type) -> str:
    # Without torchvision transformers puts a class of another name in the place of CLIPImageProcessor.
    return f"{cls.__module__}.{cls.__qualname__.removesuffix('Pil')}"


def _types(hint: Any) -> list[type]:
    members = typing.get_args(hint) or (hint,)
    return [each for each in members if isinstance(each, type) and each is not NoneType]
