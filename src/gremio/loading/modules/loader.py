"""Compiles and executes one file of approved code."""

from __future__ import annotations

import importlib.abc
import importlib.util
from importlib.readers import FileReader
from pathlib import Path
from types import CodeType, ModuleType

from gremio.code.mends import Mended, mended
from gremio.code.review import rewrite
from gremio.code.syntax.parsing import parse
from gremio.loading.modules.registry import PACKAGE, Adaptation, registry
from gremio.trust import ApprovedCode


class CodeLoader(importlib.abc.InspectLoader):
    """Executes the bytes that were hashed; the file in the store is only what tracebacks and ``inspect`` show.

    ``file`` is the logical path in the tree; without ``mend`` only its imports are adapted.
    """

    def __init__(self, code: ApprovedCode, file: str, place: Path, *, mend: bool) -> None:
        self._code = code
        self._file = file
        self._mend = mend
        self.path = str(place)

    def exec_module(self, module: ModuleType) -> None:
        """Run the file in the module's namespace. Called by the import system, which holds the module's lock."""
        code = self.get_code(module.__name__)
        exec(code, module.__dict__)  # noqa: S102  the one place where community code runs, and it was approved

    def get_code(self, fullname: str) -> CodeType:
        """The file compiled, its imports re-pointed where this installation has moved them, and mended."""
        top = fullname.split(".")[1]
        tree, file = self._code.tree, self._file
        moved = rewrite(parse(tree, file), tree=tree, path=file, package=f"{PACKAGE}.{top}")
        repaired = mended(moved.module, tree.files[file], file) if self._mend else Mended(moved.module)
        registry.adapted(top, file, Adaptation(moved.relocations, repaired.repairs))
        return compile(repaired.module, self.path, "exec", dont_inherit=True)

    def get_source(self, fullname: str) -> str:
        """The file as its author wrote it."""
        return importlib.util.decode_source(self._code.tree.files[self._file])

    def get_filename(self, fullname: str) -> str:
        """Where the file lies in the store."""
        return self.path

    def is_package(self, fullname: str) -> bool:
        """Whether it is an ``__init__.py``."""
        return self._file.split("/")[-1] == "__init__.py"

    def get_data(self, path: str) -> bytes:
        """A data file beside the code, for ``pkgutil.get_data``."""
        return Path(path).read_bytes()

    def get_resource_reader(self, fullname: str) -> FileReader:
        """Data files for ``importlib.resources``."""
        return FileReader(self)  # type: ignore[arg-type]


class FolderLoader(importlib.abc.Loader):
    """A folder without ``__init__.py``: a package with nothing in it, beside whose modules data files can be read."""

    def __init__(self, folder: Path) -> None:
        self.path = str(folder / "__init__.py")

    def exec_module(self, module: ModuleType) -> None:
        """There is nothing to run."""

    def get_resource_reader(self, fullname: str) -> FileReader:
        """Data files for ``importlib.resources``, which can't read those of a package without a loader of its own."""
        return FileReader(self)  # type: ignore[arg-type]
