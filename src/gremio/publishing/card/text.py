"""Our part of a model card: what it is, how to use it, what it needs, what it is made of, where it came from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from gremio.code.libraries.packages import version_of
from gremio.code.review import Review
from gremio.code.review.requirements import BROUGHT
from gremio.publishing.card.recorded_files import files_comment, recorded_in_index
from gremio.publishing.card.usage import Usage
from gremio.publishing.publication import Publication

_MOST_LINES = 12
_WHAT = {
    "pipeline": "a pipeline for [Diffusers](https://github.com/huggingface/diffusers), weights included.",
    "code": "the code of a pipeline for [Diffusers](https://github.com/huggingface/diffusers), for a model's weights.",
    "component": "a component for [Diffusers](https://github.com/huggingface/diffusers) pipelines.",
    "blocks": "modular blocks for [Diffusers](https://github.com/huggingface/diffusers).",
}


def section(publication: Publication, *, repo_id: str, base_model: str, endpoint: str, tag: str) -> str:
    """The Markdown that stands between our two comments; ``tag`` is what pins it, if anything does."""
    usage = Usage(publication, repo_id, base_model or publication.model[0], tag)
    only_this = ", which runs the code only if it is this very code" if publication.tree else ""
    parts = [
        _what(publication),
        f"## How to use it\n\nWith [Gremio](https://pypi.org/project/gremio/){only_this}:",
        _block(usage.with_gremio()),
        *_plainly(publication, usage),
        *_packages(publication.review),
        *_contents(publication),
        *_origins(publication, endpoint),
    ]
    if not recorded_in_index(publication):
        parts.append(files_comment(publication.files))
    return "\n\n".join(parts)


def _what(publication: Publication) -> str:
    first = re.split(r"\n\s*\n", _docstring(publication).strip())[0]
    if re.match(r"(?:Args|Arguments|Parameters|Attributes|Examples?|Usage)\b[^.\n]*:", first):
        first = ""
    what = f"`{publication.class_name}`: {_WHAT[publication.kind]}"
    return f"{what}\n\n{_harmless(first)}" if first else what


def _docstring(publication: Publication) -> str:
    review = publication.review
    if review is None:
        return ""
    infos = [info.docstring for info in review.classes if info.name == publication.class_name and info.docstring]
    return review.docstring if review.class_name == publication.class_name else next(iter(infos), "")


def _harmless(text: str) -> str:
    """The author's words, which could otherwise begin or end a comment of ours."""
    return text.replace("<!--", "&lt;!--").replace("-->", "--&gt;")


def _plainly(publication: Publication, usage: Usage) -> list[str]:
    if publication.limits:
        reasons = "\n".join(f"- {limit}" for limit in publication.limits)
        return [f"Diffusers alone can't load it:\n\n{reasons}"]
    return ["With Diffusers alone:", _block(usage.with_diffusers())]


def _block(code: str) -> str:
    return f"```python\n{code}\n```"


def _packages(review: Review | None) -> list[str]:
    wanted = [need for need in review.requirements if need.name not in BROUGHT] if review else []
    if not wanted:
        return []
    lines = ["## Packages"]
    needed = [need.package for need in wanted if need.package and not need.optional]
    if needed:
        lines.append(f"```sh\npip install {' '.join(needed)}\n```")
    notes = [f"- `{need.name}`: {need.note}" for need in wanted if not need.package]
    notes += [f"- `{need.package}`, for a part of it" for need in wanted if need.package and need.optional]
    return lines + (["\n".join(notes)] if notes else [])


def _contents(publication: Publication) -> list[str]:
    tree, review = publication.tree, publication.review
    if tree is None or review is None:
        return []
    rows = [
        ("digest of the code", f"`{tree.digest}`"),
        ("Python files", _names(tree.python_files)),
        ("classes", _names(f"{info.name}" for info in review.classes)),
    ]
    if review.components:
        rows.append(("components", _names(slot.name for slot in review.components)))
    moved = [f"{move.file}:{move.line}: {move.old} → {move.new}" for move in review.relocations]
    table = "\n".join(["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)])
    parts = ["## What the code is", table]
    versions = f"diffusers {version_of('diffusers') or '—'} and transformers {version_of('transformers') or '—'}"
    if moved:
        parts.append(_listed(f"Imports that Gremio re-points with {versions}:", moved))
    if review.mends:
        parts.append(_listed(f"What Gremio mends with {versions}:", map(str, review.mends)))
    if publication.edits:
        edits = [f"{edit.path}:{edit.line}: {edit.before.strip()} → {edit.after.strip()}" for edit in publication.edits]
        parts.append(_listed("What reads otherwise than in the author's files, so that it works from here:", edits))
    return parts


def _origins(publication: Publication, endpoint: str) -> list[str]:
    lines = []
    for source in publication.sources:
        role = f", the {source.role}" if source.role else ""
        before = [_place(earlier, endpoint) for earlier in source.before]
        after = f"; before that {', '.join(before)}" if before else ""
        lines.append(f"- `{source.class_name}`{role}: {_place(source.as_dict(), endpoint)}{after}")
    repo, commit = publication.model
    if repo:
        lines.append(f"- weights: {_link(repo, commit, endpoint)}")
    return ["## Where it came from", "\n".join(lines)] if lines else []


def _place(source: Mapping[str, Any], endpoint: str) -> str:
    repo, commit, entry = (str(source.get(key) or "") for key in ("repo", "commit", "entry"))
    kind, digest = source.get("source"), source.get("digest")
    told = f" (`{digest}`)" if digest else ""
    if kind not in ("hub", "mirror"):
        return f"its author's own files{told}"
    at = f" at `{commit}`" if commit else ""
    where = _link(repo, commit, endpoint) if kind == "hub" else f"Diffusers' community folder{at}"
    return where + (f", `{entry}`" if entry else "") + told


def _link(repo: str, commit: str, endpoint: str) -> str:
    address = f"{endpoint.rstrip('/')}/{repo}"
    return f"[{repo}]({address}/tree/{commit}) at `{commit}`" if commit else f"[{repo}]({address})"


def _names(names: Iterable[str]) -> str:
    some = list(dict.fromkeys(names))
    shown = ", ".join(f"`{name}`" for name in some[:_MOST_LINES])
    return shown + (f" and {len(some) - _MOST_LINES} more" if len(some) > _MOST_LINES else "")


def _listed(title: str, lines: Iterable[str]) -> str:
    some = list(lines)
    more = [f"- and {len(some) - _MOST_LINES} more"] if len(some) > _MOST_LINES else []
    return "\n".join([f"{title}\n", *(f"- {_code(line)}" for line in some[:_MOST_LINES]), *more])


def _code(text: str) -> str:
    """As code, on one line, whatever is in it."""
    text = _harmless(" ".join(text.split()))
    return f"`` {text} ``" if "`" in text else f"`{text}`"
