"""What `gremio run --sandbox` does. Torch is loaded in the process that is confined, not in this one."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import click

from gremio.errors import OptionError
from gremio.running.calls import CallSignature, build, find


def placed(device: str | None, dtype: str | None) -> dict[str, Any]:
    """The arguments of a sandbox that say where and in which numbers."""
    return {"device": device or "cpu"} | ({"dtype": dtype} if dtype else {})


def loaded(model: str, arguments: Mapping[str, Any], placed: Mapping[str, Any]) -> Any:
    """A sandbox with the pipeline in it."""
    from gremio.sandbox.host import Sandbox

    return Sandbox.from_pretrained(model, **arguments, **placed)


def call(pipeline: Any, given: Mapping[str, Any], seed: int) -> Any:
    """One call with what was typed, and a bar on a terminal."""
    signature: CallSignature | None = pipeline.signature
    if signature is None:
        raise OptionError(
            "what this pipeline takes can't be told by reading it",
            ref=pipeline.gremio.model,
            next_step="Run it from Python: gremio.Sandbox.from_pretrained(…)(prompt=…).",
        )
    name = find(signature, "seed")
    arguments = build(signature, **given, seed=None)
    pipeline.seed(seed)
    return pipeline(**arguments, **({name: seed} if name else {}), progress=_shown if sys.stderr.isatty() else None)


def _shown(done: int, total: int | None) -> None:
    click.echo(f"\r{done} of {total or '?'} steps", nl=done == total, err=True)
