"""A call as a ``gremio run`` command, held against the signature that the command will meet."""

from __future__ import annotations

import json
import shlex
from typing import Any

from gremio.catalog.examples.uses import REPO, Subject, Use
from gremio.errors import GremioError
from gremio.running.calls import Size, build, find
from gremio.running.calls.standard import option_for

_LONGEST = 1500  # characters; longer commands are for nobody's terminal


def command_of(subject: Subject, use: Use) -> str:
    """The command; empty where the call needs more than a command can say, or the command would not mean the same."""
    values = use.values
    if values is None or use.components or not REPO.fullmatch(use.model):
        return ""
    seed = find(subject.signature, "seed")
    told = {name: value for name, value in values.items() if name != seed}
    words = ["gremio", "run", subject.ref, "--model", use.model]
    try:
        options, means = _options(subject, told)
    except (TypeError, ValueError):
        return ""
    if means != told:
        return ""
    number = values.get(seed or "")
    if isinstance(number, int) and 0 <= number < 2**63:
        options += ["--seed", str(number)]
    command = shlex.join([*words, *options])
    return command if len(command) <= _LONGEST and command.isprintable() else ""


def _options(subject: Subject, values: dict[str, Any]) -> tuple[list[str], dict[str, Any]]:
    """The options, and what a run will take them for: read again as the command does it, without torch."""
    given: dict[str, Any] = {"settings": {}}
    words: list[str] = []
    height, width = find(subject.signature, "height"), find(subject.signature, "width")
    sizes = {height, width} if {height, width} <= values.keys() else set()
    for name, value in values.items():
        option = option_for(subject.signature, name)
        if name in sizes:
            continue
        if option in ("prompt", "negative_prompt") and isinstance(value, str):
            given[option] = value
            words += [f"--{option.replace('_', '-')}", value]
        elif option in ("steps", "count") and type(value) is int:
            given[option] = value
            words += [f"--{option}", str(value)]
        else:
            given["settings"][name] = _spelled(value)
            words += ["--set", f"{name}={_spelled(value)}"]
    if sizes and height and width:
        given["size"] = Size.parse(f"{values[width]}x{values[height]}")
        words += ["--size", str(given["size"])]
    try:
        return words, build(
            subject.signature, **given, seed=0 if find(subject.signature, "seed") else None, device=None
        )
    except GremioError:
        return [], {}


def _spelled(value: Any) -> str:
    if isinstance(value, str):
        return f"@{value}" if value.startswith("@") else value
    if isinstance(value, bool | None):
        return str(value).lower()
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return repr(value)
