"""Components of classes that no table has: the community code's own, and those of the libraries that few use."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any
from weakref import WeakKeyDictionary

import torch
import transformers

from gremio.checking.tiny.build import drawing, settle
from gremio.checking.tiny.defaults import DIFFUSERS, ENCODERS, WIDTH
from gremio.checking.tiny.models import encoder_values, redraw
from gremio.checking.tiny.parts import Part
from gremio.checking.tiny.shrinking import guessed, small
from gremio.checking.tiny.tokenizers import own_tokenizer

Parameters = Mapping[str, inspect.Parameter]
Values = dict[str, Any]

_BLOCKS = "block_out_channels"
_ALIKE = 0.7
_numbers: WeakKeyDictionary[Any, Values] = WeakKeyDictionary()


def build_own(
    cls: Any, stock: Part | None, name: str, *, config: Mapping[str, Any], seen: Mapping[Any, Any] = {}, seed: int = 0
) -> Any:
    """An instance of a class of which no table says with which numbers it is small.

    ``stock`` is what would stand in the slot otherwise. Tried first are its numbers, as far as the constructor takes
    them, beside the class's own defaults made small; ``seen`` are the arguments with which the code itself makes one.

    Raises:
        Exception: what the class raised the first time.
    """
    if issubclass(cls, transformers.PreTrainedTokenizerBase):
        return own_tokenizer(cls, **config)
    failure: Exception | None = None
    for values in _attempts(cls, stock, seen):
        try:
            with drawing(seed, name):
                values = {**values, **config}
                component = _made(cls, values)
                if isinstance(component, torch.nn.Module):
                    settle(component)
        except Exception as error:  # whatever a stranger's constructor raises
            if failure is not None and str(error) == str(failure):
                # Numbers are not what it fails at, and the last ones tried are the largest.
                break
            failure = failure or error
        else:
            _numbers[component] = values
            return component
    raise failure or TypeError(f"{cls.__name__} takes no arguments that are known")


def numbers_of(component: Any) -> Mapping[str, Any]:
    """What a component was configured with, whether or not its class keeps that."""
    config: Any = getattr(component, "config", None)
    kept = dict(config) if hasattr(config, "keys") else dict(vars(config)) if hasattr(config, "__dict__") else {}
    return {**kept, **_numbers.get(component, {})}


def _made(cls: Any, values: Values) -> Any:
    if not _is_transformers(cls):
        return cls(**values)
    model = cls(cls.config_class(**values), **({"empty_init": False} if "empty_init" in _parameters(cls) else {}))
    redraw(model)
    return model


def _is_transformers(cls: Any) -> bool:
    return issubclass(cls, transformers.PreTrainedModel) and cls.config_class is not None


def _attempts(cls: Any, stock: Part | None, seen: Mapping[Any, Any]) -> Iterator[Values]:
    taken = _parameters(cls.config_class if _is_transformers(cls) else cls)
    own = {name: _own_value(name, each) for name, each in taken.items() if _is_needed(name, each)}
    relative = _relative(cls, taken, stock)
    # A config of transformers keeps what its class does not name.
    known = {name: value for name, value in relative.items() if name in taken or _is_transformers(cls)}
    translated = {name: _translated(cls, value, taken.get(name)) for name, value in known.items()}
    if projection := _projection(taken):
        yield projection
    yield {**_cut(own, taken, translated), **translated, **_literal(seen, taken, known)}
    yield own
    yield known
    yield {}


def _is_needed(name: str, parameter: inspect.Parameter) -> bool:
    named = parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
    needed = parameter.default is parameter.empty or small(name, parameter.default) != parameter.default
    return named and name != "self" and needed


def _own_value(name: str, parameter: inspect.Parameter) -> Any:
    if parameter.default is parameter.empty:
        return guessed(name, str(parameter.annotation))
    return small(name, parameter.default)


def _literal(seen: Mapping[Any, Any], taken: Parameters, known: Values) -> Values:
    """What the code itself passes where it makes one; of structure only what no relative settles."""
    names = [name for name in taken if name != "self"]
    by_name = {names[key] if isinstance(key, int) and key < len(names) else key: each for key, each in seen.items()}
    made_small = {name: small(name, value) for name, value in by_name.items() if name in taken}
    return {name: value for name, value in made_small.items() if name not in known or value == by_name[name]}


def _relative(cls: Any, taken: Parameters, stock: Part | None) -> Mapping[str, Any]:
    """The tiny numbers of the class that this one resembles: what stands there otherwise, a base, a namesake."""
    if _is_transformers(cls):
        names = [*(base.__name__ for base in cls.__mro__), stock.class_name if stock else ""]
        found = next((name for name in names if name in ENCODERS), None)
        return encoder_values(found) if found else {}
    if stock is not None and stock.class_name not in DIFFUSERS:
        return stock.config
    standing = {**DIFFUSERS[stock.class_name], **stock.config} if stock is not None else {}
    named = next((base.__name__ for base in cls.__mro__ if base.__name__ in DIFFUSERS), None)
    if named is not None:
        return standing if stock is not None and stock.class_name == named else DIFFUSERS[named]
    if _shared(standing, taken) > _ALIKE:
        return standing
    # What takes the same as another is likely a copy of it.
    best = max((config for config in DIFFUSERS.values() if len(config) > 4), key=lambda each: _shared(each, taken))
    return best if _shared(best, taken) > _ALIKE else {}


def _shared(config: Mapping[str, Any], taken: Parameters) -> float:
    return sum(name in taken for name in config) / len(config) if config else 0.0


def _translated(cls: type, value: Any, parameter: inspect.Parameter | None) -> Any:
    """The names of a relative's blocks in this class's own words: ``DownBlock2D`` is its ``DownBlock3D``."""
    default = parameter.default if parameter else None
    if isinstance(value, (list, tuple)) and isinstance(default, (list, tuple)):
        return type(value)(_word(cls, each, default) if isinstance(each, str) else each for each in value)
    return _word(cls, value, [default]) if isinstance(value, str) and isinstance(default, str) else value


def _word(cls: type, word: str, own: Iterable[Any]) -> str:
    words = [each for each in own if isinstance(each, str)]
    if "Block" not in word or word in words or not words:
        return word
    package = cls.__module__.split(".")[:2]
    modules = [found for name, found in list(sys.modules.items()) if name.split(".")[:2] == package]
    # Beside its own words those of the same dimension, which it may know as well.
    defined = {name for found in modules for name in vars(found) if _digits(name) == _digits(words[0])}
    return next(iter(get_close_matches(word, {*words, *defined}, n=1)), word)


def _digits(name: str) -> str:
    return "".join(filter(str.isdigit, name))


def _cut(own: Values, taken: Parameters, relative: Values) -> Values:
    """Tuples with a value for each block, as short as the relative's blocks are few."""
    default, blocks = getattr(taken.get(_BLOCKS), "default", None), relative.get(_BLOCKS)
    if not (isinstance(default, (list, tuple)) and isinstance(blocks, (list, tuple))):
        return own
    per_block = {
        name: each.default[: len(blocks)]
        for name, each in taken.items()
        if isinstance(each.default, (list, tuple)) and len(each.default) == len(default)
    }
    return {**per_block, **{name: v[: len(blocks)] if name in per_block else v for name, v in own.items()}}


def _parameters(cls: type) -> Parameters:
    """What the constructor takes; with ``**kwargs``, what those of its bases take too."""
    taken: dict[str, inspect.Parameter] = {}
    for base in cls.__mro__:
        if "__init__" not in vars(base):
            continue
        own = inspect.signature(inspect.unwrap(vars(base)["__init__"])).parameters
        taken = {**own, **taken}
        if not any(one.kind is inspect.Parameter.VAR_KEYWORD for one in own.values()):
            break
    return taken


def _projection(taken: Parameters) -> Values:
    """A layer between two widths of which the second is that of texts keeps what the first has more."""
    for entry, exit_ in (("in_channel", "out_channel"), ("in_features", "out_features"), ("in_dim", "out_dim")):
        if set(taken) - {"self"} == {entry, exit_}:
            defaults = taken[entry].default, taken[exit_].default
            if all(isinstance(number, int) for number in defaults):
                return {entry: WIDTH + defaults[0] - defaults[1], exit_: WIDTH}
    return {}
