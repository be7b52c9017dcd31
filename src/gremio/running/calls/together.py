"""Several calls as one, where a pipeline takes lists of prompts and of generators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gremio.running.calls.signature import CallSignature
from gremio.running.calls.standard import find


def takes_lists(signature: CallSignature) -> bool:
    """Whether several prompts, each with a generator of its own, can be one call."""
    names = (find(signature, "prompt"), find(signature, "seed"))
    parameters = [signature.get(str(name)) for name in names]
    lists = all(each and any(kind.what == "list" for kind in each.wanted.members()) for each in parameters)
    return lists and names[1] == "generator"


def together(signature: CallSignature, calls: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The arguments of one call for all of these, which are alike but for prompts and generators."""
    lists = (find(signature, "prompt"), find(signature, "negative_prompt"), find(signature, "seed"))
    first = calls[0]
    return {**first, **{name: [each[name] for each in calls] for name in lists if name and name in first}}
