"""Code on this machine: a folder with ``pipeline.py``, or a file with what it imports from around it."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from difflib import get_close_matches
from pathlib import Path, PurePosixPath

from gremio.code import CodeTree, Origin, PipelineRef
from gremio.code.syntax.imports import ImportedName, declared_names, imports_of, may_read_files
from gremio.code.syntax.layout import is_foreign
from gremio.code.syntax.parsing import parse_source
from gremio.errors import CodeError, OptionError, RefNotFound
from gremio.machine.paths import is_folder, lies_here
from gremio.machine.settings import Settings
from gremio.sources.access import Access
from gremio.sources.folder import MOST_FILES, listed, outside, refuse_links
from gremio.sources.model import FolderModel, code_of, declared

# What lies at the top of a project, one or the other.
_MARKS = (".git", "pyproject.toml", "setup.py", "requirements.txt", "environment.yaml", "LICENSE", "README.md")


class LocalSource:
    """A path. A ``.py`` file that lies in a package brings its package."""

    def __init__(self, settings: Settings, access: Access) -> None:
        """Neither is needed: nothing is fetched."""

    def fetch(self, ref: PipelineRef, revision: str | None) -> CodeTree:
        """The tree around the path, read now."""
        if revision:
            raise OptionError("a local path has no revisions", ref=ref.text, next_step="Leave out custom_revision.")
        path = Path(ref.name)
        if is_folder(path):
            return code_of(FolderModel(path), ref=ref.text)
        if lies_here(path) and path.is_file() and path.suffix == ".py":
            return _Neighbourhood(path.parent.resolve() / path.name).tree(ref.text)
        raise _not_there(ref, path)


def around(
    file: Path, *, source: bytes | None = None, search: Collection[Path] = (), beside: Collection[Path] = ()
) -> CodeTree:
    """A file with everything on disk that it reaches by its imports.

    Args:
        file: where it lies.
        source: what to take for its text; a file that is not there can be entered so.
        search: folders on the import path of the process that ran it. What it imports from there comes along: from
            above the file in its place, from elsewhere as if it lay at the top.
        beside: files that come along, with what they reach, though nothing imports them.

    Raises:
        UnreadableCode: a file that it reaches is not Python.
        CodeError: it reaches more files than anybody could review.
    """
    return _Neighbourhood(file.parent.resolve() / file.name, source, search, beside).tree(str(file))


def repository_of(tree: CodeTree) -> CodeTree:
    """All Python files of the project in which a local tree lies, to be read and not to be run.

    The project is the nearest folder around the tree that has what projects have at their top. Where there is none, or
    it has more files than anybody could review, and for a tree that is not local, it is the tree itself.
    """
    folder = Path(tree.origin.repo)
    top = _project(folder) if tree.origin.source == "local" else None
    paths = [path for path in listed(top) if path.endswith(".py")] if top else []
    entry = (folder / tree.entry).relative_to(top).as_posix() if top else ""
    if entry not in paths or len(paths) > MOST_FILES:
        return tree
    files = {path: Path(str(top), path).read_bytes() for path in paths}
    return CodeTree(files, entry, Origin("local", str(top)), tree.meant)


def _project(folder: Path) -> Path | None:
    """Nobody's home is a project, nor is anything above it."""
    outside = {Path.home(), *Path.home().parents}
    around = (each for each in (folder, *folder.parents) if each not in outside)
    return next((each for each in around if any((each / mark).exists() for mark in _MARKS)), None)


class _Neighbourhood:
    """What one file reaches on disk by its imports, under a root that widens when they climb."""

    def __init__(
        self,
        entry: Path,
        source: bytes | None = None,
        search: Collection[Path] = (),
        beside: Collection[Path] = (),
    ) -> None:
        self._entry = entry
        self._source = source
        self._search = search
        self._beside = beside
        tops = [_package_top(file.parent) for file in (entry, *beside)]
        self._root = Path(os.path.commonpath(tops))
        self._found: dict[Path, bytes] = {}

    def tree(self, ref: str) -> CodeTree:
        waiting = [self._entry, *self._beside]
        while waiting:
            file = waiting.pop()
            if file in self._found:
                continue
            if len(self._found) >= MOST_FILES:
                raise CodeError(f"it reaches more than {MOST_FILES} files by its imports", ref=ref)
            given = self._source if file == self._entry else None
            self._found[file] = file.read_bytes() if given is None else given
            for name in imports_of(self._found[file], str(file)):
                waiting += self._targets(file, name)
            waiting += self._packages_above(file)
        return self._assembled(ref)

    def _assembled(self, ref: str) -> CodeTree:
        files: dict[str, bytes] = {}
        for file, data in self._found.items():
            if files.setdefault(self._logical(file), data) != data:
                raise CodeError(f"it imports two files that would both be {self._logical(file)}", ref=ref)
        places = self._data_files() if any(map(may_read_files, files.values())) else {}
        read = declared(files, places, lambda p: places[p].stat().st_size)
        self._refuse_links([*self._found, *(places[path] for path in read)], ref)
        files |= {path: places[path].read_bytes() for path in read}
        return CodeTree(files, self._logical(self._entry), Origin("local", str(self._root)))

    def _data_files(self) -> dict[str, Path]:
        """What lies beside what was found and is no code."""
        folders = {file.parent for file in self._found}
        data = [folder / path for folder in folders for path in _beside(folder) if not path.endswith(".py")]
        return {self._logical(path): path for path in data}

    def _refuse_links(self, files: Iterable[Path], ref: str) -> None:
        # The entry itself is the file that the caller named, wherever it lies.
        found = ((file, outside(self._home(file).resolve(), file)) for file in files if file != self._entry)
        refuse_links({self._logical(file): str(target) for file, target in found if target is not None}, ref)

    def _logical(self, path: Path) -> str:
        return PurePosixPath(path.relative_to(self._home(path))).as_posix()

    def _home(self, path: Path) -> Path:
        """The root; for what was found elsewhere on the import path, the folder there."""
        homes = [self._root, *self._search]
        return next((home for home in homes if path.is_relative_to(home)), self._root)

    def _targets(self, file: Path, name: ImportedName) -> list[Path]:
        if name.level:
            base = file.parent
            for _ in range(name.level - 1):
                base = base.parent
            found = _modules(base, name)
            if found and not base.is_relative_to(self._home(file)):
                self._root = base
            return found
        return self._siblings(file, name)

    def _siblings(self, file: Path, name: ImportedName) -> list[Path]:
        if is_foreign(name.top):
            return []
        above = [file.parent, *file.parent.parents]
        for folder in above:
            inside = folder.is_relative_to(self._home(file))
            # Above the root only a folder that this very file lies in can be meant: `from mypackage.x import y`.
            if inside or folder in self._search or (folder / name.top) in file.parents:
                found = _modules(folder, name)
                if found:
                    self._root = self._root if inside else folder
                    return found
        elsewhere = (_modules(folder, name) for folder in self._search if folder not in above)
        return next(filter(None, elsewhere), [])

    def _packages_above(self, file: Path) -> list[Path]:
        inits = []
        folder = file.parent
        home = self._home(file)
        while folder != home and folder.is_relative_to(home):
            inits.append(folder / "__init__.py")
            folder = folder.parent
        return [init for init in inits if init.is_file()]


def _modules(base: Path, name: ImportedName) -> list[Path]:
    """The files below ``base`` that importing ``name`` would execute, as far as they exist."""
    place = base.joinpath(*name.module.split(".")) if name.module else base
    found = [*_as_module(place)] if name.module else []
    for each in _starred(place) if name.names == ("*",) else name.names:
        found += _as_module(place / each)
    return found


def _starred(package: Path) -> tuple[str, ...]:
    """``from package import *`` imports the submodules that its ``__all__`` names."""
    init = package / "__init__.py"
    return declared_names(parse_source(init.read_bytes(), str(init))) if init.is_file() else ()


def _as_module(place: Path) -> list[Path]:
    return [p for p in (place.with_name(f"{place.name}.py"), place / "__init__.py") if p.is_file()]


def _package_top(folder: Path) -> Path:
    top = folder
    while (top / "__init__.py").is_file() and top.parent != top:
        top = top.parent
    return top


def _beside(folder: Path) -> list[str]:
    return listed(folder, depth=3)


def _not_there(ref: PipelineRef, path: Path) -> RefNotFound:
    if lies_here(path):
        return RefNotFound(
            f"{path.absolute()} is no Python file", ref=ref.text, next_step="Name a .py file or a folder."
        )
    folder = path.absolute().parent
    there = is_folder(folder)
    names = sorted(p.name for p in folder.iterdir()) if there else []
    near = get_close_matches(path.name, names, n=3) or names[:8]
    lies_there = f"has: {', '.join(near)}" if near else "is empty" if there else "does not exist either"
    hint = f"{folder} {lies_there}."
    if "/" not in ref.text and path.suffix == ".py":
        hint += f" For the community pipeline of that name write {path.stem} without .py."
    return RefNotFound(f"there is nothing at {path.absolute()}", ref=ref.text, next_step=hint, nearest=near)
