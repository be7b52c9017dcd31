"""One thing that can be found, and what is known of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

Source = Literal["mirror", "hub", "local", "approved"]
SOURCES: tuple[Source, ...] = get_args(Source)
Kind = Literal["pipeline", "blocks", "model", "scheduler", "other"]


@dataclass(frozen=True)
class Needed:
    """A package that the code imports beyond what everybody has.

    ``name`` as imported, ``package`` to install (empty where no index has it), ``optional`` where it runs without.
    """

    name: str
    package: str = ""
    optional: bool = False


@dataclass(frozen=True)
class Example:
    """Lines that use it and work as they are printed: a ``command`` line or ``python``.

    ``made_from`` says whose lines they were: ``README``, ``docstring``, or ``signature`` where nobody wrote any.
    """

    kind: Literal["command", "python"]
    text: str
    made_from: str = ""


@dataclass(frozen=True)
class Run:
    """What ``gremio check`` found here, in a word (``runs``, ``fails`` …), on which day and with which versions.

    ``holds`` is whether those versions of diffusers, transformers and torch are still the installed ones.
    """

    outcome: str
    date: str
    versions: Mapping[str, str] = field(default_factory=dict)
    holds: bool = True


@dataclass(frozen=True)
class Entry:
    """What the catalogue knows of one pipeline, component or set of blocks. What nothing tells is empty.

    Attributes:
        ref: what to write to get it: for ``gremio run``, ``custom_pipeline=`` and their like.
        source: where it comes from.
        name: short, for a heading where there is no title.
        title: what people call it.
        description: what it is for, in plain text, a few sentences at most.
        authors: who made it.
        tasks: ``text-to-image`` and its like, the main one first; empty where unknown.
        family: the models it is for: ``stable-diffusion-xl``; empty where unknown.
        kind: what its class is.
        class_name: of its class; empty where ``problem`` says why there is none.
        arguments: of its call, in order.
        components: that it takes, in order.
        packages: that it needs beyond Diffusers' own.
        licence: as its card or its file says.
        digest: of its code, ``sha256:…``; empty where the code was not read.
        commit: at which it was read.
        revision: the version or branch that was read.
        versions: of Diffusers whose community folder has exactly this code.
        findings: how many the review has of each code.
        grave: the codes among them that a person has to look at.
        model: the weights that its own example names, ``owner/repo``.
        example: how to use it.
        pictures: addresses of pictures that its documentation shows.
        problem: why the code could not be read, or has no class.
        current: whether no newer code has this name.
        runs: what a check found here; None where none was made of this code.
        missing: packages that it needs and that are not installed here.
        approved: who approved exactly this code here, and when.
    """

    ref: str
    source: Source
    name: str
    title: str = ""
    description: str = ""
    authors: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    family: str = ""
    kind: Kind = "other"
    class_name: str = ""
    arguments: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    packages: tuple[Needed, ...] = ()
    licence: str = ""
    digest: str = ""
    commit: str = ""
    revision: str = ""
    versions: tuple[str, ...] = ()
    findings: Mapping[str, int] = field(default_factory=dict)
    grave: tuple[str, ...] = ()
    model: str = ""
    example: Example | None = None
    pictures: tuple[str, ...] = ()
    problem: str = ""
    current: bool = True
    runs: Run | None = None
    missing: tuple[str, ...] = ()
    approved: str = ""

    @property
    def heading(self) -> str:
        """The title, or the name where nobody gave one."""
        return self.title or self.name

    @property
    def required(self) -> tuple[Needed, ...]:
        """The packages that it can't run without."""
        return tuple(each for each in self.packages if not each.optional)

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON, with what is known of this machine."""
        return asdict(self)

    def document(self) -> str:
        """What is kept of it: all but what this machine changes without the code changing; empty values left out."""
        plain = {name: value for name, value in asdict(self).items() if value and name not in _HERE}
        text = json.dumps(plain | {"current": self.current}, ensure_ascii=False, separators=(",", ":"))
        return text.encode("utf-8", "replace").decode()

    @classmethod
    def read(cls, document: str) -> Entry:
        """What ``document`` gave."""
        plain = json.loads(document)
        plain |= {name: tuple(plain[name]) for name in _TUPLES if name in plain}
        plain["packages"] = tuple(Needed(**each) for each in plain.get("packages", ()))
        plain["example"] = Example(**plain["example"]) if plain.get("example") else None
        return cls(**plain)


_HERE = ("runs", "missing", "approved")
_TUPLES = ("authors", "tasks", "arguments", "components", "versions", "grave", "pictures")
