"""An installed package, read but never imported: what its modules export and where a name lives."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from pathlib import Path

from gremio.code.libraries import disk_cache
from gremio.code.libraries.exports import Exports, exports_in
from gremio.code.libraries.packages import package_root, version_of
from gremio.code.syntax.parsing import parse_unkept, strings
from gremio.errors import UnreadableCode

_ALWAYS = frozenset({"__name__", "__file__", "__doc__", "__path__", "__spec__", "__package__", "__dict__"})
_MANY_STARS = 20
_SOON_READ = 2000  # bytes of a module that is parsed as fast as an answer is read from disk


@dataclass(frozen=True, eq=False)
class Library:
    """One installed package by its folder. Every answer is remembered for the life of the process."""

    name: str
    root: Path
    _places: dict[str, Path | None] = field(default_factory=dict, repr=False)
    _exports: dict[str, Exports | None] = field(default_factory=dict, repr=False)
    _stars: dict[str, list[str]] = field(default_factory=dict, repr=False)
    _has: dict[tuple[str, str], bool] = field(default_factory=dict, repr=False)
    _found: dict[str, tuple[str, ...]] = field(default_factory=dict, repr=False)

    @cached_property
    def files(self) -> dict[str, Path]:
        """Every module's dotted name and file."""
        found = {}
        for path in sorted(self.root.rglob("*.py")):
            parts = [self.name, *path.relative_to(self.root).with_suffix("").parts]
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
        return found

    @cached_property
    def fingerprint(self) -> str:
        """Changes whenever a file of the package does: version, place, number of files, newest change, total size."""
        stats = [path.stat() for path in self.files.values()]
        newest, size = max((s.st_mtime_ns for s in stats), default=0), sum(s.st_size for s in stats)
        return f"1 {self.name} {version_of(self.name)} {self.root} {len(stats)} {newest} {size}"

    def file_of(self, module: str) -> Path | None:
        """The file of a module; None when there is no such module."""
        if module not in self._places:
            self._places[module] = self._place(module)
        return self._places[module]

    def _place(self, module: str) -> Path | None:
        top, *rest = module.split(".")
        if top != self.name:
            return None
        place = self.root.joinpath(*rest)
        for path in (place / "__init__.py", place.with_name(f"{place.name}.py")):
            if path.is_file():
                return path
        return None

    def is_package(self, module: str) -> bool:
        """Whether the module is a package (only ``__init__.py`` makes one here)."""
        path = self.file_of(module)
        return path is not None and path.name == "__init__.py"

    def parse(self, module: str) -> ast.Module | None:
        """The syntax tree of a module; None when it is not there or not Python."""
        path = self.file_of(module)
        return _parse_file(path) if path else None

    def exports(self, module: str) -> Exports | None:
        """What a module's own source exports, star imports not yet followed. Remembered between processes."""
        if module not in self._exports:
            path = self.file_of(module)
            self._exports[module] = _read_exports(module, path) if path else None
        return self._exports[module]

    def has(self, module: str, name: str) -> bool:
        """Whether ``from module import name`` would find the name."""
        key = (module, name)
        if key not in self._has:
            # A star import that comes back here on its way finds nothing new.
            self._has[key] = False
            self._has[key] = self._look(module, name)
        return self._has[key]

    def _look(self, module: str, name: str) -> bool:
        exports = self.exports(module)
        if exports is None:
            return False
        if name in exports.names or name in exports.dynamic or name in _ALWAYS:
            return True
        if self._is_submodule(module, name):
            return True
        # transformers 5 has one tokenizer class and answers to the old name of its fast twin. Asked for first, since to
        # know that a name is nowhere takes a look into hundreds of packages.
        if module == "transformers" and name.endswith("TokenizerFast") and self.has(module, name.removesuffix("Fast")):
            return True
        return self._star_with(module, name) is not None

    def _is_submodule(self, module: str, name: str) -> bool:
        return self.is_package(module) and self.file_of(f"{module}.{name}") is not None

    def _star_with(self, module: str, name: str) -> str | None:
        exports = self.exports(module)
        if exports is None or name.startswith("_"):
            return None
        if module not in self._stars:
            self._stars[module] = [self.absolute(module, level, target) for level, target in exports.stars]
        stars = self._stars[module]
        for star in _likely_first(stars, name) if len(stars) > _MANY_STARS else stars:
            if self._passes_on(star, name):
                return star
        return None

    def _passes_on(self, module: str, name: str) -> bool:
        """Whether a star import of this module brings the name. Parses as little as it can: there may be hundreds."""
        path = self.file_of(module)
        if path is None:
            return False
        if path.name == "__init__.py":
            return self.has(module, name)
        source = path.read_bytes()
        if name.encode() not in source:
            return False
        listed = listed_at_the_end(source)
        if listed is not None:
            return name in listed
        exports = self.exports(module)
        public = exports.public if exports else None
        return name in public if public is not None else self.has(module, name)

    def absolute(self, module: str, level: int, target: str) -> str:
        """The absolute name of what a relative import in ``module`` names."""
        if not level:
            return target
        parts = module.split(".") if self.is_package(module) else module.split(".")[:-1]
        base = parts[: len(parts) - (level - 1)]
        return ".".join([*base, target] if target else base)

    def home(self, module: str, name: str) -> tuple[str, str] | None:
        """The module that defines what ``module.name`` is, and its name there; None when it leads elsewhere."""
        seen: set[tuple[str, str]] = set()
        here = (module, name)
        while here not in seen:
            seen.add(here)
            step = self._step(*here)
            if step is None or step == here:
                return step
            here = step
        return None

    def _step(self, module: str, name: str) -> tuple[str, str] | None:
        exports = self.exports(module)
        if exports is None:
            return None
        if name not in exports.names:
            star = self._star_with(module, name)
            return (star, name) if star else None
        origin = exports.names[name]
        if origin is None:
            return module, name
        level, target, original = origin
        return self.absolute(module, level, target), original

    def defining(self, names: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """The modules that define each name, sorted. One pass over the sources answers for all new names.

        What was found is remembered between processes until the package changes.
        """
        wanted, index = list(dict.fromkeys(names)), f"{self.name}.names"
        if not self._found:
            held = disk_cache.recall(index, self.fingerprint)
            self._found.update({name: tuple(each) for name, each in held.items()} if isinstance(held, dict) else {})
        new = [name for name in wanted if name not in self._found]
        if new:
            self._found.update(self._search(new))
            disk_cache.keep(index, self.fingerprint, self._found)
        return {name: self._found[name] for name in wanted}

    def _search(self, names: list[str]) -> dict[str, tuple[str, ...]]:
        needles = {name: _needles(name) for name in names}
        found: dict[str, list[str]] = {name: [] for name in names}
        for module, path in self.files.items():
            text = b"\n" + path.read_bytes()
            written = [name for name in names if name.encode() in text]
            likely = [name for name in written if any(needle in text for needle in needles[name])]
            exports = self.exports(module) if likely and not _is_dummy(module) else None
            for name in likely if exports else ():
                if exports and name in exports.defined and not exports.lazy:
                    found[name].append(module)
        return {name: tuple(modules) for name, modules in found.items()}

    @cached_property
    def packages(self) -> tuple[str, ...]:
        """Every package of the library, itself among them."""
        return tuple(module for module, path in self.files.items() if path.name == "__init__.py")

    def modules_named(self, last: str) -> tuple[str, ...]:
        """The modules whose last part is this."""
        return tuple(module for module in self.files if module.rpartition(".")[2] == last)


def listed_at_the_end(source: bytes) -> frozenset[str] | None:
    """The ``__all__`` that closes a module, without parsing what is above it; None when none does."""
    start = source.rfind(b"\n__all__ = [")
    if start < 0:
        return None
    try:
        tail = ast.parse(source[start:])
    except SyntaxError:
        return None
    node = tail.body[0]
    return frozenset(strings(node.value)) if isinstance(node, ast.Assign) and len(tail.body) == 1 else None


def _likely_first(stars: list[str], name: str) -> list[str]:
    """``transformers.models.clip`` before four hundred others when the name is ``CLIPTextModel``."""
    flat = name.lower()

    def rank(star: str) -> int:
        last = star.rpartition(".")[2].replace("_", "")
        return -len(last) if flat.startswith(last) else 0

    return sorted(stars, key=rank)


def _read_exports(module: str, path: Path) -> Exports | None:
    stat = path.stat()
    if stat.st_size < _SOON_READ:
        return _exports_of(path)
    stamp, name = f"3 {path} {stat.st_size} {stat.st_mtime_ns}", f"{module.partition('.')[0]}/{module}"
    held = disk_cache.recall(name, stamp)
    if held is not None:
        return Exports.from_plain(held)
    found = _exports_of(path)
    if found is not None:
        disk_cache.keep(name, stamp, found.plain())
    return found


def _exports_of(path: Path) -> Exports | None:
    tree = _parse_file(path)
    return exports_in(tree) if tree else None


@lru_cache(maxsize=12)
def _parse_file(path: Path) -> ast.Module | None:
    """Kept apart from the trees of people's code, so that neither drives the other out of cache."""
    try:
        return parse_unkept(path.read_bytes(), str(path))
    except (UnreadableCode, OSError):
        return None


def _needles(name: str) -> tuple[bytes, ...]:
    text = name.encode()
    starts = (b"class %s", b"def %s", b"async def %s", b"%s =", b"%s:", b"    %s =", b"    class %s", b"    def %s")
    return tuple(b"\n" + start % text for start in starts)


def _is_dummy(module: str) -> bool:
    """diffusers' and transformers' stand-ins for classes whose libraries are missing."""
    return module.rpartition(".")[2].startswith("dummy_")


@cache
def library(name: str) -> Library | None:
    """The installed package of that name; None when it isn't installed."""
    root = package_root(name)
    return Library(name, root) if root else None
