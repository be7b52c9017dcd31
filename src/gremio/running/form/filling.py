"""From what a person put into a form to the options of ``gremio run``, which are checked as if they had been typed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gremio.errors import OptionError
from gremio.running.calls import CallSignature, build, find
from gremio.running.calls.standard import OptionName, option_for
from gremio.running.form.control import Control
from gremio.running.form.form import Form

_TYPED: frozenset[OptionName | None] = frozenset({"prompt", "negative_prompt", "steps", "count"})


@dataclass(frozen=True)
class Filled:
    """What was filled in, as ``gremio run`` has it: ``options`` are prompt, steps and their like; ``settings`` are
    what ``--set`` gives, as text; ``images`` are ``NAME=FILE``.
    """

    options: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    images: tuple[str, ...] = ()

    def given(self) -> dict[str, Any]:
        """For ``gremio.running.calls.build``."""
        return {**self.options, "settings": dict(self.settings), "images": list(self.images)}

    def check(self, signature: CallSignature) -> None:
        """Refuse what the pipeline would be refused to be called with.

        Raises:
            OptionError: a value is not what a parameter wants, or one that is needed is missing.
        """
        seed = 0 if find(signature, "seed") else None
        build(signature, **self.given(), seed=seed, device=None)

    def for_another(self, signature: CallSignature) -> tuple[Filled, tuple[str, ...]]:
        """The same for another pipeline, as far as it takes it, and the names of what it doesn't."""
        pictures = [each.partition("=")[0] for each in self.images]
        taken = {name for name in (*self.settings, *pictures) if signature.get(name)}
        options = {name for name in self.options if find(signature, name)}  # type: ignore[arg-type]
        lost = [name for name in (*self.options, *self.settings, *pictures) if name not in taken | options]
        kept = Filled(
            {name: value for name, value in self.options.items() if name in options},
            {name: value for name, value in self.settings.items() if name in taken},
            tuple(each for each in self.images if each.partition("=")[0] in taken),
        )
        return kept, tuple(dict.fromkeys(lost))


def fill(form: Form, values: Mapping[str, object]) -> Filled:
    """What these values mean, by parameter.

    A value that is empty, or that is the code's own default, is left to the code. Pictures, masks, videos and tensors
    come as paths, several as a list of them.

    Raises:
        OptionError: a value can't be what its control holds.
    """
    options: dict[str, Any] = {}
    settings: dict[str, str] = {}
    images: list[str] = []
    for control in form.controls:
        value = values.get(control.name)
        if _is_untouched(control, value):
            continue
        option = option_for(form.signature, control.name) if control.kind in ("prompt", "integer", "number") else None
        if control.kind in ("picture", "mask", "pictures", "video") and not control.files:
            images += [f"{control.name}={path}" for path in _paths(value)]
        elif control.lines and (several := _several(str(value))):
            settings[control.name] = as_text(several)
        elif option in _TYPED:
            assert option is not None
            options[option] = _number(control, value) if option in ("steps", "count") else str(value)
        else:
            settings[control.name] = "".join(_texts(control, value))
    settings |= {each.name: f"@{values[each.name]}" for each in form.tensors if values.get(each.name)}
    return Filled(options, settings, tuple(images))


def _several(text: str) -> list[object]:
    """Prompts of which there are several, one a line, or as JSON where they are in rows; empty for a single one."""
    if text.lstrip().startswith("["):
        with suppress(ValueError):
            found = json.loads(text)
            if isinstance(found, list):
                return found
    lines: list[object] = [line.strip() for line in text.splitlines() if line.strip()]
    return lines if len(lines) > 1 else []


def _is_untouched(control: Control, value: object) -> bool:
    if value is None or value == "" or (isinstance(value, list | tuple) and not value):
        return True
    if control.required:
        return False
    shown = shown_default(control)
    return (type(value) is type(shown) and value == shown) or (
        _is_number(value) and _is_number(shown) and value == shown
    )


def shown_default(control: Control) -> object:
    """The default as the control shows it: lists and objects as text."""
    if control.kind in ("list", "json") and control.default is not None:
        return as_text(control.default)
    if control.kind in ("prompt", "text") and not isinstance(control.default, str):
        return ""
    return control.default


def as_text(value: object) -> str:
    """A value as a person would write it: JSON where that can hold it."""
    try:
        return json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        return repr(value)


def _texts(control: Control, value: object) -> Iterator[str]:
    """As it stands after ``NAME=``."""
    if control.files:
        yield str(next(iter(_paths(value))))
    elif control.kind in ("number", "integer"):
        yield repr(_number(control, value))
    elif isinstance(value, str):
        # What begins with @ names a file of whoever types; a visitor of a page names none.
        yield "@" if value.startswith("@") else ""
        yield value
    else:
        yield as_text(value)


def _number(control: Control, value: object) -> int | float:
    if isinstance(value, str):
        value = _parsed(value)
    if not _is_number(value):
        raise OptionError(f"{control.name} wants a number, not {str(value)[:40]!r}")
    assert isinstance(value, int | float)
    if isinstance(value, float) and not (abs(value) < float("inf")):
        raise OptionError(f"{control.name} wants a number, not {value}")
    whole = isinstance(value, float) and value.is_integer() and control.kind == "integer"
    return int(value) if whole else value


def _parsed(text: str) -> object:
    try:
        return float(text)
    except ValueError:
        return text


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _paths(value: object) -> Sequence[Path]:
    several = value if isinstance(value, list | tuple) else [value]
    return [Path(str(each)) for each in several]
