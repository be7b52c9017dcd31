"""Which pipelines are served: refs with names, through the gate, each as exactly as a lock says it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gremio.code import PipelineRef
from gremio.drawing.choosing import Ask, Chosen, choose
from gremio.drawing.locked import Locked, lock_text
from gremio.errors import OptionError
from gremio.serving.shelf import Shelf

_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,63}", re.ASCII)
_GIVEN = re.compile(r"([A-Za-z0-9][\w.-]{0,63})=(.+)", re.ASCII)


@dataclass(frozen=True)
class Wish:
    """What a person asked to have served: ``pipelines`` as ``REF`` or ``NAME=REF``, with the weights of ``model``."""

    pipelines: Sequence[str]
    model: str | None = None
    project: str = "."
    dtype: str | None = None
    device: str | None = None
    threads: int | None = None
    sandbox: bool = False
    load: Mapping[str, Any] = field(default_factory=dict)


def chosen(wish: Wish, ask: Ask[Any]) -> Shelf:
    """What is served.

    Raises:
        OptionError: two have one name.
        GremioError: one can't be found, or may not run.
    """
    found: dict[str, Chosen] = {}
    for text in wish.pipelines:
        name, ref = named(text)
        if name in found:
            step = f"Give one another name: other={ref}"
            raise OptionError(f"two pipelines are called {name}", ref=ref, next_step=step)
        found[name] = choose(ref, wish.model, wish.load, project=wish.project, sandbox=wish.sandbox, ask=ask)
    sets = {name: each.weights or name for name, each in found.items()}
    return Shelf({name: _locked(each, wish) for name, each in found.items()}, sets)


def named(text: str) -> tuple[str, str]:
    """The name that a pipeline has in the service, and its ref.

    Raises:
        OptionError: the ref makes no name, and none was given.
    """
    given = _GIVEN.fullmatch(text)
    if given:
        return given[1], given[2]
    name = PipelineRef.parse(text).name.rstrip("/").rsplit("/", 1)[-1].removesuffix(".py")
    if not _NAME.fullmatch(name):
        raise OptionError(f"{name!r} can't be part of an address", ref=text, next_step=f"Give it a name: mine={text}")
    return name, text


def _locked(each: Chosen, wish: Wish) -> Locked:
    return Locked(
        lock=lock_text(each.entry),
        project=each.project,
        typed=each.typed,
        options=each.options,
        dtype=wish.dtype,
        device=wish.device,
        threads=wish.threads,
        sandbox=wish.sandbox or each.entry.sandbox,
    )
