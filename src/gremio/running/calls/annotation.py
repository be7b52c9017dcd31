"""What a parameter wants, read from its annotation.

Annotations come as live types or, under ``from __future__ import annotations``, as text that names things which are
not imported here. Both are read as text, with ``ast``, and nothing is evaluated.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

What = Literal[
    "any", "none", "bool", "int", "float", "str", "list", "tuple", "dict", "choice", "union", "image", "object"
]

_NAMES: dict[str, What] = {
    "None": "none",
    "NoneType": "none",
    "bool": "bool",
    "int": "int",
    "Integral": "int",
    "float": "float",
    "Number": "float",
    "Real": "float",
    "str": "str",
    "Path": "str",
    "PathLike": "str",
    "Any": "any",
    "dict": "dict",
    "Dict": "dict",
    "Mapping": "dict",
    "MutableMapping": "dict",
    "list": "list",
    "List": "list",
    "Sequence": "list",
    "Iterable": "list",
    "Collection": "list",
    "tuple": "tuple",
    "Tuple": "tuple",
    "Image": "image",
}
_ARRAYS = frozenset({"ndarray", "NDArray", "ArrayLike"})
_OBJECTS = frozenset({"Callable", "Generator", "Module", "Type", "device", "dtype", "type"})
_PLAIN: dict[What, tuple[str, str]] = {
    "none": ("none", "none"),
    "bool": ("true or false", "true or false values"),
    "int": ("an integer", "integers"),
    "float": ("a number", "numbers"),
    "str": ("text", "texts"),
    "dict": ("a JSON object", "JSON objects"),
    "image": ("a picture", "pictures"),
    "any": ("any value", "values"),
}


@dataclass(frozen=True)
class Wanted:
    """A type, as far as it helps to read a value: ``list[int] | None`` is a union of a list of int and none.

    ``inside`` holds a union's members, a list's element or a tuple's elements; ``choices`` the values of a ``Literal``;
    ``text`` the name of an ``object``, which is what nobody can write on a command line: a tensor, a callable, a dtype.
    A name that isn't known here is ``any``: it may be an alias for something that can be written.
    """

    what: What
    inside: tuple[Wanted, ...] = ()
    choices: tuple[object, ...] = ()
    text: str = ""
    exact_length: bool = False

    @classmethod
    def parse(cls, annotation: str) -> Wanted:
        """Read an annotation; what can't be read wants anything."""
        try:
            return _read(ast.parse(annotation.strip(), mode="eval").body)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return ANY

    @classmethod
    def of_default(cls, default: object) -> Wanted:
        """What a parameter without annotation wants, judged by its default; None says nothing."""
        if default is None:
            return ANY
        # `guidance_scale=7` without annotation is no promise that 7.5 is wrong.
        if type(default) is int:
            return union(cls("int"), cls("float"))
        name = type(default).__name__
        if name in ("bool", "float", "str", "list", "tuple", "dict"):
            return cls(_NAMES[name])
        return cls("object", text=name)

    def members(self) -> tuple[Wanted, ...]:
        """The members of a union, or itself alone."""
        return self.inside if self.what == "union" else (self,)

    def or_none(self) -> Wanted:
        """The same, and None as well."""
        return self if any(each.what in ("none", "any") for each in self.members()) else union(self, NONE)

    @property
    def is_array(self) -> bool:
        """Whether this is a tensor or an array, for which pipelines as a rule take a picture too."""
        last = self.text.rpartition(".")[2]
        return self.what == "object" and (last.endswith("Tensor") or last in _ARRAYS)

    @property
    def takes_image(self) -> bool:
        """Whether the annotation says that a picture, or a list of pictures, is welcome."""
        return any(each.what == "image" or (each.what == "list" and _holds_image(each)) for each in self.members())

    @property
    def is_writable(self) -> bool:
        """Whether some value other than none can be written as text or be a file."""
        return any(each.what not in ("object", "none") for each in self.members())

    def describe(self, *, several: bool = False) -> str:
        """The same in words: ``an integer or a list of integers``."""
        if self.what == "union":
            shown = [each for each in self.inside if each.what != "none"]
            return " or ".join(dict.fromkeys(each.describe(several=several) for each in shown))
        if self.what == "object":
            return self.text if several else f"a {self.text}"
        if self.what == "choice":
            return "one of " + ", ".join(map(repr, self.choices))
        if self.what in ("list", "tuple"):
            return self._describe_sequence(several=several)
        return _PLAIN[self.what][several]

    def _describe_sequence(self, *, several: bool) -> str:
        head = f"{self.what}s" if several else f"a {self.what}"
        if not self.inside:
            return head
        count = f"{len(self.inside)} " if self.exact_length else ""
        return f"{head} of {count}" + self.inside[0].describe(several=True)


ANY = Wanted("any")
NONE = Wanted("none")


def union(*members: Wanted) -> Wanted:
    """A union without unions inside and without repetitions."""
    flat = tuple(dict.fromkeys(each for member in members for each in member.members()))
    return flat[0] if len(flat) == 1 else Wanted("union", flat)


def _holds_image(wanted: Wanted) -> bool:
    return any(element.takes_image for element in wanted.inside)


def _read(node: ast.expr) -> Wanted:
    if isinstance(node, ast.Constant):
        return _read_constant(node.value)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return union(_read(node.left), _read(node.right))
    if isinstance(node, ast.Subscript):
        return _read_subscript(node)
    if isinstance(node, ast.Call) and _last(node.func) == "ForwardRef" and node.args:
        return _read(node.args[0])
    return _read_name(node)


def _read_constant(value: object) -> Wanted:
    if value is None:
        return NONE
    return Wanted.parse(value) if isinstance(value, str) else ANY


def _read_name(node: ast.expr) -> Wanted:
    last = _last(node)
    if last.endswith("ImageInput"):
        image = Wanted("image")
        return union(image, Wanted("list", (image,)))
    if last in _NAMES:
        return Wanted(_NAMES[last])
    if last in _OBJECTS or last in _ARRAYS or last.endswith(("Tensor", "Callback", "Callbacks")):
        return Wanted("object", text=ast.unparse(node))
    return ANY


def _read_subscript(node: ast.Subscript) -> Wanted:
    name, elements = _last(node.value), list(_elements(node.slice))
    if name in ("Optional", "Union"):
        members = [_read(each) for each in elements]
        return union(*members, NONE) if name == "Optional" else union(*members)
    if name == "Literal":
        return Wanted("choice", choices=tuple(each.value for each in elements if isinstance(each, ast.Constant)))
    if name in ("Annotated", "Final", "Required"):
        return _read(elements[0])
    outer = _read_name(node.value)
    if outer.what == "list":
        return Wanted("list", (union(*map(_read, elements)),))
    return _read_tuple(elements) if outer.what == "tuple" else outer


def _read_tuple(elements: list[ast.expr]) -> Wanted:
    fixed = [each for each in elements if not (isinstance(each, ast.Constant) and each.value is ...)]
    inside = tuple(map(_read, fixed))
    # Pipelines write `tuple[int]` for a tuple of any length, so one element alone fixes no length.
    return Wanted("tuple", inside, exact_length=len(inside) == len(elements) > 1)


def _elements(node: ast.expr) -> Iterator[ast.expr]:
    yield from node.elts if isinstance(node, ast.Tuple) else [node]


def _last(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
