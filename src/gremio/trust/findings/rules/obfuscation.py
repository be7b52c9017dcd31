"""Code that is written so that a reader sees something else than Python does."""

from __future__ import annotations

import ast
import base64
import binascii
import string
import unicodedata
import warnings
import zlib
from collections.abc import Iterator

from gremio.code.syntax.parsing import statements
from gremio.trust.findings.finding import Severity
from gremio.trust.findings.reading.source import Source
from gremio.trust.findings.reading.use import Use
from gremio.trust.findings.rules.dynamic import SENSITIVE
from gremio.trust.findings.rules.rule import FileRule, Place, Rule

_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_UNSEEN = frozenset(
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b\u200c\u2060\u2061\u2062\u2063\u2064\u3164\ufeff\uffa0"
)
_LATIN_ALIKE = frozenset("аеорсухѕіјһԁԛԝӏАВЕЅІЈКМНОРСТХУҮΑΒΕΖΗΙΚΜΝΟΡΤΥΧονօոսցհ")  # noqa: RUF001
_PLAIN = frozenset(("utf-8", "utf-8-sig", "ascii"))
_OLD = frozenset(("iso-8859-1", "latin-1", "iso-8859-15", "cp1252"))
_LONG_LINE = 2000  # characters
_ASIDE = 120  # columns
_BLOB = 400  # characters
_NAMES = frozenset((
    "system", "popen", "Popen", "eval", "exec", "compile", "__import__", "import_module", "getattr", "setattr",
    "globals", "builtins", "subprocess", "os", "sys", "importlib", "ctypes", "socket", "pickle", "marshal",
    "check_output", "execve", "spawn", "urlopen", "requests", "trust_remote_code", "environ", "HF_TOKEN", "get_token",
    "modules", "meta_path", "settrace", "CDLL", "loads", "rmtree",
))  # fmt: skip
_MAGIC = {
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
        magic = next((what for start, what in _MAGIC.items() if source.data.startswith(start)), "")
        if magic or ending:
            soft = ending in ("code", "a notebook") and not magic
            yield Place(None, f"is {magic or ending}", "medium" if soft else None)
        elif source.module is not None:
            yield Place(None, "is Python under another name")


class HidesName(Rule):
    """Names that are put together from pieces."""

    code = "obfuscation/hidden-name"
    severity = "high"
    names = ("text:",)
    what = "puts a name together from pieces"
    why = "Whoever searches for it doesn't find it, which is what this is good for."
    benign = "None that we know."
    bad = (
        "x = 'sys' + 'tem'\n",
        "x = ''.join(['__', 'import', '__'])\n",
        "x = chr(111) + chr(115)\n",
        "x = 'metsys'[::-1]\n",
        'x = f\'{"e"}{"val"}\'\n',
        "import base64\nx = base64.b64decode('b3Muc3lzdGVt')\n",
        "x = bytes([101, 118, 97, 108]).decode()\n",
        "x = ''.join(chr(ord(c) - 1) for c in 'fwbm')\n",
    )
    good = ("x = 'system'\n", "x = 'to' + '_' + 'q'\n", "x = f'{y}.system'\n", "x = ' '.join(['a', 'photo'])\n")

    def judge(self, use: Use) -> Severity | None:
        """Only names through which much can be reached."""
        return self.severity if use.assembled and _is_telling(use.text.strip()) else None

    def tell(self, use: Use) -> str:
        """With the name."""
        return f"puts the name {use.text.strip()[:60]!r} together from pieces"


def _is_telling(text: str) -> bool:
    if len(text) > 80 or not text.isascii():
        return False
    parts = text.replace(":", ".").split(".")
    if not all(part.isidentifier() for part in parts):
        return False
    dunder = any(part.startswith("__") and part.endswith("__") and len(part) > 4 for part in parts)
    return dunder or any(part in _NAMES for part in parts) or (len(parts) > 1 and parts[0] in SENSITIVE)


_SAMPLE = b"import os; os.system(1)\n"


class HidesCode(Rule):
    """Code and binary data in a text."""

    code = "obfuscation/blob"
    severity = "high"
    names = ("text:",)
    what = "has an encoded blob"
    why = "What it holds can't be read, and may become code."
    benign = "A small picture, or a table of numbers."
    bad = (
        "import base64\nx = base64.b64decode('aW1wb3J0IG9zCm9zLnN5c3RlbSgnbHMnKQo=')\n",
        f"x = '{'A1b2' * 200}'\n",
        "x = 'import os\\nos.system(1)'\n",
        f"x = {base64.b64encode(zlib.compress(_SAMPLE * 9))!r}\n",
    )
    good = (
        "x = 'a photo of an astronaut riding a horse'\n",
        f"x = '{'a photo, ' * 200}'\n",
        "x = 'import this dress'\n",
    )

    def judge(self, use: Use) -> Severity | None:
        """What it decodes to decides."""
        text = use.text
        if len(text) > 15 and _is_code(text):
            return self.severity
        if len(text) < 40 or not _is_encoded(text):
            return None
        data = _decoded(text)
        if data and (_starts_badly(data) or _is_code(data.decode("utf-8", "replace"))):
            return self.severity
        return "medium" if len(text) >= _BLOB else None


_ALPHABET = frozenset(string.ascii_letters + string.digits + "+/=-_\n\r")


def _is_encoded(text: str) -> bool:
    """Whether it is one word of base64 or hexadecimal digits, too varied for a name."""
    return (set(text) <= _ALPHABET and " " not in text and len(set(text)) > 3 and not text.isidentifier()) or _is_mixed(
        text
    )


def _is_mixed(text: str) -> bool:
    return len(text) >= 40 and text.isalnum() and any(c.isdigit() for c in text) and any(c.isalpha() for c in text)


def _decoded(text: str) -> bytes:
    for decode in (lambda t: base64.b64decode(t, validate=True), binascii.unhexlify, base64.urlsafe_b64decode):
        try:
            data = bytes(decode(text.strip()))
        except (binascii.Error, ValueError):
            continue
        try:
            return zlib.decompressobj().decompress(data, 100_000)
        except zlib.error:
            return data
    return b""


def _starts_badly(data: bytes) -> bool:
    return any(data.startswith(start) for start in _MAGIC if len(start) > 2 or (start == b"MZ" and len(data) > 64))


def _is_code(text: str) -> bool:
    """Whether it is Python that imports or executes something."""
    if len(text) > 200_000 or not any(word in text for word in ("import", "exec", "eval", "__", "lambda")):
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return any(isinstance(node, ast.Import | ast.ImportFrom) or _executes(node) for node in ast.walk(module))


def _executes(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("exec", "eval", "__import__")
    )


RULES: tuple[Rule, ...] = (HidesName(), HidesCode())
FILE_RULES: tuple[FileRule, ...] = (
    Unreadable(),
    OtherEncoding(),
    Invisible(),
    LooksAlike(),
    OutOfSight(),
    CodeInData(),
)
