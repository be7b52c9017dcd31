"""Values that turn an argument on: another one than its default, of the form that the code takes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from gremio.checking.trial.argument_hints import Hints
from gremio.checking.trial.arguments import Plan
from gremio.checking.trial.pictures import picture
from gremio.checking.trial.role_values import PROMPT
from gremio.running.calls import Parameter
from gremio.running.calls.annotation import Wanted

_UNIT = 8  # pixels: what a size is a multiple of
_SCHEDULES = {"timesteps": [801, 601, 401, 201], "sigmas": [1.0, 0.75, 0.5, 0.25]}


def turning_on(parameter: Parameter, plan: Plan, hints: Hints) -> list[Any]:
    """The likeliest first; empty where nothing tells what form a value has, or what it belongs to is not loaded."""
    if parameter.name.startswith("ip_adapter"):
        return []
    if not parameter.required and isinstance(parameter.default, bool):
        return [not parameter.default]
    if choices := every_choice(parameter, hints):
        return choices
    compared = hints.texts.get(parameter.name, ()) if isinstance(parameter.default, str) else ()
    found = [
        plan.suggested(parameter.name),
        *compared,
        *_by_kind(parameter, plan),
        *_past_limits(parameter, hints),
        *_documented(parameter, hints),
    ]
    told: list[Any] = []
    for value in found:
        if value is not None and not _same(value, parameter.default) and not any(_same(value, each) for each in told):
            told.append(value)
    return told


def every_choice(parameter: Parameter, hints: Hints) -> list[Any]:
    """All that it may be beside the default, where the annotation or a list, table or enum of the code says so."""
    default = parameter.default
    literal = [each for member in parameter.wanted.members() for each in member.choices]
    groups = [hints.choices.get(parameter.name, ()), *hints.kinds]
    listed = [each for group in groups if default in group for each in group if type(each) is type(default)]
    return [each for each in dict.fromkeys([*literal, *listed]) if each != default]


def _past_limits(parameter: Parameter, hints: Hints) -> list[Any]:
    """Just above what it is compared with."""
    whole = isinstance(parameter.default, int)
    limits = hints.limits.get(parameter.name, ()) if isinstance(parameter.default, (int, float)) else ()
    return [limit + (1 if whole else 0.5) for limit in limits]


def _documented(parameter: Parameter, hints: Hints) -> list[Any]:
    """What an example has, if it is of the default's type."""
    kinds = () if parameter.default is None else (type(parameter.default), int, float)
    return [each for each in hints.examples(parameter.name) if not kinds or isinstance(each, kinds)]


def _by_kind(parameter: Parameter, plan: Plan) -> Iterator[Any]:
    default = parameter.default
    members = {each.what: each for each in parameter.wanted.members()}
    if isinstance(default, (int, float)):
        whole = isinstance(default, int) and ("float" not in members or not parameter.annotation)
        yield from _numbers(default, whole=whole, side=plan.measures.side)
    elif isinstance(default, (list, tuple, dict)) and default:
        yield from another(default)
    elif "Callable" in parameter.annotation or parameter.name.startswith("callback"):
        yield Callback(parameter.annotation)
    elif parameter.wanted.takes_image:
        yield [picture(plan.measures.side)] if isinstance(default, list) else picture(plan.measures.side)
    elif "bool" in members:
        yield True
    elif "float" in members:
        yield from (0.5, 1.0)
    elif "int" in members:
        yield from (1, 2)
    elif "str" in members and re.search("prompt|text", parameter.name):
        yield PROMPT
    elif parameter.name in _SCHEDULES:
        yield _SCHEDULES[parameter.name]
    elif "list" in members:
        yield from _lists(members["list"], plan)


def _numbers(default: float, *, whole: bool, side: int = _UNIT) -> Iterator[Any]:
    """Numbers near the default, which stay on its side of nought and of one; of sizes also one below ``side``."""
    if whole and default >= _UNIT and default % _UNIT == 0:
        yield from (int(default) * 2, int(default) // 2, side // 4)
    elif whole:
        yield from (int(default) + 1, max(int(default) - 1, 1), *([2, 0] if default > 2 else []))
    elif default == 0:
        yield from (0.5, 1.0)
    elif default == 1:
        yield from (0.5, 2.0)
    elif 0 < default < 1:
        yield from (default / 2, (1 + default) / 2)
    else:
        yield from (default / 2, default * 2)


def another(value: Any) -> Iterator[Any]:
    """Another value of the same form than one that works; nothing where none is known."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, (int, float)):
        yield from _numbers(value, whole=isinstance(value, int))
    elif isinstance(value, str) and value == PROMPT:
        yield "a fish in the snow"
    elif isinstance(value, (list, tuple)) and value:
        for first in another(value[0]):
            yield type(value)([first, *value[1:]])
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from ({**value, name: changed} for changed in another(each))
    elif hasattr(value, "getbands"):
        yield value.rotate(90) if value.mode == "RGB" else value.point(lambda level: 255 - level)


def _lists(wanted: Wanted, plan: Plan) -> Iterator[Any]:
    """A list of one, or of as many as there are prompts where those are in rows; annotations are often a list short."""
    rows = next((each for each in plan.arguments().values() if _are_rows(each)), [[PROMPT]])
    for member in (each for inside in wanted.inside for each in inside.members()):
        leaf = {"int": 1, "float": 0.5}.get(member.what)
        if leaf is not None:
            yield from ([leaf], [[leaf]])
        elif member.what == "list":
            leaves = [{"int": 1, "float": 0.5}.get(each.what) for inside in member.inside for each in inside.members()]
            yield from ([[each] * len(row) for row in rows] for each in leaves if each is not None)


def _are_rows(value: Any) -> bool:
    """Whether these are lists of prompts."""
    while isinstance(value, list) and value and isinstance(value[0], list):
        value = value[0]
        if isinstance(value[0], str):
            return True
    return False


class Callback:
    """Counts its calls; gives back the tensors that it is shown, or False where an answer is wanted."""

    def __init__(self, annotation: str) -> None:
        self.calls = 0
        self._answers = re.search(r"\], *bool\]", annotation) is not None

    def __call__(self, *values: Any, **named: Any) -> Any:
        """Take whatever the code passes."""
        self.calls += 1
        if self._answers:
            return False
        return values[-1] if values and isinstance(values[-1], dict) else None


def _same(first: Any, second: Any) -> bool:
    if isinstance(first, (bool, int, float, str, list, tuple, dict)):
        return type(first) is type(second) and bool(first == second)
    return first is second
