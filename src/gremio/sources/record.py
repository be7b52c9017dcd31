"""Where published code came from, as the index that it was published with records it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

RECORD = "_gremio"
"""The key of ``model_index.json`` under which a publication is recorded; diffusers passes over it."""
MAIN = "pipeline"


@dataclass(frozen=True)
class CodeSource:
    """Where one piece of the code came from before it was published here.

    ``role`` is the component's name, empty for the pipeline. ``source`` is ``mirror``, ``hub`` or ``local``; a local
    ``repo`` is never told, since it is a path on somebody's machine. ``digest`` is of the tree that it was taken from.
    ``before`` is the same of the places where it had been published before that, the nearest first.
    """

    role: str
    class_name: str
    source: str
    repo: str = ""
    commit: str = ""
    entry: str = ""
    digest: str = ""
    before: tuple[Mapping[str, Any], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON; what is empty is left out."""
        return {name: value for name, value in asdict(self).items() if value and name != "role"}


def recorded_sources(document: Mapping[str, Any]) -> tuple[CodeSource, ...]:
    """Where the code came from, as an index that was published before says."""
    found = []
    for role, told in part(part(document, RECORD), "sources").items():
        if isinstance(told, dict):
            texts = {name: str(told.get(name, "")) for name in _TEXTS}
            before = tuple(each for each in told.get("before", ()) if isinstance(each, dict))
            found.append(CodeSource("" if role == MAIN else role, **texts, before=before))
    return tuple(found)


_TEXTS = ("class_name", "source", "repo", "commit", "entry", "digest")


def recorded_before(document: Mapping[str, Any], role: str) -> tuple[Mapping[str, Any], ...]:
    """Where one piece of code had been before this index was published, the nearest place first."""
    for source in recorded_sources(document):
        if source.role == role:
            told = source.as_dict()
            return ({name: value for name, value in told.items() if name != "before"}, *source.before)
    return ()


def recorded_model(document: Mapping[str, Any]) -> tuple[str, str]:
    """The repository and commit that the weights came from, as an index says."""
    told = part(part(document, RECORD), "model")
    return str(told.get("repo", "")), str(told.get("commit", ""))


def part(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """What an object in the index holds under a name; nothing where that is no object."""
    found = document.get(name)
    return found if isinstance(found, dict) else {}
