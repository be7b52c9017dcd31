"""From code, and what people wrote of it, to an entry. Everything is read, nothing of it is run."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from gremio.catalog.entry import Entry, Kind, Needed, Source
from gremio.catalog.examples import Subject, example_of, found_in, model_in, plain_example
from gremio.catalog.kinds import family_of, model_of, needs_only_text, tasks_of
from gremio.catalog.markdown import shortened
from gremio.catalog.readme import Told
from gremio.code import CodeTree
from gremio.code.libraries.packages import version_of
from gremio.code.review import ComponentSlot, Parameter
from gremio.code.review.blocks import blocks_of
from gremio.code.review.classes import ClassReader
from gremio.code.review.requirements import BROUGHT, requirements
from gremio.code.review.signatures import SignatureReader
from gremio.code.syntax.parsing import dotted, no_collection, parse
from gremio.errors import CodeError, SeveralClasses
from gremio.trust.findings import Finding, high, scan

_READER = 1
_LICENCES = (
    ("apache-2.0", "Apache License, Version 2.0"),
    ("mit", "MIT License"),
    ("mit", "Permission is hereby granted, free of charge"),
    ("bsd-3-clause", "Redistribution and use in source and binary forms"),
    ("gpl-3.0", "GNU General Public License"),
)
_HEAD = 3000  # bytes of a file in which its licence and its authors stand
_COPYRIGHT = re.compile(r"copyright\s+(?:\(c\)\s*)?(?:[\d,\s-]+)?(?:by\s+)?(.+)", re.IGNORECASE)
_TEAM = re.compile(r"(,?\s*(and\s+)?(the\s+)?hugging\s?face\s?(inc\.?|team)?\.?)|all rights reserved\.?", re.IGNORECASE)
_EXAMPLES = "EXAMPLE_DOC_STRING"


@cache
def reader() -> str:
    """What a reading depends on beside the code: how it is done, and the libraries that classes derive from."""
    return f"{_READER} diffusers {version_of('diffusers')} transformers {version_of('transformers')}"


@dataclass(frozen=True)
class About:
    """What is known of code beside the code itself; ``told`` is what people wrote."""

    ref: str
    source: Source
    name: str
    told: Told = field(default_factory=Told)
    authors: tuple[str, ...] = ()
    licence: str = ""
    task: str = ""
    model: str = ""
    revision: str = ""
    versions: tuple[str, ...] = ()
    current: bool = True


@dataclass(frozen=True)
class Code:
    """Code that was found, and what is known of it beside."""

    tree: CodeTree
    about: About


@dataclass(frozen=True)
class _Class:
    """What a class says of itself."""

    kind: Kind = "other"
    name: str = ""
    docstring: str = ""
    call: tuple[Parameter, ...] = ()
    call_docstring: str = ""
    arguments: tuple[str, ...] = ()
    components: tuple[ComponentSlot, ...] = ()
    bases: tuple[str, ...] = ()
    problem: str = ""


def without_code(about: About, problem: str) -> Entry:
    """An entry of which no code was read, and why."""
    told = about.told
    names = (about.name, about.told.title)
    return Entry(
        ref=about.ref,
        source=about.source,
        name=about.name,
        title=told.title,
        description=told.description,
        authors=told.authors or about.authors,
        tasks=tuple(filter(None, [about.task])),
        family=family_of((), (), names, about.model),
        licence=about.licence,
        model=about.model,
        pictures=told.pictures,
        revision=about.revision,
        versions=about.versions,
        current=about.current,
        problem=problem,
    )


def read_entry(tree: CodeTree, about: About) -> Entry:
    """What can be known of this code by reading. Code that can't be read as Python is an entry with a ``problem``."""
    with no_collection():
        # First, since it reads every file and leaves the syntax trees for the rest.
        findings = scan(tree)
        try:
            found, packages = _class(tree), _packages(tree)
            header = _Header.of(tree)
        except (CodeError, RecursionError) as error:
            told = error.message if isinstance(error, CodeError) else "it is nested too deeply to be read"
            found, packages, header = _Class(problem=told), (), _Header()
        return _entry(tree, about, found, packages, header, findings)


def _entry(
    tree: CodeTree,
    about: About,
    found: _Class,
    packages: tuple[Needed, ...],
    header: _Header,
    findings: Sequence[Finding],
) -> Entry:
    told = about.told
    subject = Subject(about.ref, frozenset({about.name}), found.name, found.call, found.call_docstring)
    snippets = [*(("README", each) for each in told.snippets), *(("docstring", each) for each in header.snippets)]
    names = (about.name, found.name)
    uses = found_in(subject, snippets)
    model = about.model or model_in(uses)
    family = family_of(found.components, found.bases, names, model)
    called = found.kind in ("pipeline", "blocks")
    tasks = tasks_of(found.call, found.components, names, card=about.task) if called else ()
    example = example_of(subject, uses) if found.kind == "pipeline" else None
    if example is None and found.kind == "pipeline" and needs_only_text(tasks, found.components):
        example = plain_example(subject, model or model_of(family))
    return Entry(
        ref=about.ref,
        source=about.source,
        name=about.name,
        title=told.title,
        description=told.description or _first_paragraph(found.docstring) or _first_paragraph(header.docstring),
        authors=told.authors or about.authors or header.authors,
        tasks=tasks,
        family=family,
        kind=found.kind,
        class_name=found.name,
        arguments=found.arguments,
        components=tuple(slot.name for slot in found.components),
        packages=packages,
        licence=about.licence or header.licence,
        digest=str(tree.digest),
        commit=tree.origin.commit,
        revision=about.revision,
        versions=about.versions,
        findings=dict(Counter(finding.code for finding in findings)),
        grave=tuple(dict.fromkeys(finding.code for finding in high(findings))),
        model=model,
        example=example,
        pictures=told.pictures,
        problem=found.problem,
        current=about.current,
    )


def _class(tree: CodeTree) -> _Class:
    """The class that the entry is about; of several that may be meant, the first."""
    classes = ClassReader(tree)
    problem = ""
    try:
        name = classes.entry_class("class", None)
    except SeveralClasses as several:
        name, problem = several.names[0], several.message
    except CodeError as error:
        return _Class(problem=error.message)
    place = classes.located(classes.absolute(tree.entry, name))
    kind = classes.kind(*place) if place else "other"
    signatures = SignatureReader(classes)
    told = _Class(kind, name, signatures.docstring(name), bases=tuple(_bases(classes, tree.entry)), problem=problem)
    if kind == "blocks":
        return _blocks(signatures, told)
    call = signatures.signature(name, "__call__" if kind == "pipeline" else "forward")
    told = replace(told, call=call, arguments=tuple(each.name for each in call if not each.kind.startswith("var_")))
    if kind != "pipeline":
        return told
    return replace(told, call_docstring=signatures.call_docstring(name), components=signatures.components(name))


def _blocks(signatures: SignatureReader, told: _Class) -> _Class:
    """The same of modular blocks, whose call is what they say that they take."""
    blocks = blocks_of(signatures, told.name)
    slots = tuple(ComponentSlot(each.name, (each.type,) if each.type else (), False) for each in blocks.components)
    inputs = [each for each in blocks.inputs if each.name]
    call = tuple(
        Parameter(each.name, each.type, each.default or None, "keyword_only", each.required) for each in inputs
    )
    return replace(told, call=call, arguments=tuple(each.name for each in inputs), components=slots)


def _bases(classes: ClassReader, path: str) -> Iterator[str]:
    """What the classes of a file derive from, by the names that it imports them by."""
    for info in classes.classes(path):
        yield from (base.rpartition(".")[2] for base in info.resolved)


def _packages(tree: CodeTree) -> tuple[Needed, ...]:
    """What it imports beyond what everybody has who runs a pipeline."""
    needed = (each for each in requirements(tree) if each.name not in BROUGHT)
    return tuple(Needed(each.name, each.package or "", each.optional) for each in needed)


@dataclass(frozen=True)
class _Header:
    """What the entry file says at its top, and its own example."""

    licence: str = ""
    authors: tuple[str, ...] = ()
    docstring: str = ""
    snippets: tuple[str, ...] = ()

    @classmethod
    def of(cls, tree: CodeTree) -> _Header:
        head = tree.files[tree.entry][:_HEAD].decode("utf-8", "replace")
        plain = " ".join(head.replace("#", " ").split())
        module = parse(tree, tree.entry)
        return cls(
            licence=next((name for name, sign in _LICENCES if sign in plain), ""),
            authors=tuple(_copyright(head)),
            docstring=ast.get_docstring(module) or "",
            snippets=tuple(_snippets(module)),
        )


def _copyright(head: str) -> Iterator[str]:
    """Who holds a copyright, beside the team that holds one in nearly every file."""
    for line in head.splitlines():
        found = _COPYRIGHT.match(line.strip().strip("#").strip()) if line.lstrip().startswith("#") else None
        name = " ".join(_TEAM.sub("", found[1]).split()).strip(" ,.-") if found else ""
        if name and len(name) < 100:
            yield name


def _snippets(module: ast.Module) -> Iterator[str]:
    """The example that Diffusers' files keep in a constant of their own."""
    for statement in module.body:
        if isinstance(statement, ast.Assign) and [dotted(each) for each in statement.targets] == [_EXAMPLES]:
            value = statement.value
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                parts = value.value.split("```")
                yield from (part.partition("\n")[2] for part in parts[1::2])


def _first_paragraph(docstring: str) -> str:
    return shortened(" ".join(docstring.strip().partition("\n\n")[0].split()))
