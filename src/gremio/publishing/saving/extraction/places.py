"""From where somebody else can import what a cell or a script uses."""

from __future__ import annotations

import ast
import importlib.util
import sys
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from gremio.code.libraries.packages import is_packaged
from gremio.errors import CodeError
from gremio.publishing.saving.extraction.sources import Text

_NOT_ELSEWHERE = frozenset({"gremio_code", "diffusers_modules", "transformers_modules"})


@dataclass(frozen=True)
class Place:
    """``import module as …`` where ``attribute`` is empty, else ``from module import attribute as …``."""

    module: str
    attribute: str = ""

    def statement(self, name: str) -> str:
        """The import that binds ``name`` to it."""
        if self.attribute:
            alias = "" if self.attribute == name else f" as {name}"
            return f"from {self.module} import {self.attribute}{alias}"
        return f"import {self.module}" if self.module == name else f"import {self.module} as {name}"

    def value(self) -> object:
        """What is there now, if it is imported already; a new object if nothing is."""
        module = sys.modules.get(self.module, self)
        try:
            return getattr(module, self.attribute, self) if self.attribute else module
        except Exception:  # A module that imports lazily raises whatever its import does.
            return self


@dataclass(frozen=True)
class LocalModule:
    """A module of the author's own that the code imports, and its file."""

    name: str
    file: Path


def importers(text: Text, space: Mapping[str, object]) -> Iterator[tuple[str, Place]]:
    """Every name that an import statement of a text binds at module level, with what it means."""
    for statement in text.statements:
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                top = alias.name.partition(".")[0]
                yield alias.asname or top, Place(alias.name if alias.asname else top)
        elif isinstance(statement, ast.ImportFrom):
            module = absolute(statement, space)
            for alias in statement.names:
                yield alias.asname or alias.name, Place(module, alias.name)


def submodules(text: Text) -> Iterator[str]:
    """The modules that ``import a.b`` statements name, whose binding is only ``a``."""
    for statement in text.statements:
        if isinstance(statement, ast.Import):
            yield from (alias.name for alias in statement.names if not alias.asname and "." in alias.name)


def absolute(statement: ast.ImportFrom, space: Mapping[str, object]) -> str:
    """The module that a ``from`` import names; relative ones start from the package that ``python -m`` ran."""
    module = statement.module or ""
    if not statement.level:
        return module
    package = space.get("__package__")
    try:
        return importlib.util.resolve_name("." * statement.level + module, package if isinstance(package, str) else "")
    except ImportError:
        return module


def place_of(name: str, value: object) -> Place | None:
    """Where a module, class or function lives that no import statement tells about; None when nowhere."""
    if isinstance(value, types.ModuleType):
        return Place(value.__name__) if sys.modules.get(value.__name__) is value else None
    own = getattr(value, "__name__", "")
    home = getattr(value, "__module__", "") or ""
    if not isinstance(own, str) or not isinstance(home, str):
        return None
    # The name that a library shows nearest to its top is the one that lasts.
    parts = home.split(".")
    for module in (".".join(parts[:depth]) for depth in range(1, len(parts) + 1)):
        for attribute in dict.fromkeys((own, name)):
            place = Place(module, attribute)
            if module and attribute.isidentifier() and place.value() is value:
                return place
    return None


def among(modules: list[types.ModuleType], value: object) -> Place | None:
    """The module, of some that are at hand, that has a function which does not know its own."""
    own = getattr(value, "__name__", "")
    for module in modules:
        place = Place(module.__name__, own)
        if own and own.isidentifier() and place.value() is value:
            return place
    return None


def check_elsewhere(place: Place, subject: str) -> None:
    """Refuse what can be imported in this process alone.

    Raises:
        CodeError: the module was made here from code that Gremio or Diffusers loaded.
    """
    top = place.module.partition(".")[0]
    if top in _NOT_ELSEWHERE:
        raise CodeError(
            f"{subject} uses {place.attribute or place.module}, which was loaded from a repository or a folder and "
            "can't be imported by that name anywhere else",
            next_step="Put a copy of that code into a .py file beside yours, and import it from there.",
        )


def local_module(module: str) -> LocalModule | None:
    """The module as the author's own file; None when it belongs to Python or to an installed package."""
    found = sys.modules.get(module)
    file = getattr(found, "__file__", None)
    if found is None or not file or is_installed(module.partition(".")[0]):
        return None
    return LocalModule(module, Path(file).resolve())


@cache
def is_installed(top: str) -> bool:
    """Whether a top-level name comes with Python or with an installed package."""
    if top in sys.stdlib_module_names or top == "gremio":
        return True
    found = sys.modules.get(top)
    file = getattr(found, "__file__", None) or next(iter(getattr(found, "__path__", ())), "")
    return not file or is_packaged(Path(file))
