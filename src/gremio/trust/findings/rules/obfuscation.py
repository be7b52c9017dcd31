"""Code that is written so that a reader sees something else than Python does."""

from __future__ import annotations

import ast
import unicodedata
from collections.abc import Iterator

from gremio.code.syntax.parsing import statements
from gremio.trust.findings.finding import Severity
from gremio.trust.findings.reading.source import Source
from gremio.trust.findings.rules.rule import FileRule, Place

_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_UNSEEN = frozenset(
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b\u200c\u2060\u2061\u2062\u2063\u2064\u3164\ufeff\uffa0"
)
_LATIN_ALIKE = frozenset("аеорсухѕіјһԁԛԝӏАВЕЅІЈКМНОРСТХУҮΑΒΕΖΗΙΚΜΝΟΡΤΥΧονօոսցհ")  # noqa: RUF001
_PLAIN = frozenset(("utf-8", "utf-8-sig", "ascii"))
_OLD = frozenset(("iso-8859-1", "latin-1", "iso-8859-15", "cp1252"))
_LONG_LINE = 2000  # characters
_ASIDE = 120  # columns
MAGIC = {
    b"\x7fELF": "a program (ELF)",
    b"MZ": "a program (Windows)",
    b"\xcf\xfa\xed\xfe": "a program (macOS)",
    b"\xca\xfe\xba\xbe": "a program (macOS, Java)",
    b"\x80\x02": "a pickle",
    b"\x80\x03": "a pickle",
    b"\x80\x04": "a pickle",
    b"\x80\x05": "a pickle",
    b"#!": "a script",
    b"PK\x03\x04": "an archive (zip), as pickled weights are too",
    b"\xe3\x00\x00\x00": "compiled Python",
}
"""What files that are code begin with."""
_CODE_ENDINGS = {
    ".pyc": "compiled Python", ".pyo": "compiled Python", ".pyd": "a program", ".so": "a program", ".dll": "a program",
    ".dylib": "a program", ".exe": "a program", ".pth": "a file that Python executes, or a pickle", ".pkl": "a pickle",
    ".pickle": "a pickle", ".joblib": "a pickle", ".sh": "a script", ".bat": "a script", ".ps1": "a script",
    ".whl": "a package", ".egg": "a package", ".ipynb": "a notebook", ".pyx": "code", ".pyw": "code", ".c": "code",
    ".cpp": "code", ".cu": "code",
}  # fmt: skip


class Unreadable(FileRule):
    """Files that are not Python, and can't be reviewed."""

    code = "obfuscation/unreadable"
    severity = "high"
    why = "What can't be read here may still run elsewhere, on another version of Python."
    benign = "Code for an older or newer Python."
    bad = ({"pipeline.py": b"def f(:\n"}, {"pipeline.py": b"x = 1\n", "a/b.py": b"# coding: rot13\nk = 1\n"})
    good = ({"pipeline.py": b"x = 1\n"}, {"pipeline.py": b""})

    def read(self, source: Source) -> Iterator[Place]:
        """What the parser said."""
        if source.problem:
            yield Place(source.line, f"can't be read: {source.problem}")


class OtherEncoding(FileRule):
    """Source in another encoding than UTF-8."""

    code = "obfuscation/encoding"
    severity = "high"
    why = "An editor shows other characters than Python reads."
    benign = "An old file in Latin-1."
    bad = (
        {"pipeline.py": b"# coding: utf-7\nx = 1\n"},
        {"pipeline.py": b"# -*- coding: unicode_escape -*-\nx = 1\n"},
    )
    good = ({"pipeline.py": b"# coding: utf-8\nx = 1\n"}, {"pipeline.py": "x = 'ñ'\n".encode()})

    def read(self, source: Source) -> Iterator[Place]:
        """What the first lines say."""
        if source.path.endswith(".py") and source.encoding not in _PLAIN:
            yield Place(1, f"is written in {source.encoding}", "medium" if source.encoding in _OLD else None)


class Invisible(FileRule):
    """Characters that can't be seen, or that turn the line around."""

    code = "obfuscation/invisible"
    severity = "high"
    why = "What is on the screen is not what Python reads: a comment can be code, and code a comment."
    benign = "Text in Arabic or Hebrew; written as an escape it can be seen."
    bad = (
        {"pipeline.py": "x = 1  # \u202e secret\n".encode()},
        {"pipeline.py": "x = 'a\u2066b'\n".encode()},
        {"pipeline.py": b"x = 1 # \x1b[2K harmless\n"},
        {"pipeline.py": b"# harmless\rimport os\n"},
    )
    good = ({"pipeline.py": "x = '⚠️ 👩‍🎨'\n".encode()}, {"pipeline.py": b"x = '\\u202e'\r\ny = 2\r\n"})

    def read(self, source: Source) -> Iterator[Place]:
        """Line by line, where there is any."""
        if source.module is None and not source.problem:
            return
        text = source.text
        if text.isascii() and text.isprintable():
            return
        if b"\r" in source.data.replace(b"\r\n", b""):
            yield Place(None, "has line ends that editors don't show")
        for number, line in enumerate(source.lines, 1):
            if line.isascii() and line.isprintable():
                continue
            what, severity = _unseen(line)
            if what:
                yield Place(number, what, severity)


def _unseen(line: str) -> tuple[str, Severity | None]:
    found = {char for char in line if not char.isprintable() or char in _BIDI or char in _UNSEEN or _is_tag(char)}
    if found & _BIDI:
        return f"has characters that turn the text around: {_codes(found & _BIDI)}", None
    tags = {char for char in found if _is_tag(char)}
    if tags:
        return f"has characters that can't be seen: {_codes(tags)}", None
    control = {char for char in found if unicodedata.category(char) == "Cc"} - set("\t\f\x1a")
    if control:
        return f"has control characters: {_codes(control)}", None
    unseen = found & _UNSEEN
    return (f"has characters that can't be seen: {_codes(unseen)}", "medium") if unseen else ("", None)


def _is_tag(char: str) -> bool:
    return "\U000e0000" <= char <= "\U000e0fff"


def _codes(chars: set[str]) -> str:
    return ", ".join(f"U+{ord(char):04X}" for char in sorted(chars)[:5])


class LooksAlike(FileRule):
    """Names in letters that look like others."""

    code = "obfuscation/look-alike"
    severity = "high"
    why = "Two names that look the same are two things."
    benign = "Greek letters of a formula, where none of them looks like a Latin one."
    bad = (
        {"pipeline.py": "ѕystem = 1\n".encode()},  # noqa: RUF001
        {"pipeline.py": "def f():\n    \uff4f\uff53 = 1\n".encode()},
        {"pipeline.py": "import os as \U0001d428\U0001d42c\n".encode()},
    )
    good = ({"pipeline.py": "σ_t = 1\nΔt = 2\nβ = 3\n".encode()}, {"pipeline.py": "x = 'ѕ'\n".encode()})  # noqa: RUF001

    def read(self, source: Source) -> Iterator[Place]:
        """The names of the syntax tree, and how they are spelled."""
        if source.module is None or source.text.isascii() or not _suspect(source.text):
            return
        told: set[str] = set()
        names = set()
        for name, line in _identifiers(source.module):
            names.add(name)
            if not name.isascii() and name not in told and _alike(name):
                told.add(name)
                yield Place(line, f"has a name in letters that look like others: {name}")
        for number, text in enumerate(source.lines, 1):
            for word in [] if text.isascii() else _words(text):
                plain = unicodedata.normalize("NFKC", word)
                if plain != word and plain in names and word not in told:
                    told.add(word)
                    yield Place(number, f"spells the name {plain} in other letters")


def _suspect(text: str) -> bool:
    """Whether it has letters that look like others at all; most text that is not ASCII has none."""
    foreign = {char for char in set(text) if not char.isascii()}
    return any(char in _LATIN_ALIKE or unicodedata.normalize("NFKC", char) != char for char in foreign)


def _identifiers(module: ast.Module) -> Iterator[tuple[str, int]]:
    line = 1
    for node in ast.walk(module):
        line = getattr(node, "lineno", line)
        for name in ("id", "attr", "name", "arg", "asname"):
            value = getattr(node, name, None)
            if isinstance(value, str):
                yield value, line


def _alike(name: str) -> bool:
    """Whether a part of the name is nothing but look-alikes, or has one among Latin letters; ``Δt`` has none."""
    for part in name.split("_"):
        letters = [char for char in part if char.isalpha()]
        alike = [char for char in letters if char in _LATIN_ALIKE]
        latin = any(char.isascii() for char in letters)
        if alike and (latin or (len(alike) == len(letters) > 1)):
            return True
    return False


def _words(line: str) -> list[str]:
    return "".join(char if char.isidentifier() or char.isdigit() else " " for char in line).split()


class OutOfSight(FileRule):
    """Code far to the right, and lines without end."""

    code = "obfuscation/out-of-sight"
    severity = "high"
    why = "Nobody scrolls there."
    benign = "A table on one line."
    bad = (
        {"pipeline.py": b"x = 1;" + b" " * 200 + b"import os\n"},
        {"pipeline.py": b"x = [" + b"1, " * 2000 + b"]\n"},
    )
    good = ({"pipeline.py": b"x = 1; y = 2\n"}, {"pipeline.py": b"x = 1" + b" " * 200 + b"# why\n"})

    def read(self, source: Source) -> Iterator[Place]:
        """Statements that begin after others, and long lines."""
        if source.module is None:
            return
        indented = [node for node, _ in statements(source.module) if node.col_offset >= _ASIDE]
        for node in indented:
            if source.lines[node.lineno - 1][: node.col_offset].strip():
                yield Place(
                    node.lineno, f"has a statement that begins at column {node.col_offset}", None, node.col_offset
                )
        for number, line in enumerate(source.lines, 1):
            if len(line) > _LONG_LINE:
                yield Place(number, f"has a line of {len(line)} characters", "medium")


class CodeInData(FileRule):
    """Files among the data that are code."""

    code = "obfuscation/code-in-data"
    severity = "high"
    why = "Code beside the Python files runs as well, by an import, a load or a start, and reads worse or not at all."
    benign = "A kernel's source, a notebook with examples."
    bad = (
        {"pipeline.py": b"x = 1\n", "a.bin": b"\x80\x04\x95\x00"},
        {"pipeline.py": b"x = 1\n", "lib.so": b""},
        {"pipeline.py": b"x = 1\n", "words.txt": b"import os\nos.system('ls')\n"},
    )
    good = (
        {"pipeline.py": b"x = 1\n", "words.txt": b"import\nof\ngoods\n"},
        {"pipeline.py": b"x = 1\n", "vocab.json": b'{"import os": 1}'},
    )

    def read(self, source: Source) -> Iterator[Place]:
        """By its first bytes, its ending, or because it is Python under another name."""
        if source.path.endswith(".py"):
            return
        ending = next((what for end, what in _CODE_ENDINGS.items() if source.path.lower().endswith(end)), "")
        magic = next((what for start, what in MAGIC.items() if source.data.startswith(start)), "")
        if magic or ending:
            soft = ending in ("code", "a notebook") and not magic
            yield Place(None, f"is {magic or ending}", "medium" if soft else None)
        elif source.module is not None:
            yield Place(None, "is Python under another name")


FILE_RULES: tuple[FileRule, ...] = (
    Unreadable(),
    OtherEncoding(),
    Invisible(),
    LooksAlike(),
    OutOfSight(),
    CodeInData(),
)
