"""All findings of one tree."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path

from gremio.code import CodeTree
from gremio.code.syntax import parsing
from gremio.trust.findings.finding import Confidence, Finding, Severity, by_weight
from gremio.trust.findings.reading.program import Program
from gremio.trust.findings.reading.source import Source
from gremio.trust.findings.reading.use import Use
from gremio.trust.findings.reading.uses import uses
from gremio.trust.findings.rules import FILE_RULES, RULES, Place, Rule

_LARGEST_TEXT = 1_000_000  # bytes of a data file that may be Python under another name
_UNTOLD = "obfuscation/tangled"
_READERS = (Path(__file__).parent, Path(parsing.__file__).parent)


def scan(tree: CodeTree) -> tuple[Finding, ...]:
    """What every file of the tree would be able to do, the gravest first. Nothing is executed or imported.

    What can't be read or followed is a finding too, so an unreadable file raises nothing.
    """
    with parsing.no_collection():
        return by_weight(_once(_findings(tree)))


def file_findings(path: str, data: bytes) -> tuple[Finding, ...]:
    """What one file beside the code says by itself: a model card that names another repository."""
    return by_weight(_of_file(_source(path, data)))


@cache
def fingerprint() -> str:
    """Of what an answer depends on beside the code: the rules, and what reads for them."""
    told = hashlib.sha256()
    for path in sorted(path for folder in _READERS for path in folder.rglob("*.py")):
        told.update(path.read_bytes())
    return told.hexdigest()


def _findings(tree: CodeTree) -> list[Finding]:
    sources = [_source(path, data) for path, data in tree.files.items()]
    found = [finding for source in sources for finding in _of_file(source)]
    program = Program.of(tree, sources)
    used = uses(program, rules_for)
    found += [finding for use in used.every for finding in _of_use(use, use.context in used.at_import)]
    tangled = [*program.lost, *(file.source for file in program.files.values() if file.tangled)]
    return found + [_tangled(source) for source in tangled]


def _source(path: str, data: bytes) -> Source:
    if path.endswith(".py"):
        return Source.read(path, data)
    # Only a file that could be code is worth parsing; what fails to parse then is simply data.
    telling = len(data) <= _LARGEST_TEXT and any(word in data for word in (b"import ", b"exec", b"eval", b"__"))
    source = Source.read(path, data) if telling else Source(path, data)
    return source if source.module is not None and _acts(source.module) else Source(path, data)


def _acts(module: ast.Module) -> bool:
    """Whether a text that parses is code, and not words, numbers or JSON that happen to parse."""
    return any(isinstance(node, ast.Import | ast.ImportFrom | ast.Call | ast.FunctionDef) for node in ast.walk(module))


def _of_file(source: Source) -> Iterator[Finding]:
    for rule in FILE_RULES:
        try:
            for place in rule.read(source):
                yield _finding(rule.code, place.severity or rule.severity, rule.why, rule.benign, source, place)
        except RecursionError:
            yield _tangled(source)


def _of_use(use: Use, at_import: bool) -> Iterator[Finding]:
    if use.kind == "computed" and not at_import:
        return  # functions are passed around all the time
    for rule in (*rules_for(use.name), *(rules_for("store:") if use.kind in ("store", "delete") else ())):
        severity = rule.judge(use)
        if severity is None:
            continue
        what = rule.tell(use)
        if at_import and rule.at_import and severity == rule.severity:
            severity = rule.at_import
        if at_import and use.kind not in ("import", "text"):
            what = f"{what}, while the file is imported"
        place = Place(use.line, what, severity, use.column, use.end)
        yield _finding(rule.code, severity, rule.why, rule.benign, use.file.source, place, _confidence(use))


def _confidence(use: Use) -> Confidence:
    """Low for a guess by the name of an attribute, medium where other things may be meant too."""
    if use.name.startswith("?.") and not use.name.startswith("?.__"):
        return "low"
    return "high" if use.sure else "medium"


def _tangled(source: Source) -> Finding:
    why = "Where names can't be followed, what is meant by them can't be told."
    place = Place(None, "is too tangled to follow its names")
    return _finding(_UNTOLD, "high", why, "Generated code.", source, place)


def _finding(
    code: str, severity: Severity, why: str, benign: str, source: Source, place: Place, confidence: Confidence = "high"
) -> Finding:
    snippet = source.snippet(place.line, place.column, place.end) if place.line else ""
    return Finding(code, severity, confidence, source.path, place.line, snippet, place.what, why, benign)


def _once(findings: list[Finding]) -> list[Finding]:
    """One finding for a code and a line: the gravest, and of those the surest."""
    kept: dict[tuple[str, str, int | None], Finding] = {}
    for finding in by_weight(findings):
        kept.setdefault((finding.code, finding.file, finding.line), finding)
    return list(kept.values())


@lru_cache(maxsize=65_536)
def rules_for(name: str) -> tuple[Rule, ...]:
    """The rules that want to see the uses of a name."""
    exact, globs = _index()
    found = list(exact.get(name, ()))
    last = name.rpartition(".")[2]
    if any(sign in name for sign in "([?") and last != name:
        found += exact.get(f"?.{last}", ())
    found += exact.get(f"*.{last}", ())
    if ".__dict__." in name:
        found += exact.get("dict:", ())
    found += [rule for glob, rule in globs.get(name.partition(".")[0], ()) if _matches(glob, name)]
    return tuple(dict.fromkeys(found))


@cache
def _index() -> tuple[dict[str, list[Rule]], dict[str, list[tuple[str, Rule]]]]:
    """Rules by the exact names, and by the first part of those with a star."""
    exact: dict[str, list[Rule]] = {}
    globs: dict[str, list[tuple[str, Rule]]] = {}
    for rule in RULES:
        for name in rule.names:
            if "*" in name.removeprefix("*."):
                globs.setdefault(name.partition(".")[0].rstrip("*"), []).append((name, rule))
            else:
                exact.setdefault(name, []).append(rule)
    return exact, globs


def _matches(glob: str, name: str) -> bool:
    """Whether a name is what the stars stand for; what calls and items give is not."""
    first, *rest = glob.split("*")
    if not name.startswith(first):
        return False
    left = name[len(first) :]
    for position, part in enumerate(rest):
        if position == len(rest) - 1 and not part:
            break
        _, found, left = left.partition(part)
        if not found:
            return False
    return not any(sign in name[len(first) :] for sign in "([")
