"""Where a snippet of Python loads a pipeline, and how it calls it: read from its syntax tree."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from gremio.code.review import Parameter
from gremio.code.syntax.parsing import dotted
from gremio.running.calls import CallSignature, find

REPO = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_PLACEHOLDERS = ("path/to", "your/", "owner/", "user/")


class Unknown(Exception):
    """A value that can't be told by reading."""


@dataclass(frozen=True)
class Subject:
    """What examples are looked for of: its ref, its name there, its class, what its call takes.

    ``names`` are those by which snippets import its file.
    """

    ref: str
    names: frozenset[str]
    class_name: str
    call: tuple[Parameter, ...]
    docstring: str = ""

    @cached_property
    def signature(self) -> CallSignature:
        """Its call, as ``gremio run`` reads it."""
        return CallSignature.read(self.class_name, self.call, self.docstring)

    @cached_property
    def prompt(self) -> str:
        """The name of the parameter for a prompt; empty where it takes none."""
        return find(self.signature, "prompt") or ""


@dataclass(frozen=True)
class Use:
    """One call of the pipeline in a snippet.

    ``values`` are the arguments by name; None where some of them can't be told by reading. ``components`` is whether
    it is loaded with more than the model and its code.
    """

    module: ast.Module | None
    variable: str
    model: str
    values: Mapping[str, Any] | None
    components: bool = False
    loads: tuple[ast.Call, ...] = field(default=(), repr=False)


def uses_in(snippet: str, subject: Subject) -> Iterator[Use]:
    """The calls of the pipeline in a snippet that loads it; one without values where it is loaded only."""
    module = parsed(snippet)
    if module is None:
        return
    constants = _constants(module)
    loads = [load for load in _loads(module, subject) if load is not None]
    for variable, load in loads:
        model = _model(load, constants)
        components = any(each.arg not in _OF_LOADING for each in load.keywords)
        calls = [node for node in ast.walk(module) if isinstance(node, ast.Call) and dotted(node.func) == variable]
        told = tuple(call for _, call in loads)
        for call in sorted(calls, key=lambda node: node.lineno):
            yield Use(module, variable, model, _values(call, subject, constants), components, told)
        if not calls:
            yield Use(module, variable, model, None, components, told)


_OF_LOADING = {
    *("custom_pipeline", "custom_revision", "trust_remote_code", "token"),
    *("torch_dtype", "dtype", "variant", "revision", "device_map", "low_cpu_mem_usage", "use_safetensors"),
    *("safety_checker", "feature_extractor", "requires_safety_checker"),
}
"""Arguments of loading that ``gremio run`` does without."""


def parsed(snippet: str) -> ast.Module | None:
    """A snippet as Python, without the marks of a console; None where it is none."""
    lines = snippet.splitlines()
    if any(line.lstrip().startswith(">>> ") for line in lines):
        kept = (line.lstrip() for line in lines)
        snippet = "\n".join(line[4:] for line in kept if line.startswith((">>>", "...")))
    try:
        return ast.parse(snippet)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def is_load(call: ast.Call, subject: Subject) -> bool:
    """Whether this loads the pipeline: by its name, or by its class."""
    owner, _, method = dotted(call.func).rpartition(".")
    if method not in ("from_pretrained", "from_pipe"):
        return False
    named = next((each.value for each in call.keywords if each.arg == "custom_pipeline"), None)
    if isinstance(named, ast.Constant) and isinstance(named.value, str):
        return named.value.rpartition("/")[2].removesuffix(".py") in subject.names or named.value == subject.ref
    return bool(subject.class_name) and owner.rpartition(".")[2] == subject.class_name


def called(call: ast.Call) -> str:
    """The last name of what is called, whatever it is called on."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else dotted(call.func)


def _loads(module: ast.Module, subject: Subject) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(module):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            call = _innermost(node.value)
            if call is not None and is_load(call, subject):
                yield node.targets[0].id, call


def _innermost(value: ast.expr) -> ast.Call | None:
    """``X.from_pretrained(…)`` of ``X.from_pretrained(…).to("cuda")``."""
    while isinstance(value, ast.Call):
        if isinstance(value.func, ast.Attribute) and isinstance(value.func.value, ast.Call):
            value = value.func.value
        else:
            return value
    return None


def _model(load: ast.Call, constants: Mapping[str, Any]) -> str:
    if not load.args or not dotted(load.func).endswith("from_pretrained"):
        return ""
    try:
        model = value_of(load.args[0], constants)
    except Unknown:
        return ""
    real = isinstance(model, str) and REPO.fullmatch(model) and not model.lower().startswith(_PLACEHOLDERS)
    return model if real else ""


def _values(call: ast.Call, subject: Subject, constants: Mapping[str, Any]) -> dict[str, Any] | None:
    names = [parameter.name for parameter in subject.call if parameter.kind == "positional"]
    if len(call.args) > len(names) or any(each.arg is None for each in call.keywords):
        return None
    seed = find(subject.signature, "seed")
    given = {**dict(zip(names, call.args, strict=False)), **{str(each.arg): each.value for each in call.keywords}}
    found: dict[str, Any] = {}
    try:
        for name, value in given.items():
            found[name] = _seed(value, constants) if name == seed else value_of(value, constants)
    except Unknown:
        return None
    return found


def value_of(node: ast.expr, constants: Mapping[str, Any]) -> Any:
    """The value of an expression that is written down.

    Raises:
        Unknown: it has to be computed.
    """
    if isinstance(node, ast.Name) and node.id in constants:
        return constants[node.id]
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        raise Unknown from None


def _seed(node: ast.expr, constants: Mapping[str, Any]) -> Any:
    """The seed of ``torch.Generator(…).manual_seed(7)``, also where it has a name."""
    if isinstance(node, ast.Name) and isinstance(constants.get(node.id), ast.Call):
        node = constants[node.id]
    if isinstance(node, ast.Call) and called(node) == "manual_seed" and len(node.args) == 1:
        return value_of(node.args[0], constants)
    return value_of(node, constants)


def _constants(module: ast.Module) -> dict[str, Any]:
    """What is assigned once, at the top, and is written down there; generators as the call that makes them."""
    changing = _changing(module)
    found: dict[str, Any] = {}
    for name, value in (pair for statement in module.body for pair in _assigned(statement) if pair[0] not in changing):
        try:
            found[name] = value_of(value, found)
        except Unknown:
            if isinstance(value, ast.Call) and called(value) == "manual_seed":
                found[name] = value
    return found


def _changing(module: ast.Module) -> set[str]:
    """Names that are assigned more than once, or of which something is called or stored into, as into a list."""
    stored = Counter(node.id for node in ast.walk(module) if isinstance(node, ast.Name) and _is_stored(node))
    found = {name for name, times in stored.items() if times > 1}
    for node in ast.walk(module):
        called_on = node.func if isinstance(node, ast.Call) else None
        inner = called_on or node
        part = inner.value if isinstance(inner, ast.Attribute | ast.Subscript) else None
        if isinstance(part, ast.Name) and (called_on or _is_stored(inner)):
            found.add(part.id)
    return found


def _is_stored(node: ast.AST) -> bool:
    return isinstance(getattr(node, "ctx", None), ast.Store | ast.Del)


def _assigned(statement: ast.stmt) -> list[tuple[str, ast.expr]]:
    if isinstance(statement, ast.Assign):
        return [(each.id, statement.value) for each in statement.targets if isinstance(each, ast.Name)]
    return []
