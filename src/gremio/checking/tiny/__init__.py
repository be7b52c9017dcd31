"""Tiny components with random weights, built in code, for trying a pipeline without downloading a model.

    from diffusers import StableDiffusionPipeline
    from gremio.testing import tiny

    pipe = StableDiffusionPipeline(**tiny("sd15"))
    pipe("a red cat", num_inference_steps=2)

``tiny`` makes all components of a kind of model; ``fit`` makes those that a class asks for. Torch is imported when the
first component is built.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gremio.code.review import ComponentSlot

__all__ = ["fit", "kinds", "tiny"]


def kinds() -> tuple[str, ...]:
    """The names that ``tiny`` takes, sorted."""
    from gremio.checking.tiny.families import KINDS

    return tuple(sorted(KINDS))


def tiny(kind: str, *, seed: int = 0) -> dict[str, Any]:
    """All components of a kind of model by the names of their slots, consistent with each other.

    The stock pipeline of the kind takes them as keyword arguments. A kind that draws pictures from latents draws 64x64
    by default; its VAE shrinks 8 times, as the real one does. What the kind can do without, such as a safety checker,
    is None. Models are float32, on the CPU, in evaluation mode; their weights depend on ``seed`` and the slot's name
    alone, and making them leaves torch's global random state as it was.

    Raises:
        OptionError: there is no such kind.
    """
    from gremio.checking.tiny.build import build
    from gremio.checking.tiny.families import find

    return {name: build(part, name, seed=seed) for name, part in find(kind).parts.items()}


def fit(
    slots: Sequence[ComponentSlot],
    *,
    family: str = "",
    config: Mapping[str, Mapping[str, Any]] | None = None,
    own: Mapping[str, type] | None = None,
    seen: Mapping[str, Mapping[Any, Any]] | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Tiny components for the slots of a pipeline class, by their names, consistent with each other.

    ``slots`` is what ``gremio.read`` says of a class. The kind of model is chosen by their types and names;
    ``family`` helps: the names of the class and its bases, its module, its docstring. ``config`` has values for the
    configuration of single components, by slot. ``own`` has the classes that the code itself defines, by slot: they
    are built with the numbers of the stock component that they resemble, beside their own defaults made small;
    ``seen`` has arguments, by name or position, with which the code makes them at their real size.

    A slot that may be empty is None unless its component belongs to the kind. A safety checker is always None.

    Raises:
        OptionError: a slot has types of which none can be built, or ``config`` names a slot that isn't there.
    """
    from gremio.checking.tiny.fitting import Fitting

    fitting = Fitting(tuple(slots), family=family, config=config or {}, own=own or {}, seen=seen or {}, seed=seed)
    return fitting.components()
