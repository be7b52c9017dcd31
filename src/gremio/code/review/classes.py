"""Which classes a file defines and what they are, told by their bases."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Literal

from gremio.code import CodeTree
from gremio.code.libraries.classes import library_bases, library_outline
from gremio.code.libraries.moved_names import LIBRARIES
from gremio.code.review.relocation import TREE, relocated
from gremio.code.syntax.imports import ImportedName, bindings, declared_names
from gremio.code.syntax.layout import layout_of, module_parts, package_parts
from gremio.code.syntax.parsing import dotted, parse, statements
from gremio.errors import NoClass, SeveralClasses, UnreadableCode

ClassKind = Literal["pipeline", "model", "scheduler", "blocks", "other"]
WantedKind = ClassKind | Literal["class"]
"""A kind, or ``class`` for whatever the file is about: a pipeline if it has one, else a component, else any class."""

_BY_WEIGHT: tuple[ClassKind, ...] = ("pipeline", "blocks", "model", "scheduler", "other")

ROOTS: dict[str, ClassKind] = {
    "DiffusionPipeline": "pipeline",
    "FlaxDiffusionPipeline": "pipeline",
    "ModularPipeline": "blocks",
    "ModularPipelineBlocks": "blocks",
    "ModelMixin": "model",
    "FlaxModelMixin": "model",
    "PreTrainedModel": "model",
    "SchedulerMixin": "scheduler",
    "FlaxSchedulerMixin": "scheduler",
}
"""Classes of diffusers and transformers that make what derives from them a thing of that kind."""

_CALLS: dict[ClassKind, str] = {
    "pipeline": "A pipeline is loaded by DiffusionPipeline.from_pretrained(model, custom_pipeline=…).",
    "blocks": "Blocks are loaded by ModularPipeline.from_pretrained(model, blocks=…), or by load_blocks(…) alone.",
}
"""What takes a class of another kind than the one that was looked for."""

_ENDINGS: dict[str, ClassKind] = {
    "PipelineBlocks": "blocks",
    "Pipeline": "pipeline",
    "Scheduler": "scheduler",
    "PreTrainedModel": "model",
    "ModelMixin": "model",
}


@dataclass(frozen=True)
class ClassInfo:
    """A class of a tree.

    ``bases`` are as written, ``resolved`` the same as absolute dotted names; a base in the tree itself resolves to
    ``tree.folder.module.Name``.
    """

    name: str
    path: str
    line: int
    bases: tuple[str, ...]
    resolved: tuple[str, ...]
    kind: ClassKind
    docstring: str = ""


def classes(tree: CodeTree, path: str | None = None) -> tuple[ClassInfo, ...]:
    """The classes that a file (the entry, if none is named) defines at its top level, in source order.

    Raises:
        UnreadableCode: the file is not Python.
    """
    return ClassReader(tree).classes(path or tree.entry)


def entry_class(tree: CodeTree, kind: WantedKind = "pipeline", class_name: str | None = None) -> str:
    """The class that the entry file is about.

    ``class_name`` if given. Else the class that the repository's own index or config names. Else the one class of that
    kind that the file defines; of several, the one that ``__all__`` alone names, or the only one that no other of them
    derives from or is made of. A file that defines none but imports exactly one from its own tree means that one.

    Raises:
        NoClass: there is none.
        SeveralClasses: none of several is clearly meant.
    """
    return ClassReader(tree).entry_class(kind, class_name)


def has_blocks_alone(tree: CodeTree) -> bool:
    """Whether the entry file defines blocks of modular pipelines and no pipeline; what is no Python defines none."""
    try:
        kinds = {info.kind for info in classes(tree)}
    except UnreadableCode:
        return False
    return "blocks" in kinds and "pipeline" not in kinds


@dataclass
class ClassReader:
    """Reads the classes of one tree; keeps what it has read, so that several questions cost one reading."""

    tree: CodeTree
    _bound: dict[str, dict[str, str]] = field(default_factory=dict)
    _nodes: dict[str, dict[str, ast.ClassDef]] = field(default_factory=dict)
    _kinds: dict[tuple[str, str], ClassKind] = field(default_factory=dict)

    def classes(self, path: str) -> tuple[ClassInfo, ...]:
        """The top-level classes of a file."""
        return tuple(self._info(path, node) for node in self.nodes(path).values())

    def nodes(self, path: str) -> dict[str, ast.ClassDef]:
        """The top-level class definitions of a file by name; the last one of a name counts, as in Python."""
        if path not in self._nodes:
            found = [
                node
                for node, guard in statements(parse(self.tree, path))
                if isinstance(node, ast.ClassDef) and guard != "function"
            ]
            inner = {id(child) for node in found for child in node.body}
            self._nodes[path] = {node.name: node for node in found if id(node) not in inner}
        return self._nodes[path]

    def bound(self, path: str) -> dict[str, str]:
        """What the imports of a file bind, as absolute dotted names; ``tree.…`` for the tree's own modules."""
        if path not in self._bound:
            found = {}
            for name, (level, whole) in bindings(relocated(self.tree, path).module).items():
                base = package_parts(path)[: len(package_parts(path)) - level + 1] if level else ()
                found[name] = ".".join([TREE, *base, whole]) if level else whole
            self._bound[path] = found
        return self._bound[path]

    def absolute(self, path: str, name: str) -> str:
        """The absolute dotted name of what ``name`` means in a file; itself if the file doesn't say."""
        first, _, rest = name.partition(".")
        if first in self.nodes(path):
            whole = ".".join([TREE, *module_parts(path), first])
        else:
            whole = self.bound(path).get(first, first)
        return f"{whole}.{rest}" if rest else whole

    def located(self, absolute: str) -> tuple[str, str] | None:
        """The file and class name of an absolute name that lies in the tree, re-exports followed."""
        seen = set()
        while absolute.startswith(f"{TREE}.") and absolute not in seen:
            seen.add(absolute)
            *module, name = absolute.split(".")[1:]
            path = layout_of(self.tree).modules.get(tuple(module))
            if path is None:
                return None
            if name in self.nodes(path):
                return path, name
            absolute = self.bound(path).get(name, "")
        return None

    def kind(self, path: str, name: str) -> ClassKind:
        """What a class of the tree is."""
        key = (path, name)
        if key not in self._kinds:
            # A class that derives from itself in a circle is of no kind.
            self._kinds[key] = "other"
            node = self.nodes(path)[name]
            kinds = [self.kind_of(self.absolute(path, dotted(base))) for base in node.bases if dotted(base)]
            known = [kind for kind in kinds if kind not in (None, "other")]
            found = known[0] if known else None
            self._kinds[key] = found or (_duck(node) if None in kinds or not kinds else "other")
        return self._kinds[key]

    def kind_of(self, absolute: str) -> ClassKind | None:
        """What the class of an absolute name is; None when nothing is known about it."""
        place = self.located(absolute)
        if place:
            return self.kind(*place)
        top, _, last = absolute.partition(".")[0], "", absolute.rpartition(".")[2]
        if top not in LIBRARIES:
            return _by_ending(last) if top in (absolute, TREE) else "other"
        return ROOTS.get(last) or library_kind(absolute)

    def derives(self, path: str, name: str) -> set[str]:
        """The classes of the same file that a class derives from, near and far."""
        found: set[str] = set()
        waiting = [name]
        while waiting:
            for base in self.nodes(path)[waiting.pop()].bases:
                first = dotted(base)
                if first in self.nodes(path) and first not in found:
                    found.add(first)
                    waiting.append(first)
        return found - {name}

    def entry_class(self, kind: WantedKind, class_name: str | None) -> str:
        """See the function of the same name."""
        path = self.tree.entry
        if kind == "class":
            kind = self._heaviest(path)
        defined = [info.name for info in self.classes(path) if info.kind == kind]
        imported = self._imported(path, kind)
        if class_name is not None:
            return self._named(path, class_name, [*defined, *imported])
        if self.tree.meant in defined:
            return self.tree.meant
        for names in (defined, imported):
            if names:
                return self._meant(path, names)
        step = "Name the file that defines one: folder/file.py, or hub:owner/repo:file.py on the Hub."
        calls = {_CALLS[info.kind] for info in self.classes(path) if info.kind in _CALLS}
        raise NoClass(
            f"{path} defines no {'' if kind == 'other' else f'{kind} '}class{self._instead(path)}",
            ref=str(self.tree.origin),
            next_step=" ".join(sorted(calls)) or step,
        )

    def _heaviest(self, path: str) -> ClassKind:
        own = [info.kind for info in self.classes(path)]
        brought = [kind for kind in _BY_WEIGHT[:-1] if self._imported(path, kind)]
        return min(own or brought, key=_BY_WEIGHT.index, default="other")

    def _named(self, path: str, class_name: str, present: list[str]) -> str:
        if class_name in self.nodes(path) or self.located(self.bound(path).get(class_name, "")):
            return class_name
        has = f"it has {', '.join(present)}" if present else f"it has none{self._instead(path)}"
        step = f"It is in {there}: name that file." if (there := self._elsewhere(class_name)) else ""
        raise NoClass(f"{path} has no class {class_name}; {has}", ref=str(self.tree.origin), next_step=step)

    def _elsewhere(self, class_name: str) -> str:
        """The file of the tree that defines a class which was looked for in another."""
        for path in self.tree.python_files:
            try:
                if class_name in self.nodes(path):
                    return path
            except UnreadableCode:
                continue
        return ""

    def _meant(self, path: str, names: list[str]) -> str:
        public = [name for name in names if name in declared_names(parse(self.tree, path))]
        if len(public) == 1:
            return public[0]
        own = [name for name in names if name in self.nodes(path)]
        bases = {base for name in own for base in self.derives(path, name)}
        parts = {part for name in own for part in _parts(self.nodes(path)[name]) if part != name}
        leaves = [name for name in names if name not in bases | parts]
        if len(leaves) == 1:
            return leaves[0]
        raise SeveralClasses(
            f"{path} has several: {', '.join(names)}",
            names=names,
            ref=str(self.tree.origin),
            next_step=f'Say which: class_name="{leaves[0] if leaves else names[0]}".',
        )

    def _imported(self, path: str, kind: ClassKind) -> list[str]:
        places = {name: self.located(whole) for name, whole in self.bound(path).items()}
        return [name for name, place in places.items() if place and self.kind(*place) == kind]

    def _instead(self, path: str) -> str:
        others = [f"{info.name} ({info.kind})" for info in self.classes(path)]
        return f", only {', '.join(others)}" if others else ""

    def _info(self, path: str, node: ast.ClassDef) -> ClassInfo:
        bases = tuple(dotted(base) or ast.unparse(base) for base in node.bases)
        resolved = tuple(self.absolute(path, dotted(base)) if dotted(base) else "" for base in node.bases)
        return ClassInfo(
            node.name, path, node.lineno, bases, resolved, self.kind(path, node.name), ast.get_docstring(node) or ""
        )


def _parts(node: ast.ClassDef) -> set[str]:
    """The classes of which one of modular blocks is made."""
    assigned = (each for each in node.body if isinstance(each, ast.Assign))
    lists = (each.value for each in assigned if [dotted(target) for target in each.targets] == ["block_classes"])
    parts = (part for value in lists if isinstance(value, ast.List | ast.Tuple) for part in value.elts)
    return {dotted(part.func if isinstance(part, ast.Call) else part) for part in parts}


_library_kinds: dict[str, ClassKind | None] = {}


def library_kind(absolute: str) -> ClassKind | None:
    """What a class of an installed library is, by following its bases through the library's sources.

    Answers are kept for the life of the process. None when the name leads nowhere and says nothing.
    """
    if absolute not in _library_kinds:
        # A class that derives from itself in a circle is of no kind.
        _library_kinds[absolute] = None
        _library_kinds[absolute] = _read_kind(absolute)
    return _library_kinds[absolute]


def _read_kind(absolute: str) -> ClassKind | None:
    last = absolute.rpartition(".")[2]
    if last in ROOTS:
        return ROOTS[last]
    found = library_outline(absolute)
    if found is None:
        return _by_ending(last)
    module, outline = found
    kinds = (library_kind(base) for base in library_bases(module, outline.bases))
    return next((kind for kind in kinds if kind not in (None, "other")), "other")


def _by_ending(name: str) -> ClassKind | None:
    return next((kind for ending, kind in _ENDINGS.items() if name.endswith(ending)), None)


def _duck(node: ast.ClassDef) -> ClassKind:
    """What a class whose bases can't be read does for a living."""
    methods = {item.name: item for item in node.body if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef)}
    if {"set_timesteps", "step"} <= methods.keys():
        return "scheduler"
    if "__call__" in methods and "__init__" in methods:
        called = {dotted(call.func) for call in ast.walk(methods["__init__"]) if isinstance(call, ast.Call)}
        if "self.register_modules" in called:
            return "pipeline"
    return "other"


__all__ = ["ClassInfo", "ClassKind", "ClassReader", "ImportedName", "classes", "entry_class", "library_kind"]
