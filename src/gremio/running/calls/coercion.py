"""Making a given value what a parameter wants, or saying why it can't be."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import IntEnum
from typing import Any

from gremio.errors import OptionError
from gremio.running.calls.annotation import Wanted, What
from gremio.running.calls.signature import Parameter
from gremio.running.calls.value import Given

_SWITCH = {"yes": True, "on": True, "no": False, "off": False}


class _Misfit(Exception):
    """This value is not of this type."""


class _Effort(IntEnum):
    """How far a value may be bent. A union tries all its members at each before it goes on to the next."""

    NONE = 0  # of that type already
    CONVERT = 1  # 5 as 5.0, 1 as true, a tuple as a list, anything as its text
    WRAP = 2  # 5 as [5]


def coerce(parameter: Parameter, given: Given) -> object:
    """The value to pass for this parameter.

    Raises:
        OptionError: the value is not what the parameter wants, or nothing that can be written is.
    """
    try:
        return _fit_any_effort(parameter.wanted, given)
    except _Misfit:
        raise _refusal(parameter, given) from None


def _refusal(parameter: Parameter, given: Given) -> OptionError:
    wants = f"{parameter.name} wants {parameter.wanted.describe()}"
    if parameter.wanted.is_writable:
        return OptionError(f"{wants}, not {given.shown()}")
    if any(each.is_array for each in parameter.wanted.members()):
        return OptionError(f"{wants}, not {given.shown()}", next_step=f"Give it as a file: {parameter.name}=@FILE.npy.")
    return OptionError(
        f"{wants}, which can't be given on a command line", next_step="Leave it out, or call the pipeline from Python."
    )


def _fit_any_effort(wanted: Wanted, given: Given, most: _Effort = _Effort.WRAP) -> object:
    members = [each for each in wanted.members() if each.what != "any"]
    for effort in _Effort:
        for member in members if effort <= most else ():
            try:
                return _FITTERS[member.what](member, given, effort)
            except _Misfit:
                continue
    if len(members) < len(wanted.members()):
        return given.value
    raise _Misfit


def _fit_none(_: Wanted, given: Given, effort: _Effort) -> None:
    if given.value is not None:
        raise _Misfit


def _fit_bool(_: Wanted, given: Given, effort: _Effort) -> bool:
    if isinstance(given.value, bool):
        return given.value
    if effort >= _Effort.CONVERT:
        if isinstance(given.value, int) and given.value in (0, 1):
            return bool(given.value)
        if isinstance(given.value, str) and given.value.strip().lower() in _SWITCH:
            return _SWITCH[given.value.strip().lower()]
    raise _Misfit


def _fit_int(_: Wanted, given: Given, effort: _Effort) -> int:
    if isinstance(given.value, int) and not isinstance(given.value, bool):
        return given.value
    if effort >= _Effort.CONVERT and isinstance(given.value, float) and given.value.is_integer():
        return int(given.value)
    raise _Misfit


def _fit_float(_: Wanted, given: Given, effort: _Effort) -> float:
    if isinstance(given.value, float):
        return given.value
    if effort >= _Effort.CONVERT and isinstance(given.value, int) and not isinstance(given.value, bool):
        return _float(given.value)
    raise _Misfit


def _float(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        raise _Misfit from None


def _fit_str(_: Wanted, given: Given, effort: _Effort) -> str:
    if isinstance(given.value, str):
        return given.value
    if effort >= _Effort.CONVERT and given.text is not None:
        return given.text
    raise _Misfit


def _fit_dict(_: Wanted, given: Given, effort: _Effort) -> dict[Any, Any]:
    if isinstance(given.value, dict):
        return given.value
    raise _Misfit


def _fit_choice(wanted: Wanted, given: Given, effort: _Effort) -> object:
    for choice in wanted.choices:
        # By type as well, for 1 == True.
        if choice in (given.value, given.text) and type(choice) in (type(given.value), str):
            return choice
    raise _Misfit


def _fit_image(_: Wanted, given: Given, effort: _Effort) -> object:
    if given.is_image:
        return given.value
    raise _Misfit


def _fit_object(wanted: Wanted, given: Given, effort: _Effort) -> object:
    if wanted.is_array and given.is_array:
        return given.value
    # Where pipelines ask for an array they run it through an image processor, which takes pictures.
    if wanted.is_array and given.is_image and effort >= _Effort.CONVERT:
        return given.value
    raise _Misfit


def _fit_list(wanted: Wanted, given: Given, effort: _Effort) -> list[object]:
    element = wanted.inside[0] if wanted.inside else Wanted("any")
    if element.what == "str" and _are_rows(given.value):
        return list(given.value)
    if isinstance(given.value, list) or (isinstance(given.value, tuple) and effort >= _Effort.CONVERT):
        return _fit_elements([element] * len(given.value), given.value, effort)
    if effort == _Effort.WRAP and given.value is not None and not isinstance(given.value, (dict, tuple)):
        return [_fit_any_effort(element, given, _Effort.CONVERT)]
    raise _Misfit


def _are_rows(value: Any) -> bool:
    """Whether these are rows of texts: pipelines that tile take them under the annotation of a single row."""
    rows = isinstance(value, list) and value and all(isinstance(row, list) and row for row in value)
    return bool(rows) and all(isinstance(each, str) for row in value for each in row)


def _fit_tuple(wanted: Wanted, given: Given, effort: _Effort) -> tuple[object, ...]:
    if effort == _Effort.WRAP and given.is_image and not wanted.exact_length:
        return (_fit_any_effort(wanted.inside[0] if wanted.inside else Wanted("any"), given, _Effort.CONVERT),)
    if not isinstance(given.value, (tuple, list)) or (isinstance(given.value, list) and effort < _Effort.CONVERT):
        raise _Misfit
    elements = list(wanted.inside) or [Wanted("any")]
    if not wanted.exact_length:
        elements = elements[:1] * len(given.value)
    if len(elements) != len(given.value):
        raise _Misfit
    return tuple(_fit_elements(elements, given.value, effort))


def _fit_elements(elements: Iterable[Wanted], values: Iterable[object], effort: _Effort) -> list[object]:
    most = min(effort, _Effort.CONVERT)
    pairs = zip(elements, values, strict=True)
    return [_fit_any_effort(element, Given(value), _Effort(most)) for element, value in pairs]


_FITTERS: dict[What, Callable[[Wanted, Given, _Effort], object]] = {
    "none": _fit_none,
    "bool": _fit_bool,
    "int": _fit_int,
    "float": _fit_float,
    "str": _fit_str,
    "list": _fit_list,
    "tuple": _fit_tuple,
    "dict": _fit_dict,
    "choice": _fit_choice,
    "image": _fit_image,
    "object": _fit_object,
}
