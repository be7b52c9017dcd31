"""Names and code that are put together from pieces, or kept in texts."""

from __future__ import annotations

import ast
import base64
import binascii
import string
import zlib

from gremio.code.syntax.parsing import parse_unkept
from gremio.errors import UnreadableCode
from gremio.trust.findings.finding import Severity
from gremio.trust.findings.reading.use import Use
from gremio.trust.findings.rules.dynamic import SENSITIVE
from gremio.trust.findings.rules.obfuscation import MAGIC
from gremio.trust.findings.rules.rule import Rule

_BLOB = 400  # characters
_NAMES = frozenset((
    "system", "popen", "Popen", "eval", "exec", "compile", "__import__", "import_module", "getattr", "setattr",
    "globals", "builtins", "subprocess", "os", "sys", "importlib", "ctypes", "socket", "pickle", "marshal",
    "check_output", "execve", "spawn", "urlopen", "requests", "trust_remote_code", "environ", "HF_TOKEN", "get_token",
    "modules", "meta_path", "settrace", "CDLL", "loads", "rmtree",
))  # fmt: skip


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
    return any(data.startswith(start) for start in MAGIC if len(start) > 2 or (start == b"MZ" and len(data) > 64))


def _is_code(text: str) -> bool:
    """Whether it is Python that imports or executes something."""
    if len(text) > 200_000 or not any(word in text for word in ("import", "exec", "eval", "__", "lambda")):
        return False
    try:
        module = parse_unkept(text.encode("utf-8", "replace"), "a text")
    except UnreadableCode:
        return False
    return any(isinstance(node, ast.Import | ast.ImportFrom) or _executes(node) for node in ast.walk(module))


def _executes(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("exec", "eval", "__import__")
    )


RULES: tuple[Rule, ...] = (HidesName(), HidesCode())
