"""What a rule is: one thing that code would be able to do, and how it is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from gremio.trust.findings.finding import Severity
from gremio.trust.findings.reading.source import Source
from gremio.trust.findings.reading.use import Use


@dataclass(frozen=True)
class Place:
    """A place in a file: its line, None for the whole file; what is there; where in the line, and the last line."""

    line: int | None
    what: str
    severity: Severity | None = None
    column: int = 0
    end: int = 0


class Rule:
    """Reads the uses of certain names.

    ``names`` are absolute; ``os.exec*`` stands for all that begin so, ``subprocess.*`` for all that a module has,
    ``?.x`` for the attribute of something unknown or of an object, ``*.x`` for that of anything; ``keyword:x`` is an
    argument of any call, ``text:`` any text, ``store:`` any assignment to something of a library, ``dict:`` anything
    done with a ``__dict__``. ``what`` is told with the name in place of ``{name}``; what runs while the file is
    imported has ``at_import`` in place of ``severity``, and importing the thing counts unless ``by_import`` is false.
    ``bad`` are samples in which the rule must find something,
    ``good`` such in which it must not.
    """

    code: ClassVar[str]
    severity: ClassVar[Severity]
    at_import: ClassVar[Severity | None] = None
    by_import: ClassVar[bool] = True
    names: ClassVar[tuple[str, ...]]
    what: ClassVar[str]
    why: ClassVar[str]
    benign: ClassVar[str]
    bad: ClassVar[tuple[str, ...]]
    good: ClassVar[tuple[str, ...]]

    def judge(self, use: Use) -> Severity | None:
        """How grave this use is; None where it is none of the rule's."""
        return self.severity if self.by_import or use.kind != "import" else None

    def tell(self, use: Use) -> str:
        """What is there."""
        return self.what.format(name=shown(use.name))


class FileRule:
    """Reads whole files, Python or not. Samples are files by their path."""

    code: ClassVar[str]
    severity: ClassVar[Severity]
    why: ClassVar[str]
    benign: ClassVar[str]
    bad: ClassVar[tuple[dict[str, bytes], ...]]
    good: ClassVar[tuple[dict[str, bytes], ...]]

    def read(self, source: Source) -> Iterator[Place]:
        """The places in one file."""
        raise NotImplementedError


def shown(name: str) -> str:
    """A name as a person would write it."""
    return name.removeprefix("builtins.").removeprefix("?").removeprefix("keyword:").replace("[]", "[…]")
