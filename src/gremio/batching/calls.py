"""From the cells of a row, over the defaults of a job, to the arguments of one call.

A column is a parameter's own name, or the name that an option of ``gremio run`` has for it: ``prompt``,
``negative_prompt``, ``seed``, ``steps``, ``count``, ``size``, ``image``. Text is read as ``--set`` reads it, prompts
excepted, which stay as they are; ``@file`` reads a file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gremio.batching.jobs.row import Problem, Row
from gremio.errors import GremioError, OptionError
from gremio.machine.paths import expanded
from gremio.running.calls import CallSignature, Given, OptionName, Size, build, find, option_for

_TEXTS: tuple[OptionName, ...] = ("prompt", "negative_prompt")
_STANDARD: tuple[OptionName, ...] = (*_TEXTS, "seed", "steps", "count", "image")
_SIZES = ("size", "width", "height", "resolution")


@dataclass(frozen=True)
class Caller:
    """What the rows of a job are calls of, and what holds for all of them.

    ``defaults`` are cells as rows have them, ``folder`` is where their relative ``@file`` begin; ``seed`` is the job's.
    """

    signature: CallSignature
    defaults: Mapping[str, Any]
    folder: str
    seed: int

    def seed_of(self, row: Row) -> int:
        """The seed that a row names, or else its own.

        Raises:
            OptionError: what it names is none.
        """
        named = self.cells(row).get("seed")
        seed = row.seed(self.seed) if named is None else _whole("seed", named)
        if not 0 <= seed < 2**63:
            raise OptionError(f"seed {seed} is out of range", next_step="Choose one from 0 to 2**63 - 1.")
        return seed

    def cells(self, row: Row) -> dict[str, Any]:
        """What a row says, over what is said of all, by one name for each argument."""
        own = self._layer(row.cells, row.folder)
        before = self._layer(self.defaults, self.folder)
        if any(name in own for name in _SIZES):
            before = {name: value for name, value in before.items() if name not in _SIZES}
        return {**before, **own}

    def arguments(self, row: Row, *, device: str | None = "cpu") -> dict[str, Any]:
        """The keyword arguments of the row's call; with ``device`` None without the generator, and so without torch.

        Raises:
            OptionError: the pipeline can't be called like this.
        """
        cells, signature = self.cells(row), self.signature
        seed = self.seed_of(row) if find(signature, "seed") else None
        cells.pop("seed", None)
        return build(signature, **_options(signature, cells), seed=seed, device=device, setting="column")

    def _layer(self, cells: Mapping[str, Any], folder: str) -> dict[str, Any]:
        named: dict[str, Any] = {}
        for column, value in cells.items():
            name = _canonical(self.signature, column)
            if name in named:
                raise OptionError(f"column {column}: {name} is given twice", next_step="Leave one out.")
            named[name] = value if name in _TEXTS else anchored(value, folder, picture=name == "image")
        return named


def problems(caller: Caller, rows: Iterable[Row]) -> list[Problem]:
    """What is wrong with the calls that these rows are, every one of them."""
    found = []
    for row in rows:
        try:
            caller.seed_of(row)
            caller.arguments(row, device=None)
        except GremioError as error:
            # Every row would list all that the pipeline takes.
            hint = error.next_step.partition(" It takes: ")[0]
            step = f" ({hint})" if hint else ""
            found.append(Problem(row.place, f"{error.message}{step}".replace("\n", " ")))
    return found


def fingerprint(row: Row, defaults: Mapping[str, Any], folder: str) -> str:
    """What a row asks for, 16 hex digits: its id, its cells, the bytes of the files that they name."""
    told = {
        "id": row.id,
        "row": {name: _contents(value, row.folder, name) for name, value in row.cells.items()},
        "defaults": {name: _contents(value, folder, name) for name, value in defaults.items()},
    }
    text = json.dumps(told, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def anchored(value: Any, folder: str, *, picture: bool = False) -> Any:
    """The value with ``@file`` beginning at the root; a picture's file may lack the ``@``."""
    if isinstance(value, list):
        return [anchored(each, folder, picture=picture) for each in value]
    if not isinstance(value, str) or value.startswith("@@"):
        return value
    if not value.startswith("@") and not picture:
        return value
    return f"@{Path(folder, expanded(value.removeprefix('@')))}"


def _contents(value: Any, folder: str, column: str) -> Any:
    if isinstance(value, list):
        return [_contents(each, folder, column) for each in value]
    named = anchored(value, folder, picture=column == "image")
    if not isinstance(named, str) or not named.startswith("@"):
        return value
    try:
        with open(named[1:], "rb") as file:  # noqa: PTH123  pathlib takes no text that is no path, and this may be none
            return f"@sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
    except (OSError, ValueError):
        return value


def _canonical(signature: CallSignature, column: str) -> str:
    if column == "size" and column not in signature.names:
        return column
    standard = next((option for option in _STANDARD if option == column and find(signature, option)), None)
    option = standard or option_for(signature, column)
    return option if option in _STANDARD else column


def _options(signature: CallSignature, cells: Mapping[str, Any]) -> dict[str, Any]:
    """Sorted by who reads them: what ``build`` has options for, and everything else."""
    options: dict[str, Any] = {}
    settings: dict[str, Given] = {}
    for name, value in cells.items():
        if name in _TEXTS and not isinstance(value, list | dict):
            options[name] = value if isinstance(value, str) else json.dumps(value)
        elif name in _TEXTS:
            text: OptionName = "prompt" if name == "prompt" else "negative_prompt"
            settings[str(find(signature, text))] = Given(value)
        elif name in ("steps", "count"):
            options[name] = _whole(name, value)
        elif name == "size" and name not in signature.names:
            options["size"] = Size.parse(str(value))
        elif name == "image" and find(signature, "image"):
            settings[str(find(signature, "image"))] = _given(value)
        else:
            settings[name] = _given(value)
    return {**options, "settings": settings}


def _given(value: Any) -> Given:
    if isinstance(value, str):
        return Given.parse(value)
    if isinstance(value, list) and any(isinstance(each, str) and each.startswith("@") for each in value):
        return Given([Given.parse(each).value if isinstance(each, str) else each for each in value])
    return Given(value)


def _whole(name: str, value: Any) -> int:
    try:
        if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
            raise ValueError
        return int(value)
    except (ValueError, TypeError, OverflowError):
        raise OptionError(f"{name} wants an integer, not {value!r}") from None
