"""Whether a file still says what the class in memory was made from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FunctionType

from gremio.errors import CodeError
from gremio.publishing.saving.extraction.matching import functions_in


def require_same_as_in_memory(cls: type, source: bytes, file: Path) -> None:
    """Refuse to publish a file that was edited since its class was imported: it is not what ran.

    Raises:
        CodeError: a method reads otherwise in the file.
    """
    try:
        written = {code.co_qualname: code for code in _codes(compile(source, str(file), "exec", dont_inherit=True))}
    except (SyntaxError, ValueError):
        written = {}
    for name, function in _functions(cls):
        if function.__code__.co_filename != str(file):
            # Put there by a decorator or by somebody else; its own file is not this one's matter.
            continue
        there = written.get(function.__qualname__)
        if there is None or not _same(there, function.__code__):
            raise CodeError(
                f"{file.name} was changed since {cls.__name__} was imported: {name} is not what ran",
                next_step="Start Python again, so that what is published is what was tried.",
            )


def _functions(cls: type) -> Iterator[tuple[str, FunctionType]]:
    for name, value in vars(cls).items():
        yield from ((name, function) for function in functions_in(value))


def _codes(code: CodeType) -> Iterator[CodeType]:
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield each
            yield from _codes(each)


def _same(one: CodeType, other: CodeType) -> bool:
    return one.co_code == other.co_code and one.co_names == other.co_names and _plain(one) == _plain(other)


def _plain(code: CodeType) -> list[object]:
    return [each for each in code.co_consts if not isinstance(each, CodeType)]
