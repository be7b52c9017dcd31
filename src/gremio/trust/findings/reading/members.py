"""Attributes and items of what is known: of modules, classes and objects of the tree, of libraries, of containers."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gremio.trust.findings.reading import constants
from gremio.trust.findings.reading.program import TREE, File
from gremio.trust.findings.reading.scopes import Scope
from gremio.trust.findings.reading.values import Box, Const, Value, either, folded, parts, references, union

if TYPE_CHECKING:
    from gremio.trust.findings.reading.names import Names

CALLS = 3
"""So many calls, and so many items, one reference has at most."""
OS = ("posix", "nt")
REEXPORTED = frozenset((
    "os", "posix", "nt", "sys", "subprocess", "socket", "shutil", "importlib", "builtins", "ctypes", "pickle",
    "marshal", "inspect", "gc", "codecs", "base64", "tempfile", "threading", "multiprocessing", "requests", "urllib",
    "httpx", "aiohttp", "runpy", "pty", "pkgutil", "pydoc", "cffi", "joblib", "dill", "cloudpickle", "codeop",
    "pathlib", "operator", "atexit", "getpass", "netrc", "smtplib", "ftplib", "telnetlib", "webbrowser", "asyncio",
    "imp", "zipimport",
))  # fmt: skip
"""Modules that mean themselves wherever they are found: ``torch.os`` is ``os``."""

UNMISTAKABLE = frozenset(("os", "sys", "subprocess", "socket", "builtins", "importlib", "ctypes", "shutil", "pickle"))
"""Those of them that an attribute of anything at all is taken for."""


def attribute(names: Names, reference: str, name: str) -> Value:
    """What ``reference.name`` means."""
    if reference.startswith(TREE):
        return _member(names, reference, name)
    if not name.startswith("_") and name not in REEXPORTED:
        return (f"{reference}.{name}",)
    bare = name.lstrip("_")
    if bare in REEXPORTED and not name.endswith("__") and _leads_away(reference, bare):
        return ("os" if bare in OS else bare,)
    if name in ("__call__", "__func__", "__wrapped__"):
        return (reference,)
    if name == "__class__" and reference.endswith("()"):
        return (reference[:-2],)
    if name == "__builtins__" or (name == "__self__" and reference.startswith("builtins.")):
        return ("builtins",)
    return (f"{reference}.{name}",)


def _member(names: Names, reference: str, name: str) -> Value:
    file = names.program.files.get(reference)
    if file is not None:
        return _global(names, file, reference, name)
    if "." not in reference and names.program.is_folder(reference):
        return _submodule(names, reference, name)
    if name == "__class__":
        return (class_of(names, reference),)
    if name in ("__call__", "__func__", "__wrapped__"):
        return (reference,)
    if name == "__builtins__":
        return ("builtins",)
    found = names.program.scope(reference.removesuffix("()"))
    if found is not None and found[1].kind == "class":
        value = _of_class(names, found[1], name, instance=reference.endswith("()"))
        if value:
            return value
    return (f"{reference}.{name}",)


def class_of(names: Names, reference: str) -> str:
    """What ``type(…)`` gives for it."""
    if reference.endswith("()"):
        return reference[:-2]
    found = names.program.scope(reference) if reference.startswith(TREE) else None
    return "types.FunctionType" if found is not None and found[1].kind == "function" else "?.__class__"


def _global(names: Names, file: File, reference: str, name: str) -> Value:
    scope = file.scopes.module
    if name in scope.bound:
        return names.held(name, scope)
    if name == "__builtins__":
        return ("builtins",)
    found = _submodule(names, reference, name) or names.starred(name, scope)
    return found or ((name,) if name in UNMISTAKABLE else (f"{reference}.{name}",))


def _submodule(names: Names, reference: str, name: str) -> Value:
    key = f"{reference}/{name}" if reference != TREE else f"{TREE}{name}"
    return (key,) if key in names.program.files or names.program.is_folder(key) else ()


def _of_class(names: Names, scope: Scope, name: str, *, instance: bool) -> Value:
    """An attribute of a class of the tree: its own, those that its methods assign, those of its bases."""
    bindings = [*scope.bound.get(name, ()), *scope.attributes.get(name, ())]
    value = names.resolved(scope.memo, f".{name}", lambda: [names.bound(each, scope) for each in bindings])
    return value or _inherited(names, scope, name, instance=instance)


def _inherited(names: Names, scope: Scope, name: str, *, instance: bool) -> Value:
    if scope.key in names.climbed or not isinstance(scope.node, ast.ClassDef) or scope.parent is None:
        return ()
    names.climbed.add(scope.key)
    try:
        bases = [each for base in scope.node.bases for each in references(names.value(base, scope.parent))]
        return union(attribute(names, f"{base}()" if instance else base, name) for base in bases)
    finally:
        names.climbed.discard(scope.key)


def item(names: Names, value: Value, key: Const | None) -> Value:
    """What ``value[key]`` means; of a key that isn't known, all that it may mean."""
    found: list[Value] = []
    for each in value:
        if isinstance(each, Box):
            found.append(_boxed(names, each, key))
        elif isinstance(each, Const):
            found.append(_indexed(each, key))
        elif isinstance(each, str):
            found.append(_looked_up(names, each, key))
    return union(found)


def _looked_up(names: Names, reference: str, key: Const | None) -> Value:
    name = key.value if key is not None and isinstance(key.value, str) else None
    if reference == "sys.modules" and name is not None:
        return (name,) if name != "__main__" else ()
    if reference == "builtins" and name is not None:
        return (f"builtins.{name}",)
    if reference.endswith(".__dict__"):
        owner = reference.removesuffix(".__dict__")
        return attribute(names, owner, name) if name is not None else (f"{reference}[]",)
    return (f"{reference}[]",) if reference.count("[]") < CALLS else ()


def _boxed(names: Names, box: Box, key: Const | None) -> Value:
    if not names.go_on(box.scope, box.size):
        return ()
    if isinstance(box.node, ast.Dict):
        pairs = list(zip(box.node.keys, box.node.values, strict=True))
        keys = [names.constant(each, box.scope) for each, _ in pairs]
        chosen = [
            value
            for (_, value), each in zip(pairs, keys, strict=True)
            if key is None or each is None or each.value == key.value
        ]
        return either([names.value(each, box.scope) for each in chosen])
    nodes = box.node.elts
    if key is not None and isinstance(key.value, int) and not any(isinstance(e, ast.Starred) for e in nodes):
        inside = -len(nodes) <= key.value < len(nodes)
        return names.value(nodes[key.value], box.scope) if inside else ()
    return elements(names, (box,))


def elements(names: Names, value: Value) -> Value:
    """What iterating over it gives."""
    found: list[Value] = []
    for each in value:
        if isinstance(each, Box) and names.go_on(each.scope, each.size):
            nodes = each.node.keys if isinstance(each.node, ast.Dict) else each.node.elts
            found += [names.value(node, each.scope) for node in nodes if node is not None]
        elif isinstance(each, Const) and isinstance(each.value, str | tuple | bytes | dict | range):
            found.append(parts(each.value))
        elif isinstance(each, str) and each.count("[]") < CALLS:
            found.append((f"{each}[]",))
    return union(found)


def _leads_away(reference: str, module: str) -> bool:
    """Whether an attribute of this name is the module, and not something of its own: ``socket.socket`` is a class."""
    if reference in (module, "copyreg", "copy_reg"):
        return False
    return "(" not in reference or module in UNMISTAKABLE


def _indexed(value: Const, key: Const | None) -> Value:
    if key is not None:
        return folded(constants.subscript, value.value, key.value)
    each = value.value
    return parts(each.values() if isinstance(each, dict) else each if isinstance(each, str | bytes | tuple) else ())
