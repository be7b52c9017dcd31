"""Cells run as IPython runs them: compiled statement by statement, their text kept in linecache."""

from __future__ import annotations

import ast
import linecache
import sys
import textwrap
import types
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest


class Notebook:
    """A ``__main__`` of its own, whose cells share its names and their ``from __future__`` flags."""

    def __init__(self, *, kernel: bool = True) -> None:
        self.module = types.ModuleType("__main__")
        self.names: list[str] = []
        self._kernel = kernel
        self._flags = 0

    def run(self, cell: str) -> None:
        """Run a cell; a cell that was run before, word for word, is the same cell for Jupyter."""
        text = textwrap.dedent(cell).lstrip("\n")
        digest = zlib.crc32(text.encode())
        name = f"/tmp/ipykernel_1/{digest}.py" if self._kernel else f"<ipython-input-{len(self.names) + 1}-{digest:x}>"
        linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
        self.names.append(name)
        for node in ast.parse(text).body:
            code = compile(ast.Module([node], []), name, "exec", self._flags, dont_inherit=True)
            self._flags |= code.co_flags & 0x1000000
            exec(code, self.module.__dict__)

    def __getitem__(self, name: str) -> type:
        """What a name means in the notebook."""
        return self.module.__dict__[name]


@pytest.fixture(params=[True, False], ids=["jupyter", "ipython"])
def notebook(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Notebook]:
    """An empty notebook, which is ``__main__`` while the test runs."""
    made = Notebook(kernel=request.param)
    monkeypatch.setitem(sys.modules, "__main__", made.module)
    yield made
    for name in made.names:
        linecache.cache.pop(name, None)


def imported(source: str, folder: Path, name: str) -> dict[str, object]:
    """The names of a source that was written to a file and executed as a module of its own."""
    file = folder / name
    file.write_text(source)
    space: dict[str, object] = {"__name__": file.stem, "__file__": str(file)}
    module = types.ModuleType(file.stem)
    sys.modules[file.stem] = module
    try:
        module.__dict__.update(space)
        exec(compile(source, str(file), "exec", dont_inherit=True), module.__dict__)
    finally:
        sys.modules.pop(file.stem, None)
    return module.__dict__
