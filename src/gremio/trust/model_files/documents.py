"""A JSON file of a model: parsed strictly, and walked without recursion."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any, Literal

Kind = Literal["index", "config", "shards"]

DEEPEST = 64
LARGEST = 16 * 2**20  # bytes; tokenizers' vocabularies are larger, and are no configs
_INDEXES = ("model_index.json", "modular_model_index.json")


@dataclass(frozen=True)
class Flaw:
    """What is wrong with a JSON file as such; ``code`` is that of the rule about it."""

    code: str
    what: str
    snippet: str = ""


@dataclass(frozen=True)
class Document:
    """A file's path, what kind it is, its parsed value (None if it can't be had), and its flaws.

    ``files`` are all paths of the repository, as far as they are known.
    """

    file: str
    kind: Kind
    value: Any
    data: bytes = field(default=b"", repr=False)
    files: frozenset[str] = frozenset()
    flaws: tuple[Flaw, ...] = ()

    @cached_property
    def leaves(self) -> tuple[tuple[tuple[str, ...], Any], ...]:
        """Every value that holds no other, with the keys that lead to it; a list adds no key."""
        return tuple(self._walk())

    def _walk(self) -> Iterator[tuple[tuple[str, ...], Any]]:
        waiting: list[tuple[tuple[str, ...], Any]] = [((), self.value)]
        while waiting:
            trail, value = waiting.pop()
            if value and isinstance(value, dict):
                waiting += [((*trail, str(key)), inner) for key, inner in reversed(value.items())]
            elif value and isinstance(value, list):
                waiting += [(trail, inner) for inner in reversed(value)]
            else:
                yield trail, value

    def line(self, text: str) -> int | None:
        """The line on which a string first stands."""
        at = self.data.find(json.dumps(text).encode())
        return self.data.count(b"\n", 0, at) + 1 if at >= 0 else None


def kind_of(path: str) -> Kind | None:
    """What a file is read as; None for what is not read."""
    name = PurePosixPath(path).name
    if path in _INDEXES:
        return "index"
    if ".index." in name and name.endswith(".json"):
        return "shards"
    return "config" if name.endswith("config.json") else None


def read_document(data: bytes, file: str, kind: Kind, files: frozenset[str] = frozenset()) -> Document:
    """Parse a file. Nothing is raised: what can't be parsed has a flaw and no value."""
    flaws: list[Flaw] = []
    if len(data) > LARGEST:
        flaws.append(Flaw("config/deep", f"has {len(data)} bytes"))
        return Document(file, kind, None, files=files, flaws=tuple(flaws))
    try:
        value = json.loads(data, object_pairs_hook=_noting_repeats(flaws), parse_constant=_noting_nan(flaws))
    except RecursionError:
        value = None
        flaws.append(Flaw("config/deep", "is nested too deep to be read"))
    except ValueError as error:
        value = None
        flaws.append(Flaw("config/broken", f"is no JSON ({error})"))
    else:
        if not isinstance(value, dict):
            value = None
            flaws.append(Flaw("config/no-object", "is no JSON object"))
        elif (depth := _depth(value)) > DEEPEST:
            flaws.append(Flaw("config/deep", f"is nested {depth} deep"))
    return Document(file, kind, value, data, files, tuple(flaws))


def _noting_repeats(flaws: list[Flaw]) -> Any:
    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, value in items:
            if name in found and not any(flaw.snippet == name for flaw in flaws):
                flaws.append(Flaw("config/repeated-key", f"has the key {name!r} twice in one object", name))
            found[name] = value
        return found

    return pairs


def _noting_nan(flaws: list[Flaw]) -> Any:
    def constant(text: str) -> float:
        # Schedulers are saved with -Infinity; nothing is saved with NaN on purpose.
        if text == "NaN":
            flaws.append(Flaw("config/nan", "has NaN for a value", text))
        return float(text)

    return constant


def _depth(value: Any) -> int:
    deepest, waiting = 0, [(value, 1)]
    while waiting:
        each, depth = waiting.pop()
        deepest = max(deepest, depth)
        inner = each.values() if isinstance(each, dict) else each
        waiting += [(v, depth + 1) for v in inner if isinstance(v, dict | list)]
    return deepest
