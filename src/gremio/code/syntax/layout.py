"""Which module name stands for which file of a tree, as Python's import system would see it."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache

from gremio.code import CodeTree
from gremio.code.syntax.imports import ImportedName

Parts = tuple[str, ...]

FIELD = (
    frozenset(
        {"accelerate", "bitsandbytes", "cv2", "datasets", "diffusers", "flax", "gremio", "huggingface_hub", "jax"}
    )
    | {"matplotlib", "numpy", "onnx", "onnxruntime", "packaging", "peft", "PIL", "regex", "requests", "safetensors"}
    | {"scipy", "sentencepiece", "sklearn", "tensorflow", "tensorrt", "timm", "tokenizers", "torch", "torch_xla"}
    | {"torchaudio", "torchsde", "torchvision", "tqdm", "transformers", "xformers", "yaml"}
)
"""Libraries that a folder of the same name beside a pipeline never stands for."""


def is_foreign(top: str) -> bool:
    """Whether a top-level name belongs to the standard library or to the field's libraries."""
    return top in FIELD or top in sys.stdlib_module_names


@dataclass(frozen=True)
class Layout:
    """The Python files of a tree by the parts of their module name; ``()`` is the tree's root."""

    paths: tuple[str, ...]

    @cached_property
    def modules(self) -> dict[Parts, str]:
        """Module parts to path; a package wins over a module of the same name, as in Python."""
        found: dict[Parts, str] = {}
        for path in sorted(self.paths, key=lambda path: path.endswith("__init__.py")):
            found[module_parts(path)] = path
        return found

    @cached_property
    def folders(self) -> dict[Parts, str]:
        """Every folder with a Python file somewhere below to its path: packages, with ``__init__`` or without."""
        found: dict[Parts, str] = {}
        for path in self.paths:
            names, parts = path.split("/")[:-1], package_parts(path)
            found |= {parts[:depth]: "/".join(names[:depth]) for depth in range(len(parts) + 1)}
        return found

    def has(self, parts: Parts) -> bool:
        """Whether a module or package of this name is in the tree."""
        return parts in self.modules or parts in self.folders

    def is_package(self, parts: Parts) -> bool:
        """Whether it is a folder and no plain module hides it."""
        path = self.modules.get(parts)
        return path.endswith("__init__.py") if path else parts in self.folders

    def target(self, path: str, imported: ImportedName) -> Parts | None:
        """The module of the tree that an import statement in ``path`` names, if it names one."""
        if imported.level:
            base = climb(package_parts(path), imported.level)
            if base is None:
                return None
            parts = base + split(imported.module)
            return parts if self.has(parts) else None
        return self._sibling(path, split(imported.module))

    def _sibling(self, path: str, wanted: Parts) -> Parts | None:
        if not wanted or is_foreign(wanted[0]):
            return None
        folder = package_parts(path)
        for depth in range(len(folder), -1, -1):
            parts = folder[:depth] + wanted
            # A file named like the library it wraps means the library, not itself.
            if self.has(parts) and self.modules.get(parts) != path:
                return parts
        return None

    def runs(self, parts: Parts, names: Iterable[str] = ()) -> list[str]:
        """The files that importing a module, and names from it, executes: packages on the way first."""
        chain = [parts[:depth] for depth in range(len(parts) + 1)]
        chain += [(*parts, name) for name in names if self.is_submodule(parts, name)]
        return [self.modules[link] for link in chain if link in self.modules]

    def is_submodule(self, parts: Parts, name: str) -> bool:
        """Whether ``from parts import name`` can mean a module of the tree."""
        return self.is_package(parts) and self.has((*parts, name))


@lru_cache(maxsize=32)
def _layout(paths: tuple[str, ...]) -> Layout:
    return Layout(paths)


def layout_of(tree: CodeTree) -> Layout:
    """The layout of a tree."""
    return _layout(tree.python_files)


def split(dotted: str) -> Parts:
    """The parts of a dotted name; none for an empty one."""
    return tuple(dotted.split(".")) if dotted else ()


def package_parts(path: str) -> Parts:
    """The folder of a file: the package that its relative imports start from."""
    return tuple(_part(name) for name in path.split("/")[:-1])


def module_parts(path: str) -> Parts:
    """``a/b.py`` is ``("a", "b")`` and ``a/__init__.py`` is ``("a",)``."""
    name = path.rpartition("/")[2]
    return package_parts(path) if name == "__init__.py" else (*package_parts(path), _part(name.removesuffix(".py")))


def _part(name: str) -> str:
    """No import statement can spell a name with a dot, but a ref can: ``my.pipeline.py``, ``v1.0/pipeline.py``."""
    return name.replace(".", "·")


def climb(package: Parts, level: int) -> Parts | None:
    """Where a relative import of that many dots starts; None when it is above the root."""
    up = level - 1
    return package[: len(package) - up] if up <= len(package) else None
