"""What a trial found, as plain values that survive JSON. Imports nothing heavy."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from gremio.machine.processes import Trouble, last_object

Verdict = Literal["yes", "no", "unknown", "error"]
Kind = Literal["pipeline", "model", "scheduler", "blocks"]
Stage = Literal["read", "packages", "load", "components", "call", "own", "done"]

FINDINGS = (
    "own_code",
    "documented",
    "saved",
    "called",
    "deterministic",
    "steps",
    "generator",
    "dtype",
    "batch",
    "callback",
)
"""The names under which ``Report.findings`` has something, in their order."""


@dataclass(frozen=True)
class Finding:
    """One property that was tried.

    ``verdict`` is ``yes`` or ``no`` where the trial could tell, ``unknown`` where the pipeline's signature does not
    offer it (``detail`` says what is lacking), ``error`` where trying it raised.
    """

    verdict: Verdict
    detail: str = ""


@dataclass(frozen=True)
class Report:
    """One trial. A pipeline that ``runs`` reached ``done``; what stopped another is its ``error``.

    Attributes:
        ref: the code, as it was written.
        class_name: of the class; empty where none was found.
        digest: of the code's tree, ``sha256:…``; empty under plain diffusers, which has none.
        loader: ``gremio`` or ``diffusers``.
        reached: the last stage that was begun; ``own`` is that of the pipeline's own arguments.
        loads: whether there is a class.
        runs: whether a call returned something. A component is called in a pipeline that has it; one of which nothing
            tells where it belongs runs when it is built, saved and loaded.
        output: what it returned, in words: ``images: 1 x 64x64 RGB``.
        output_digest: SHA-256 over the raw values of the output, to compare two trials bit by bit.
        findings: what was tried beyond the call, by name (see ``FINDINGS``).
        own_arguments: what turning on each argument came to that the pipeline has and its stock sibling has not:
            ``yes`` it works and has an effect, ``error`` the call fails, ``unknown`` it was not exercised. None where
            nothing was turned on.
        sibling: the name of that pipeline of Diffusers; empty where there is none.
        mends: what Gremio repaired in the code, in words.
        relocations: which imports were re-pointed, in words.
        missing: packages that are lacking, by the name to install.
        error: what ended the trial.
        seconds: how long each stage took.
        peak_mb: the process's peak of resident memory.
        versions: of gremio, diffusers, transformers, torch and python.
        arguments: what the pipeline was called with, shortened.
        own_methods: the methods that the community code itself defines.
        kind: what the class is.
    """

    ref: str
    class_name: str = ""
    digest: str = ""
    loader: str = "gremio"
    reached: Stage = "read"
    loads: bool = False
    runs: bool = False
    output: str = ""
    output_digest: str = ""
    findings: Mapping[str, Finding] = field(default_factory=dict)
    own_arguments: Mapping[str, Finding] | None = None
    sibling: str = ""
    mends: tuple[str, ...] = ()
    relocations: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    error: Trouble | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)
    peak_mb: float = 0.0
    versions: Mapping[str, str] = field(default_factory=dict)
    arguments: Mapping[str, str] = field(default_factory=dict)
    own_methods: tuple[str, ...] = ()
    kind: Kind = "pipeline"

    @property
    def not_exercised(self) -> Mapping[str, str]:
        """The own arguments of which nothing is known, and why."""
        return {name: each.detail for name, each in (self.own_arguments or {}).items() if each.verdict == "unknown"}

    @property
    def exercised(self) -> int:
        """How many of its own arguments were turned on and had an effect."""
        return sum(found.verdict == "yes" for found in (self.own_arguments or {}).values())

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Report:
        """The report that ``as_dict`` gave, also after a trip through JSON; unknown names are passed over.

        Raises:
            ValueError: it is no report.
        """
        try:
            known = {name: values[name] for name in cls.__dataclass_fields__ if name in values}
            for part in ("findings", "own_arguments"):
                if known.get(part) is not None:
                    known[part] = {name: Finding(**each) for name, each in known[part].items()}
            known["error"] = Trouble(**known["error"]) if known.get("error") else None
            known |= {name: tuple(known[name]) for name in _TUPLES if name in known}
            return cls(**known)
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(f"this is no trial's report: {error}") from error

    def to_json(self) -> str:
        """One line, as a trial prints it, in ASCII: no terminal, encoding or odd line separator can spoil it."""
        return json.dumps(self.as_dict(), allow_nan=False)

    @classmethod
    def from_output(cls, text: str) -> Report:
        """The report on the last line of what a trial printed.

        Raises:
            ValueError: the last line is none.
        """
        return cls.from_dict(last_object(text))


_TUPLES = ("mends", "relocations", "missing", "own_methods")
