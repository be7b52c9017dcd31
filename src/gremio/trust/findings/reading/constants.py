"""What expressions over constants give: text put together, decoded, cut, reversed. Small, total and bounded.

Only these functions are ever called on what the code says, and only on constants; each is pure and its result is
limited in size.
"""

from __future__ import annotations

import ast
import base64
import binascii
import bz2
import codecs
import gzip
import io
import lzma
import operator
import posixpath
import string
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

LARGEST = 300_000  # characters, bytes or elements of a result
_BITS = 4096  # of an integer
_MEMORY = 64 * 1024 * 1024  # bytes, of a decompressor


class Unfoldable(Exception):
    """It can't be told without running it, or it would be too large."""


def constant(value: object) -> bool:
    """Whether a value is one of those that are followed: flat, so that looking at it costs what its length says."""
    if isinstance(value, tuple):
        return all(_is_scalar(each) or _is_row(each) for each in value)
    if isinstance(value, dict):
        return all(_is_scalar(key) and _is_scalar(each) for key, each in value.items())
    return _is_scalar(value) or isinstance(value, range)


def _is_scalar(value: object) -> bool:
    return value is None or isinstance(value, str | bytes | int | float)


def _is_row(value: object) -> bool:
    return isinstance(value, tuple) and len(value) <= 16 and all(map(_is_scalar, value))


def text_of(value: object) -> str:
    """``str(value)``.

    Raises:
        Unfoldable: it is a container.
    """
    if not _is_scalar(value):
        raise Unfoldable
    return str(value)


_OPERATORS: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.BitXor: operator.xor,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.RShift: operator.rshift,
    ast.FloorDiv: operator.floordiv,
    ast.Div: operator.truediv,
}


def binary(op: ast.operator, left: Any, right: Any) -> object:
    """``left op right``.

    Raises:
        Unfoldable: it can't be done, or the result would be large.
    """
    try:
        if isinstance(op, ast.Mult):
            return _times(left, right)
        if isinstance(op, ast.Mod):
            return _percent(left, right) if isinstance(left, str | bytes) else left % right
        if isinstance(op, ast.LShift | ast.Pow):
            return _grown(op, left, right)
        return checked(_OPERATORS[type(op)](left, right))
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise Unfoldable from error


def checked(value: Any) -> Any:
    """The value, unless it is too large.

    Raises:
        Unfoldable: it is.
    """
    if isinstance(value, str | bytes | tuple | dict | range) and len(value) > LARGEST:
        raise Unfoldable
    if isinstance(value, int) and value.bit_length() > _BITS:
        raise Unfoldable
    return value


def _times(left: Any, right: Any) -> object:
    if isinstance(left, int) and isinstance(right, str | bytes | tuple):
        left, right = right, left
    if isinstance(left, str | bytes | tuple) and len(left) * int(right) > LARGEST:
        raise Unfoldable
    return checked(left * right)


def _grown(op: ast.operator, left: Any, right: Any) -> object:
    if not (isinstance(left, int) and isinstance(right, int) and 0 <= right < 64 and left.bit_length() < 64):
        raise Unfoldable
    return checked(left**right if isinstance(op, ast.Pow) else left << right)


def _percent(left: str | bytes, right: Any) -> object:
    """``"%s%s" % (a, b)`` without widths, which could ask for any size."""
    for each in right if isinstance(right, tuple) else (right,):
        text_of(each)
    plain = left if isinstance(left, str) else left.decode("latin-1")
    pieces = plain.split("%")[1:]
    if any(piece[:1] not in ("s", "d", "c", "r", "x", "i") for piece in pieces if piece):
        raise Unfoldable
    return checked(left % right)


def formatted(template: str, args: Sequence[object], keywords: Mapping[str, object]) -> str:
    """``template.format(...)`` of plain fields.

    Raises:
        Unfoldable: a field has a width, a conversion, an attribute or an item.
    """
    for each in (*args, *keywords.values()):
        text_of(each)
    try:
        fields = list(string.Formatter().parse(template))
        if any(
            spec or conversion or "." in (name or "") or "[" in (name or "") for _, name, spec, conversion in fields
        ):
            raise Unfoldable
        return str(checked(template.format(*args, **keywords)))
    except (ValueError, LookupError) as error:
        raise Unfoldable from error


def subscript(value: Any, key: Any) -> object:
    """``value[key]``.

    Raises:
        Unfoldable: there is no such thing.
    """
    try:
        return checked(value[key])
    except (TypeError, LookupError, ValueError) as error:
        raise Unfoldable from error


def _decompressed(make: Callable[[], Any]) -> Callable[..., bytes]:
    def decompress(data: bytes, *_: object) -> bytes:
        return bytes(make().decompress(data, LARGEST))

    return decompress


def _gunzip(data: bytes, *_: object) -> bytes:
    return gzip.GzipFile(fileobj=io.BytesIO(data)).read(LARGEST)


_CODECS = frozenset((
    "rot13", "rot_13", "hex", "hex_codec", "base64", "base64_codec", "utf-8", "utf8", "ascii", "latin-1", "latin1",
    "unicode_escape", "unicode-escape", "raw_unicode_escape", "utf-16", "utf-16-le", "utf-16-be", "utf-7", "punycode",
))  # fmt: skip


def _decode(data: Any, encoding: str = "utf-8", errors: str = "strict") -> object:
    if encoding.lower() not in _CODECS:
        raise Unfoldable
    return codecs.decode(data, encoding, errors)


def _encode(data: Any, encoding: str = "utf-8", errors: str = "strict") -> object:
    if encoding.lower() not in _CODECS:
        raise Unfoldable
    return codecs.encode(data, encoding, errors)


def _bytes(data: Any = b"", *rest: str) -> bytes:
    if isinstance(data, int):
        return bytes(checked(range(data)) and data)
    return bytes(data, *rest)


def _map(function: Any, *items: Any) -> tuple[Any, ...]:
    """``map(chr, …)``: the function is the name of one of those below."""
    if function not in FUNCTIONS:
        raise Unfoldable
    return tuple(FUNCTIONS[function](*each) for each in zip(*items, strict=False))


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "builtins.chr": chr,
    "builtins.ord": ord,
    "builtins.str": lambda data="", *rest: str(data, *rest) if rest else text_of(data),
    "builtins.int": lambda data=0, *rest: int(data, *rest),
    "builtins.bytes": _bytes,
    "builtins.bytearray": _bytes,
    "builtins.memoryview": _bytes,
    "builtins.bytes.fromhex": bytes.fromhex,
    "builtins.bytearray.fromhex": bytes.fromhex,
    "builtins.list": lambda data=(): tuple(data),
    "builtins.tuple": lambda data=(): tuple(data),
    "builtins.iter": tuple,
    "builtins.next": lambda data, *_: next(iter(data)),
    "builtins.reversed": lambda data: tuple(reversed(data)),
    "builtins.sorted": lambda data: tuple(sorted(data)),
    "builtins.zip": lambda *data: tuple(zip(*data, strict=False)),
    "builtins.enumerate": lambda data, start=0: tuple(enumerate(data, start)),
    "builtins.range": lambda *data: checked(range(*data)),
    "builtins.len": len,
    "builtins.bool": bool,
    "builtins.min": min,
    "builtins.max": max,
    "builtins.sum": lambda data: sum(each for each in data if not isinstance(each, tuple)),
    "builtins.abs": abs,
    "builtins.map": _map,
    "builtins.dict": lambda *data, **more: dict(*data, **more),
    "builtins.str.join": lambda sep, parts: sep.join(parts),
    "builtins.str.maketrans": str.maketrans,
    "builtins.bytes.maketrans": bytes.maketrans,
    "base64.b64decode": base64.b64decode,
    "base64.standard_b64decode": base64.standard_b64decode,
    "base64.urlsafe_b64decode": base64.urlsafe_b64decode,
    "base64.decodebytes": base64.decodebytes,
    "base64.b32decode": base64.b32decode,
    "base64.b16decode": base64.b16decode,
    "base64.a85decode": base64.a85decode,
    "base64.b85decode": base64.b85decode,
    "binascii.unhexlify": binascii.unhexlify,
    "binascii.a2b_hex": binascii.unhexlify,
    "binascii.a2b_base64": binascii.a2b_base64,
    "codecs.decode": _decode,
    "codecs.encode": _encode,
    "zlib.decompress": lambda data, *_: zlib.decompressobj().decompress(data, LARGEST),
    "gzip.decompress": _gunzip,
    "bz2.decompress": _decompressed(bz2.BZ2Decompressor),
    "lzma.decompress": _decompressed(lambda: lzma.LZMADecompressor(memlimit=_MEMORY)),
    "os.path.join": posixpath.join,
    "posixpath.join": posixpath.join,
    "operator.add": lambda a, b: binary(ast.Add(), a, b),
    "operator.concat": lambda a, b: binary(ast.Add(), a, b),
    "operator.xor": operator.xor,
}
"""Pure functions by their name, called on constants only."""

DECODERS = frozenset(
    name for name in FUNCTIONS if name.partition(".")[0] in ("base64", "binascii", "zlib", "gzip", "bz2", "lzma")
)

_METHODS: Mapping[type, frozenset[str]] = {
    str: frozenset((
        "capitalize", "casefold", "encode", "lower", "lstrip", "partition", "removeprefix", "removesuffix", "replace",
        "rpartition", "rsplit", "rstrip", "split", "splitlines", "strip", "swapcase", "title", "translate", "upper",
    )),
    bytes: frozenset((
        "decode", "hex", "lower", "lstrip", "replace", "rstrip", "split", "strip", "swapcase", "translate", "upper",
    )),
    dict: frozenset(("get", "keys", "values", "items")),
    int: frozenset(("to_bytes",)),
}  # fmt: skip


def method(value: Any, name: str, args: Sequence[Any], keywords: Mapping[str, Any]) -> object:
    """``value.name(*args)``.

    Raises:
        Unfoldable: it is none of those that are followed, or fails.
    """
    try:
        if name == "join" and isinstance(value, str | bytes):
            return _joined(value, args)
        if name == "format" and isinstance(value, str):
            return formatted(value, args, keywords)
        if name in ("decode", "encode") and isinstance(value, str | bytes):
            return checked((_decode if name == "decode" else _encode)(value, *args, **keywords))
        allowed = next((names for kind, names in _METHODS.items() if isinstance(value, kind)), frozenset[str]())
        if name not in allowed:
            raise Unfoldable
        if name == "replace" and len(value) * len(args[1]) > LARGEST:
            raise Unfoldable
        if name == "to_bytes" and int(args[0]) > _BITS:
            raise Unfoldable
        return checked(plain(getattr(value, name)(*args, **keywords)))
    except Unfoldable:
        raise
    except Exception as error:
        raise Unfoldable from error


def _joined(separator: Any, args: Sequence[Any]) -> object:
    (parts,) = args
    if sum(map(len, parts)) + len(separator) * len(parts) > LARGEST:
        raise Unfoldable
    return separator.join(parts)


def call(name: str, args: Sequence[Any], keywords: Mapping[str, Any]) -> object:
    """One of ``FUNCTIONS``, on constants.

    Raises:
        Unfoldable: it fails, or the result would be large.
    """
    try:
        return checked(plain(FUNCTIONS[name](*args, **keywords)))
    except Unfoldable:
        raise
    except Exception as error:
        raise Unfoldable from error


def plain(value: Any) -> Any:
    """Lists as tuples, byte arrays as bytes: constants that can't be changed."""
    if isinstance(value, bytearray | memoryview):
        return bytes(value)
    if isinstance(value, list) or type(value).__name__ in ("dict_keys", "dict_values", "dict_items"):
        return tuple(value)
    return value
