"""What Diffusers' own community folder asks for, for who brings a pipeline there with a pull request on GitHub."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import decode_source

from gremio.code import CodeTree
from gremio.code.review import Review
from gremio.code.review.requirements import BROUGHT
from gremio.code.syntax.parsing import dotted
from gremio.errors import CodeError, NoClass, OptionError
from gremio.publishing.community.snippet import Snippet, own_method, snippet

FOLDER = "examples/community"
README = f"{FOLDER}/README.md"
COLUMNS = ("Example", "Description", "Code Example", "Colab", "Author")
"""Of the table in that folder's README."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_HANDLE = re.compile(r"@?([A-Za-z0-9](?:[A-Za-z0-9-]{0,38}))")
_LINKED = re.compile(r"(.+?)\s*[(<](https?://[^)>\s]+)[)>]")
_ARGUMENTS = re.compile(r"^\s*(Args|Arguments|Parameters|Params|Returns|Attributes|Examples?)\s*:?\s*$", re.IGNORECASE)
_NOTICE = re.compile(rb"copyright|licensed under|spdx-license", re.IGNORECASE)
_NOTICE_LINES = 20
_SAID_OF_ALL = "This model inherits from"
_OF_EVERY_ENTRY = (
    f"The row goes to the end of the table of {README}, with the columns {', '.join(COLUMNS)}; the section goes to the"
    " end of that file. A notebook may take the place of the dash under Colab.",
    "Before the pull request: `make style && make quality` in a checkout of Diffusers. It checks and formats examples"
    " with ruff at 119 characters a line, and so does its continuous integration.",
    "Pictures and films don't go into that repository: link to ones in a dataset on the Hub.",
    "Work on a branch of a fork, not on main; the title of the pull request appears in the release notes. The"
    " contribution guide of Diffusers has a section of its own on changes made with AI agents.",
    'Until the next release others load it with `custom_revision="main"`: by default Diffusers takes community code'
    " from its latest release.",
)


@dataclass(frozen=True)
class CommunityEntry:
    """One pipeline of the community folder.

    Attributes:
        file: where its code goes.
        content: the code.
        row: for the table of the folder's README.
        section: for the same file, below the others.
        notes: what is left to do, and what the repository asks of a pull request.
    """

    file: str
    content: str = field(repr=False)
    row: str
    section: str
    notes: tuple[str, ...] = ()


def for_diffusers(tree: CodeTree, review: Review, *, name: str, author: str, base_model: str = "") -> CommunityEntry:
    """Make the parts of a pull request from a pipeline's code. Nothing is executed, and nothing is sent.

    Args:
        tree: the code.
        review: what reading it told.
        name: the file's name there, which is what others will pass as ``custom_pipeline``.
        author: a GitHub handle, or a name with an address: ``Ana (https://…)``.
        base_model: a model that it runs with, for the usage snippet.

    Raises:
        OptionError: the name can't be one of a module, or there is no author.
        NoClass: the code has no pipeline class that is clearly meant.
        CodeError: it is more than one file: that folder takes single files.
    """
    stem = name.removesuffix(".py")
    if not _NAME.fullmatch(stem):
        raise OptionError(
            f"{name!r} can't be the name of a file there",
            next_step="Use letters, digits and underscores: long_prompt_weighting.",
        )
    if not author.strip():
        raise OptionError("the table names an author", next_step="Pass a GitHub handle, or a name with an address.")
    if review.class_name is None:
        raise NoClass(review.problem, ref=review.origin, next_step="The folder takes pipelines.")
    _check_single(tree, review)
    title = _title(review.class_name)
    text = _prose(review.docstring)
    paragraphs = text or [_from_signature(review)]
    shown = snippet(tree, review, name=stem, base_model=base_model)
    cells = [_cell(title), _cell(paragraphs[0]), f"[{title}](#{anchor(title)})", "-", _author(author)]
    parts = [f"### {title}", *paragraphs, *_packages(review), f"```py\n{shown.source}```"]
    return CommunityEntry(
        file=f"{FOLDER}/{stem}.py",
        content=decode_source(tree.files[tree.entry]),
        row=f"| {' | '.join(cells)} |",
        section="\n\n".join(parts) + "\n",
        notes=(
            *_to_do(review, shown, described=bool(text), model=base_model),
            *_about_code(tree, review),
            *_OF_EVERY_ENTRY,
        ),
    )


def anchor(title: str) -> str:
    """What GitHub makes of a heading for links."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def _check_single(tree: CodeTree, review: Review) -> None:
    helpers = [path for path in (*review.files, *review.data) if path != tree.entry]
    if helpers:
        raise CodeError(
            f"Diffusers' community folder takes single files, and {tree.entry} needs {', '.join(helpers)} too",
            ref=review.origin,
            next_step="Put what it needs of them into the one file, or publish to the Hub, which takes many.",
        )


def _title(class_name: str) -> str:
    return _WORDS.sub(" ", class_name.strip("_").replace("_", " "))


def _prose(docstring: str) -> list[str]:
    """The paragraphs of a docstring before its lists of arguments, each on one line."""
    paragraphs: list[list[str]] = [[]]
    for line in docstring.splitlines():
        if _ARGUMENTS.match(line):
            break
        if line.strip():
            paragraphs[-1].append(line.strip())
        elif paragraphs[-1]:
            paragraphs.append([])
    return [_joined(lines) for lines in paragraphs if lines and not lines[0].startswith(_SAID_OF_ALL)]


def _joined(lines: list[str]) -> str:
    """Lines of prose as one, items of a list each on its own."""
    text = lines[0]
    for line in lines[1:]:
        text += ("\n" if line.startswith(("- ", "* ")) else " ") + line
    return text


def _from_signature(review: Review) -> str:
    named = [p for p in review.call if not p.kind.startswith("var_")]
    wanted = [p.name for p in named if p.required] or [p.name for p in named][:3]
    if not wanted:
        return "A pipeline that is called without arguments."
    return f"A pipeline that takes {' and '.join(filter(None, [', '.join(wanted[:-1]), wanted[-1]]))}."


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "&#124;")


def _author(author: str) -> str:
    text = author.strip()
    if handle := _HANDLE.fullmatch(text):
        return f"[{handle[1]}](https://github.com/{handle[1]})"
    if linked := _LINKED.fullmatch(text):
        return text if text.startswith("[") else f"[{_cell(linked[1])}]({linked[2]})"
    return _cell(text)


def _packages(review: Review) -> list[str]:
    needed = [item for item in review.requirements if item.name not in BROUGHT and not item.optional]
    named = [item.package for item in needed if item.package]
    other = [f"`{item.name}` ({item.note})" for item in needed if not item.package]
    parts = [f"`pip install {' '.join(named)}`"] if named else []
    return [f"Besides Diffusers it needs {' and '.join([*parts, *other])}."] if needed else []


def _to_do(review: Review, shown: Snippet, *, described: bool, model: str) -> Iterator[str]:
    if not described:
        yield f"{review.class_name} has no docstring: the description was made from its signature. Say what it does."
    if not model:
        yield "The snippet names no model: put one that this pipeline runs with in the place of owner/model."
    if shown.open:
        yield f"Give values to what the snippet leaves open: {', '.join(shown.open)}."
    if shown.left_out:
        yield f"The snippet leaves out {', '.join(shown.left_out)}, which have defaults: add what it needs."


def _about_code(tree: CodeTree, review: Review) -> Iterator[str]:
    pipelines = [info.name for info in review.classes if info.kind == "pipeline"]
    if len(pipelines) > 1:
        yield f"The guide asks for one pipeline class in a file, and this one has {', '.join(pipelines)}."
    if _registers_nothing(tree, review):
        yield "The guide asks that __init__ calls register_modules: without it, save_pretrained saves no component."
    for moved in review.relocations:
        yield f"Line {moved.line}: {moved.old} is {moved.new} by now; write it so, since nobody re-points it there."
    for lost in review.unresolved:
        yield f"Line {lost.line}: {lost.name} was not found in the libraries that are installed here."
    for mend in dict.fromkeys(repair.mend for repair in review.mends):
        yield f"Gremio mends this code when it runs ({mend}); plain Diffusers does not: make the change in the file."
    first = b"\n".join(tree.files[tree.entry].splitlines()[:_NOTICE_LINES])
    if not _NOTICE.search(first):
        yield (
            "The file has no copyright notice. None is asked for, but more than half of the files there open with the "
            "notice of Apache 2.0, the licence of that repository."
        )


def _registers_nothing(tree: CodeTree, review: Review) -> bool:
    init = own_method(tree, review, "__init__")
    if init is None or not review.components:
        return False
    calls = [call for call in ast.walk(init) if isinstance(call, ast.Call)]
    registers = any(dotted(call.func).endswith(".register_modules") for call in calls)
    hands_on = any(
        isinstance(c.func, ast.Attribute) and c.func.attr == "__init__" and (c.args or c.keywords) for c in calls
    )
    return not registers and not hands_on
