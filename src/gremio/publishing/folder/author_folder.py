"""A folder of an author's while it is read: its files, its code, and what of it is taken."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from posixpath import basename
from typing import Any

from gremio.code import CodeTree
from gremio.code.review.classes import ClassReader
from gremio.errors import BadModelIndex, UnreadableCode
from gremio.publishing.code.placing import Piece
from gremio.publishing.folder.model_files import is_weights, publishable
from gremio.publishing.index import to_bytes, with_auto_map
from gremio.publishing.publication import LeftOut, bytes_of
from gremio.sources.local import around
from gremio.sources.model import CONFIGS, FolderModel, code_of, mapped_files

_PATH = re.compile(r"[/~\\.]|[A-Za-z]:[/\\]")


@dataclass
class AuthorFolder:
    """``place`` is the folder, or the folder of the one ``file`` that is meant.

    ``files`` are what is taken, by path in the repository; ``left_out`` what was meant and stays.
    """

    place: Path
    class_name: str | None = None
    include: tuple[str, ...] = ()
    file: Path | None = None
    files: dict[str, bytes | Path] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)

    @property
    def ref(self) -> str:
        """What the author named."""
        return str(self.file or self.place)

    @cached_property
    def paths(self) -> list[str]:
        """Every file that is not hidden; none where one file is meant."""
        return [] if self.file else FolderModel(self.place).paths()

    @cached_property
    def top(self) -> list[str]:
        """The files at the top."""
        return [path for path in self.paths if "/" not in path]

    @cached_property
    def python(self) -> list[str]:
        """The Python files; those at the top before the others."""
        return sorted((path for path in self.paths if path.endswith(".py")), key=lambda path: "/" in path)

    @property
    def top_python(self) -> list[str]:
        """The Python files at the top."""
        return [path for path in self.python if "/" not in path]

    @cached_property
    def tree(self) -> CodeTree:
        """All of the folder's code, entered anywhere."""
        if self.file:
            return around(self.file)
        return code_of(FolderModel(self.place), self.python[0], ref=self.ref)

    @cached_property
    def classes(self) -> ClassReader:
        """Reads the classes of the tree."""
        return ClassReader(self.tree)

    def defining(self, class_name: str, candidates: Iterable[str]) -> str | None:
        """The first of the candidates that defines a class."""
        return next((path for path in candidates if self._defines(path, class_name)), None)

    def _defines(self, path: str, class_name: str) -> bool:
        try:
            return path in self.python and class_name in self.classes.nodes(path)
        except UnreadableCode:
            return False

    def mapped_file(self, role: str) -> tuple[str, str] | None:
        """The file and class in a component's folder that its own config maps to."""
        for config in (f"{role}/{each}" for each in CONFIGS):
            for file, class_name in mapped_files(self.json(config)) if config in self.paths else ():
                if self._defines(f"{role}/{file}", class_name):
                    return f"{role}/{file}", class_name
        return None

    def piece(self, role: str, path: str, class_name: str) -> Piece:
        """The code of one class."""
        beside = self.below(role) if role else self.top
        return Piece(role, self.tree.with_entry(path), class_name, has_weights=any(map(is_weights, beside)))

    def below(self, role: str) -> list[str]:
        """The files of a component's folder."""
        return [path for path in self.paths if path.startswith(f"{role}/")]

    def json(self, path: str) -> dict[str, Any]:
        """A JSON object of the folder.

        Raises:
            BadModelIndex: it is none.
        """
        try:
            document = json.loads((self.place / path).read_bytes())
        except ValueError as error:
            raise BadModelIndex(f"{path} is no JSON ({error})", ref=self.ref, next_step="Repair it.") from error
        if not isinstance(document, dict):
            raise BadModelIndex(f"{path} is no JSON object", ref=self.ref, next_step="Repair it.")
        return document

    def take(self, paths: Iterable[str]) -> None:
        """Take files of a component along; code travels by itself."""
        wanted, left = publishable([path for path in paths if not path.endswith(".py")], ref=self.ref)
        self.files |= {path: self._content(path) for path in wanted}
        self.left_out += left

    def _content(self, path: str) -> bytes | Path:
        """The file; a config without the place where its component was loaded from, which is nobody's business."""
        config = self.json(path) if basename(path) in CONFIGS else {}
        if not _PATH.match(str(config.get("_name_or_path", ""))):
            return self.place / path
        return to_bytes({name: value for name, value in config.items() if name != "_name_or_path"})

    def take_components(self, names: Iterable[str], classes: Mapping[str, tuple[str, str]]) -> None:
        """Take along what lies in the components' folders; the configs say where the classes of their own are."""
        for name in names:
            self.take(self.below(name))
        for role, pair in classes.items():
            if role:
                self.map_class(role, *pair)

    def map_class(self, role: str, module: str, class_name: str) -> None:
        """Let a config that was taken say where the class beside it is, for AutoModel and its like."""
        for name in CONFIGS:
            path = f"{role}/{name}" if role else name
            if path in self.files and "." not in module:
                config = json.loads(bytes_of(self.files[path]))
                self.files[path] = to_bytes(with_auto_map(config, name, module, class_name))
                return
