"""What is installed, found without importing anything."""

from __future__ import annotations

import sys
import sysconfig
from functools import cache
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path


def search_path() -> list[str]:
    """``sys.path`` without the current directory: a stray folder there is no installed package."""
    here = str(Path.cwd())
    return [entry for entry in sys.path if entry and entry != here]


def find(dotted: str) -> ModuleSpec | None:
    """The spec of a module, walking into packages without executing them."""
    top, *rest = dotted.split(".")
    spec = PathFinder.find_spec(top, search_path()) or _editable(top)
    name = top
    for part in rest:
        if spec is None or spec.submodule_search_locations is None:
            return None
        name = f"{name}.{part}"
        spec = PathFinder.find_spec(name, list(spec.submodule_search_locations))
    return spec


def is_installed(dotted: str) -> bool:
    """Whether a module is there. A namespace package counts by itself only if a distribution owns its name."""
    if dotted.partition(".")[0] in sys.stdlib_module_names:
        return True
    spec = find(dotted)
    return spec is not None and (spec.origin is not None or _has_distribution(dotted))


def is_namespace(top: str) -> bool:
    """Whether a top-level name is a folder without ``__init__`` that several distributions may share."""
    spec = find(top)
    return spec is not None and spec.origin is None


def is_packaged(file: Path) -> bool:
    """Whether a file is part of an installed package or of Python; an editable install lies with its author's files."""
    places = {sysconfig.get_path(name) for name in ("purelib", "platlib", "stdlib", "platstdlib")}
    resolved = file.resolve()
    if {"site-packages", "dist-packages"} & set(resolved.parts):
        return True
    return any(resolved.is_relative_to(Path(place).resolve()) for place in places if place)


@cache
def package_root(top: str) -> Path | None:
    """The folder of an installed package."""
    spec = find(top)
    return Path(spec.origin).parent if spec and spec.origin and spec.submodule_search_locations else None


def _editable(top: str) -> ModuleSpec | None:
    """What setuptools' editable installs know: they put finders of their own on the meta path."""
    for finder in sys.meta_path:
        if type(finder).__module__.startswith("__editable__") or getattr(finder, "__module__", "").startswith(
            "__editable__"
        ):
            spec: ModuleSpec | None = finder.find_spec(top, None)
            if spec is not None:
                return spec
    return None


def _has_distribution(top: str) -> bool:
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        distribution(top)
    except (PackageNotFoundError, ValueError):
        return False
    return True


def version_of(distribution_name: str) -> str:
    """The installed version; empty when there is none."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(distribution_name)
    except PackageNotFoundError:
        return ""
