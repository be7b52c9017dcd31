"""The metadata at the head of a model card: what the author wrote stays, what is missing is filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gremio.errors import PublishError
from gremio.publishing.card.task import task
from gremio.publishing.publication import CARD, Publication

_HEAD = re.compile(r"\A(\s*---[ \t]*\r?\n)(.*?)(^---[ \t]*(?:\r?\n|\Z))", re.DOTALL | re.MULTILINE)
_TAGS = {
    "pipeline": "custom-pipeline",
    "code": "custom-pipeline",
    "component": "custom-component",
    "blocks": "modular-diffusers",
}


@dataclass(frozen=True)
class Head:
    """A card in two: the YAML of its metadata, without the lines around it, and the text below."""

    yaml: str
    text: str
    newline: str

    @classmethod
    def of(cls, card: str, *, ref: str) -> Head:
        """Take a card apart.

        Raises:
            PublishError: the metadata never ends.
        """
        card = card.removeprefix("\ufeff")
        newline = "\r\n" if "\r\n" in card else "\n"
        match = _HEAD.match(card)
        if match:
            return cls(match[2], card[match.end() :], newline)
        if re.match(r"\s*---[ \t]*\r?\n\s*[\w-]+:", card):
            raise _malformed("it begins with --- and no second --- ends it", ref)
        return cls("", card, newline)

    @property
    def data(self) -> dict[str, Any]:
        """The metadata, parsed; raises ValueError where it is no YAML mapping."""
        import yaml  # type: ignore[import-untyped]

        try:
            data = yaml.safe_load(self.yaml)
        except yaml.YAMLError as error:
            raise ValueError(" ".join(str(error).split())) from error
        if not isinstance(data, dict | None):
            raise ValueError("it is no list of keys and values")
        return data or {}


def metadata(publication: Publication, *, repo_id: str) -> dict[str, Any]:
    """What can be told without asking: library, task, base model, tags. A licence is never invented."""
    model, read = publication.model[0], publication.review
    tags = ["diffusers", "gremio"]
    if publication.tree is not None or publication.kind != "pipeline":
        tags.append(_TAGS[publication.kind])
    told = {
        "library_name": "diffusers",
        "pipeline_tag": task(read.call, read.components, publication.class_name) if read else None,
        "base_model": model if model != repo_id else None,
        "tags": tags,
    }
    return {key: value for key, value in told.items() if value}


def merged(head: Head, told: Mapping[str, Any], given: Mapping[str, Any], *, ref: str) -> str:
    """The YAML of ``head`` with what was told where it is missing, and what was given in any case.

    Tags are joined. Lines of keys that don't change stay as they are, comments and order included.

    Raises:
        PublishError: the metadata can't be read; the card is left alone.
    """
    try:
        present = head.data
    except ValueError as error:
        raise _malformed(f"it can't be read ({error})", ref) from error
    wanted = {key: value for key, value in told.items() if present.get(key) in (None, "", [])}
    wanted |= {key: value for key, value in given.items() if value not in (None, "", (), [])}
    wanted["tags"] = _joined(present.get("tags"), told.get("tags"), given.get("tags"))
    changes = {key: value for key, value in wanted.items() if present.get(key) != value}
    return _written(head, present, changes)


def _joined(*lists: Any) -> list[str]:
    tags: list[str] = []
    for some in lists:
        tags += [some] if isinstance(some, str) else [str(tag) for tag in some or ()]
    return list(dict.fromkeys(tags))


def _written(head: Head, present: dict[str, Any], changes: dict[str, Any]) -> str:
    places = _places(head.yaml)
    if places is None:
        # All in braces, or with anchors: there are no lines of a key.
        return _dumped(present | changes, head.newline)
    text = head.yaml if head.yaml.endswith("\n") or not head.yaml else head.yaml + head.newline
    for key in sorted(changes.keys() & places.keys(), key=lambda key: -places[key].start):
        place, value = places[key], changes[key]
        old = present.get(key)
        if place.dashes is not None and isinstance(old, list) and old and value[: len(old)] == old:
            added = _dumped(value[len(old) :], head.newline).splitlines(keepends=True)
            start, new = place.end, "".join(f"{' ' * place.dashes}{line}" for line in added)
        else:
            start, new = place.start, _dumped({key: value}, head.newline)
        text = text[:start] + new + text[place.end :]
    missing = {key: value for key, value in changes.items() if key not in places}
    return text + (_dumped(missing, head.newline) if missing else "")


def _dumped(data: Any, newline: str) -> str:
    from huggingface_hub.utils import yaml_dump  # type: ignore[attr-defined]

    return str(yaml_dump(data, sort_keys=False, line_break=newline))


@dataclass(frozen=True)
class _Place:
    """Where the lines of a key begin and end; ``dashes`` is how far the items of its list are indented."""

    start: int
    end: int
    dashes: int | None


def _places(text: str) -> dict[str, _Place] | None:
    """The places of all keys; None where keys have no lines of their own."""
    import yaml

    node = yaml.compose(text, Loader=yaml.SafeLoader)
    if node is None:
        return {}
    anchored = any(getattr(event, "anchor", None) for event in yaml.parse(text, Loader=yaml.SafeLoader))
    if node.flow_style or anchored or any(key.start_mark.column for key, _ in node.value):
        return None
    return {key.value: _Place(key.start_mark.index, _end(text, value), _dashes(value)) for key, value in node.value}


def _end(text: str, node: Any) -> int:
    """The end of the last line of a value; the mark of a list stands behind the comments that follow it."""
    while isinstance(node.value, list) and node.value and not node.flow_style:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    before = text[: node.end_mark.index].rstrip() if node.start_mark.index < node.end_mark.index else ""
    found = text.find("\n", len(before) if before else node.end_mark.index)
    return len(text) if found < 0 else found + 1


def _dashes(node: Any) -> int | None:
    is_list = isinstance(node.value, list) and bool(node.value) and not isinstance(node.value[0], tuple)
    return int(node.start_mark.column) if is_list and not node.flow_style else None


def _malformed(why: str, ref: str) -> PublishError:
    return PublishError(
        f"the metadata at the head of {CARD} can't be extended: {why}",
        ref=ref,
        next_step="Nothing was changed. Mend those lines (between the two --- at the top) and publish again.",
    )
