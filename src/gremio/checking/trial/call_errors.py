"""What a failed call says that it wanted: an error that names an argument and what is wrong with it."""

from __future__ import annotations

import linecache
import math
import re
import traceback
from collections.abc import Callable
from typing import Any

from gremio.checking.trial.arguments import Plan
from gremio.checking.trial.pictures import as_tensor, film, picture
from gremio.checking.trial.role_values import PROMPT
from gremio.checking.trial.roles import is_left_alone
from gremio.machine.processes import is_community

_LARGEST = 1024


def corrected(plan: Plan, error: Exception) -> Plan | None:
    """The plan with what the error asks for; None when the error asks for nothing that can be given."""
    text = str(error)
    if isinstance(error, (ValueError, AssertionError, RuntimeError, TypeError)):
        for rule in _RULES:
            found = rule(plan, text)
            if found is not None:
                return found
    return _filled(plan, error) if is_guess(error) else _otherwise(plan, error)


def is_guess(error: Exception) -> bool:
    """Whether an error does not say what is wanted, so that what is given for it is a guess."""
    return isinstance(error, (TypeError, AttributeError)) and "NoneType" in str(error)


def _lists(plan: Plan, text: str) -> Plan | None:
    """``prompt`` has to be a list of lists; ``image`` must be a list."""
    if not re.search(r"\blist", text, re.I):
        return None
    name = _first_given(plan, text)
    if name is None:
        return None
    value = plan.arguments()[name]
    if re.search(r"list of lists", text, re.I) and _depth(value) < 2:
        return plan.changed(**{name: [[value, value]] if _depth(value) == 0 else [value]})
    if _depth(value) == 0 and re.search(r"(must|has to|have to|should|expected|need)", text, re.I):
        return plan.changed(**{name: _several(value, 2 if "List[PIL" in text else 1)})
    return None


def _longer(plan: Plan, text: str) -> Plan | None:
    """It must have a length of at least 2."""
    found = re.search(r"(?:at ?least|length of|exactly) (\d)\b", text)
    name = _first_given(plan, text)
    if not found or name is None:
        return None
    value = plan.arguments()[name]
    one = value[0] if isinstance(value, list) else value
    several = _several(one, int(found[1]))
    return plan.changed(**{name: several}) if several != value and len(several) > 1 else None


def _not_both(plan: Plan, text: str) -> Plan | None:
    """Two arguments that exclude each other: the second is the more special one, so it stays."""
    if not re.search(r"\b(both|only one of|cannot (pass|provide|be))\b", text, re.I):
        return None
    named = [name for name in _named(plan, text) if name in plan.arguments()]
    general = [name for name in named if plan.signature.get(name) in _not_required(plan)]
    return plan.changed(**{general[0]: None}) if len(named) == 2 and general else None


def _wanted(plan: Plan, text: str) -> Plan | None:
    """An argument that is named and was not given."""
    if not re.search(r"expect|provide|requir|must|need|missing|cannot be None|undefined|has to", text, re.I):
        return None
    given = plan.arguments()
    unset = [name for name in _named(plan, text) if given.get(name) is None][:1] or _kinds_of(plan, text)
    return plan.changed(**{name: plan.demanded(name) for name in unset}) if unset else None


def _divisible(plan: Plan, text: str) -> Plan | None:
    found = re.search(r"(?:divisible by|multiple of) (\d+)", text)
    unit = int(found[1]) if found else 0
    side = math.lcm(plan.measures.side, unit) if unit else 0
    return plan.at_side(side) if plan.measures.side < side <= _LARGEST else None


def _more_steps(plan: Plan, text: str) -> Plan | None:
    name = plan.steps_name
    if name is None or not re.search(r"number of pipeline steps is \d+ which is < 1|steps? .*(greater|at least)", text):
        return None
    steps = plan.arguments().get(name)
    return plan.changed(**{name: steps * 2}) if isinstance(steps, int) and steps < 16 else None


def _as_pictures(plan: Plan, text: str) -> Plan | None:
    """Its output has to be pictures."""
    if plan.arguments().get("output_type") == "pil" or not re.search(r"output.type should be PIL", text, re.I):
        return None
    return plan.changed(output_type="pil")


def _switched_off(plan: Plan, text: str) -> Plan | None:
    """A switch, on by default, that needs what this machine lacks."""
    if not re.search(r"requires|not (found|available|supported)", text):
        return None
    for name in _named(plan, text):
        parameter = plan.signature.get(name)
        if parameter is not None and parameter.default is True and plan.arguments().get(name) is not False:
            return plan.changed(**{name: False})
    return None


_RULES: tuple[Callable[[Plan, str], Plan | None], ...] = (
    _divisible,
    _longer,
    _not_both,
    _lists,
    _more_steps,
    _as_pictures,
    _switched_off,
    _wanted,
)


def _filled(plan: Plan, error: Exception) -> Plan | None:
    """Where None was used as something else: the parameter that the failing line names, or the one that led there."""
    given = plan.arguments()
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if not is_community(frame.filename):
            continue
        for name in dict.fromkeys(re.findall(r"\b[A-Za-z_]\w*\b", _statement(frame))):
            if name in plan.optional_names and given.get(name) is None and not is_left_alone(name):
                return plan.changed(**{name: plan.demanded(name)})
    # Code that weighs words counts on some that are not wanted.
    negative = [name for name in plan.optional_names if re.fullmatch(r"neg(ative)?_prompt(_\d)?", name)]
    unset = [name for name in negative if given.get(name) is None]
    return plan.changed(**dict.fromkeys(unset, "")) if unset else None


def _otherwise(plan: Plan, error: Exception) -> Plan | None:
    """A picture in another form, for the parameter that the failing line names: as a film, or as a tensor."""
    given = plan.arguments()
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        statement = _statement(frame) if is_community(frame.filename) else ""
        for name in dict.fromkeys(re.findall(r"\b[A-Za-z_]\w*\b", statement)):
            if (value := _reshaped(given.get(name), f"{error} {statement}", plan.measures.frames)) is not None:
                return plan.changed(**{name: value})
    return None


def _reshaped(value: Any, text: str, frames: int) -> Any:
    """What a text, an error's and its line's, wants in place of a picture; None where it wants nothing else."""
    one = value[0] if isinstance(value, list) and value else value
    if hasattr(one, "getbands"):
        if re.search(
            r"'Image' object has no attribute '(to|shape|ndim|dim|device|dtype|unsqueeze)'|assert .*Tensor", text
        ):
            return as_tensor(one)
        several = isinstance(value, list) and len(value) == frames
        if not several and re.search(r"'Image' object is not (iter|sub)|'Image' has no len|assert .*\blen\(", text):
            return film(one.width, frames)
    if getattr(value, "ndim", 0) == 4 and hasattr(value, "expand") and re.search(r"expected 5\b", text):
        return value[:, :, None].expand(-1, -1, frames, -1, -1)
    return None


def _statement(frame: traceback.FrameSummary) -> str:
    """All lines of the call or expression that a frame stands at."""
    first = frame.lineno or 0
    last = getattr(frame, "end_lineno", None) or first
    return "".join(linecache.getline(frame.filename, number) for number in range(first, last + 1))


def _not_required(plan: Plan) -> list[Any]:
    return [each for each in plan.signature.parameters if not each.required]


def _named(plan: Plan, text: str) -> list[str]:
    """The parameters that a text names, quoted ones first, in its order."""
    quoted = re.findall(r"[`'\"](\w+)[`'\"]", text)
    bare = [word for word in re.findall(r"\b\w+\b", text) if "_" in word]
    return [name for name in dict.fromkeys([*quoted, *bare]) if plan.signature.get(name) is not None]


def _kinds_of(plan: Plan, text: str) -> list[str]:
    """The parameters that are kinds of what a text quotes: ``image_garm`` of `image`."""
    quoted = tuple(f"{word}_" for word in re.findall(r"[`'\"](\w+)[`'\"]", text))
    return [name for name in plan.optional_names if quoted and name.startswith(quoted) and not is_left_alone(name)]


def _first_given(plan: Plan, text: str) -> str | None:
    given = plan.arguments()
    return next((name for name in _named(plan, text) if given.get(name) is not None), None)


def _depth(value: Any) -> int:
    return 1 + _depth(value[0]) if isinstance(value, list) and value else 0


def _several(value: Any, count: int) -> list[Any]:
    """A value several times, no two alike where that can be."""
    if hasattr(value, "getbands") and value.mode == "RGB":
        return [picture(value.width, place=place) for place in range(count)]
    if isinstance(value, str):
        return [PROMPT, "a painting of a green dog", "a blue fish", "snow on a tree"][:count]
    return [value] * count
