"""What modular blocks say of themselves, read from their properties."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from gremio.code.libraries.moved_names import library_of
from gremio.code.review.signatures import Definition, SignatureReader
from gremio.code.syntax.parsing import dotted, parse


@dataclass(frozen=True)
class BlockComponent:
    """A component that blocks expect; ``type`` is as written, ``place`` where they say that it lies, if they do."""

    name: str
    type: str
    place: str = ""


@dataclass(frozen=True)
class BlockInput:
    """What blocks take from the call, or from blocks before; ``default`` is source text, empty if there is none."""

    name: str
    type: str
    default: str
    required: bool


@dataclass(frozen=True)
class BlocksInfo:
    """A class of blocks, with all that it is made of: ``parts`` are ``name: Class``.

    ``outputs`` is what the last of the parts gives, ``between`` what any of them hands on; ``skippable`` are blocks
    that run only where the call has what they are for. What is computed rather than written down is not here.
    """

    name: str
    docstring: str
    components: tuple[BlockComponent, ...] = ()
    inputs: tuple[BlockInput, ...] = ()
    outputs: tuple[str, ...] = ()
    between: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    skippable: bool = False


def blocks_of(reader: SignatureReader, class_name: str) -> BlocksInfo:
    """Read a class of the entry.

    Raises:
        NoClass: there is none of that name.
    """
    start = next(reader.definitions(class_name))
    return _Reading(reader).read(start)


@dataclass
class _Reading:
    reader: SignatureReader
    _seen: set[str] = field(default_factory=set)

    def read(self, start: Definition) -> BlocksInfo:
        lineage = list(self.reader.lineage(start))
        components = [_component(call) for call in _calls(lineage, _COMPONENTS, "ComponentSpec")]
        inputs = [_input(call) for call in _calls(lineage, _INPUTS, "InputParam")]
        # The template of that name stands for whatever a model takes.
        inputs = [each for each in inputs if each.name != "denoiser_input_fields"]
        own = [name for call in _calls(lineage, _OUTPUTS, "OutputParam") if (name := _text(call, 0, "name"))]
        between, parts = list(own), list(self._parts(lineage))
        for _, info in parts:
            components += info.components
            # What one of them gives another takes; what it calls needed, another may give, or only some calls need.
            inputs += [replace(each, required=False) for each in info.inputs if each.name not in between]
            between += () if info.skippable else info.between
        return BlocksInfo(
            start.node.name,
            ast.get_docstring(start.node) or "",
            _once(components),
            _once(inputs),
            tuple(dict.fromkeys(own)) or (parts[-1][1].outputs if parts else ()),
            tuple(dict.fromkeys(between)),
            tuple(f"{name}: {info.name}" for name, info in parts),
            _is_skippable(lineage),
        )

    def _parts(self, lineage: Sequence[Definition]) -> Iterator[tuple[str, BlocksInfo]]:
        owner, classes = _assigned(lineage, "block_classes")
        _, names = _assigned(lineage, "block_names")
        pairs = self._pairs(owner, classes, names) if owner and classes else []
        for label, node in pairs:
            written = dotted(node.func if isinstance(node, ast.Call) else node)
            found = self.reader.named(owner, written) if owner and written else None
            place = f"{found.path}{found.module}.{found.node.name}" if found else ""
            if found is not None and place not in self._seen:
                # A class that is made of itself has no end.
                self._seen.add(place)
                yield label, self.read(found)
                self._seen.discard(place)

    def _pairs(self, owner: Definition, classes: ast.expr, names: ast.expr | None) -> Iterable[tuple[str, ast.expr]]:
        """The names and classes of the parts, from two lists or from a dictionary of the module."""
        if isinstance(classes, ast.Call) and dotted(classes.func) in ("list", "tuple") and classes.args:
            classes = classes.args[0]
        if isinstance(classes, ast.Call) and dotted(classes.func).endswith(".values"):
            return _items(self._module(owner), dotted(classes.func).partition(".")[0])
        labels = [_constant(each) for each in names.elts] if isinstance(names, ast.List | ast.Tuple) else []
        found = classes.elts if isinstance(classes, ast.List | ast.Tuple) else []
        return [(labels[at] if at < len(labels) else str(at), each) for at, each in enumerate(found)]

    def _module(self, owner: Definition) -> ast.Module | None:
        if owner.path:
            return parse(self.reader.classes.tree, owner.path)
        library = library_of(owner.module)
        return library.parse(owner.module) if library else None


def _items(module: ast.Module | None, name: str) -> Iterator[tuple[str, ast.expr]]:
    """What a module puts into a dictionary, written as one or made from pairs."""
    assigned = [each for each in (module.body if module else ()) if isinstance(each, ast.Assign)]
    value = next((each.value for each in assigned if [dotted(target) for target in each.targets] == [name]), None)
    if isinstance(value, ast.Call) and value.args:
        value = value.args[0]
    if isinstance(value, ast.Dict):
        yield from ((_constant(key), each) for key, each in zip(value.keys, value.values, strict=True))
    elif isinstance(value, ast.List):
        pairs = (each.elts for each in value.elts if isinstance(each, ast.Tuple) and len(each.elts) == 2)
        yield from ((_constant(key), each) for key, each in pairs)


_COMPONENTS = ("expected_components", "loop_expected_components")
_INPUTS = ("inputs", "loop_inputs")
_OUTPUTS = ("intermediate_outputs", "loop_intermediate_outputs")


def _calls(lineage: Iterable[Definition], properties: tuple[str, ...], kind: str) -> Iterator[ast.Call]:
    """The calls that make specs of a kind: in the first definition of each property, and in those that it extends."""
    wanted = set(properties)
    for definition in lineage:
        for node in definition.node.body:
            if isinstance(node, ast.FunctionDef) and node.name in wanted:
                calls = [each for each in ast.walk(node) if isinstance(each, ast.Call)]
                yield from (call for call in calls if kind in dotted(call.func).split("."))
                if not any(dotted(call.func) == "super" for call in calls):
                    wanted.discard(node.name)


def _assigned(lineage: Iterable[Definition], name: str) -> tuple[Definition | None, ast.expr | None]:
    for definition in lineage:
        for node in definition.node.body:
            if isinstance(node, ast.Assign) and [dotted(target) for target in node.targets] == [name]:
                return definition, node.value
    return None, None


def _is_skippable(lineage: Sequence[Definition]) -> bool:
    """Whether they are chosen by inputs, and none of them is for a call that has none of these."""
    triggers, default = (_assigned(lineage, name)[1] for name in ("block_trigger_inputs", "default_block_name"))
    chosen = any(each.node.name == "ConditionalPipelineBlocks" for each in lineage)
    listed = triggers.elts if isinstance(triggers, ast.List | ast.Tuple) else []
    always = any(isinstance(each, ast.Constant) and each.value is None for each in listed)
    return chosen and not always and not _constant(default)


def _component(call: ast.Call) -> BlockComponent:
    hint = _argument(call, 1, "type_hint")
    repo = _text(call, 4, "pretrained_model_name_or_path") or _text(call, 99, "repo")
    folder, revision = _text(call, 5, "subfolder"), _text(call, 7, "revision")
    place = f"{repo}{f'/{folder}' if folder else ''}{f'@{revision}' if revision else ''}" if repo else ""
    return BlockComponent(_text(call, 0, "name"), ast.unparse(hint) if hint else "", place)


def _input(call: ast.Call) -> BlockInput:
    default, hint, required = (
        _argument(call, number, name) for number, name in ((2, "default"), (1, "type_hint"), (3, "required"))
    )
    return BlockInput(
        _text(call, 0, "name"),
        ast.unparse(hint) if hint else "",
        ast.unparse(default) if default else "",
        isinstance(required, ast.Constant) and required.value is True and default is None,
    )


def _argument(call: ast.Call, number: int, name: str) -> ast.expr | None:
    named = next((each.value for each in call.keywords if each.arg == name), None)
    # InputParam.template("prompt", …) has the name first, and a note after it.
    placed = call.args[:1] if dotted(call.func).endswith(".template") else call.args
    return named or (placed[number] if number < len(placed) else None)


def _text(call: ast.Call, number: int, name: str) -> str:
    return _constant(_argument(call, number, name))


def _constant(node: ast.expr | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


_Told = TypeVar("_Told", BlockComponent, BlockInput)


def _once(told: Iterable[_Told]) -> tuple[_Told, ...]:
    """Each name once, the first of them; what has none is not told."""
    return tuple({each.name: each for each in reversed(list(told)) if each.name}.values())[::-1]
