"""Components for the slots of a class."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import torch

from gremio.checking.tiny.build import build, buildable, plain
from gremio.checking.tiny.community_classes import build_own
from gremio.checking.tiny.defaults import WIDTH
from gremio.checking.tiny.families import Kind
from gremio.checking.tiny.models import is_scheduler, options
from gremio.checking.tiny.parts import NOTHING, Part
from gremio.checking.tiny.slots import ANY, Asked, by_name, short
from gremio.code.libraries.moved_names import LIBRARIES
from gremio.code.review import ComponentSlot
from gremio.errors import OptionError

# The first of these that a slot allows is the one that most pipelines get on with.
_PREFERRED = (
    "DDIMScheduler",
    "PNDMScheduler",
    "EulerDiscreteScheduler",
    "FlowMatchEulerDiscreteScheduler",
    "DDPMScheduler",
)
_NEVER = frozenset({"safety_checker"})
# Optional by the signature, but without them the class would download its own.
_WANTED = frozenset({"t5_encoder", "t5_projection", "t5_pooled_projection"})


@dataclass(frozen=True)
class Fitting:
    """One class's slots, and what is known of them."""

    slots: tuple[ComponentSlot, ...]
    family: str
    config: Mapping[str, Mapping[str, Any]]
    own: Mapping[str, type]
    seen: Mapping[str, Mapping[Any, Any]]
    seed: int

    def components(self) -> dict[str, Any]:
        """A component, or None, for every slot.

        Raises:
            OptionError: not every slot can be filled, or ``config`` or ``own`` names one that isn't there.
        """
        self._check_names()
        kind = Asked(self.slots, self.family).kind()
        made: dict[str, Any] = {}
        unfit: dict[str, str] = {}
        for slot in self.slots:
            try:
                made[slot.name] = self._component(slot, kind)
            except _Unfit as problem:
                unfit[slot.name] = str(problem)
        if unfit:
            listed = "; ".join(f"{name} ({why})" for name, why in unfit.items())
            raise OptionError(
                f"no tiny component can be built for {listed}",
                next_step="Say which class each is of with --component NAME=CLASS, or pass --model with real ones.",
            )
        return made

    def _check_names(self) -> None:
        names = [slot.name for slot in self.slots]
        for name in (*self.config, *self.own):
            if name not in names:
                raise OptionError(
                    f"there is no component {name!r} to configure",
                    next_step=f"The class takes: {', '.join(names) or 'none'}.",
                )

    def _component(self, slot: ComponentSlot, kind: Kind) -> Any:
        config = self.config.get(slot.name, {})
        if slot.name in self.own:
            return self._own(slot, kind, config, self.own[slot.name])
        part = self._part(slot, kind)
        if part is None and (installed := next(filter(None, map(_installed, slot.types)), None)):
            return self._own(slot, kind, config, installed)
        if part is None:
            raise _Unfit(_types(slot))
        if part.class_name == NOTHING:
            return None
        self._check_config(slot, part, config)
        try:
            return build(part.having(config), slot.name, seed=self.seed)
        except (TypeError, ValueError) as error:
            if not config:
                raise
            raise OptionError(f"{slot.name} can't be built with {dict(config)}: {error}") from error

    def _check_config(self, slot: ComponentSlot, part: Part, config: Mapping[str, Any]) -> None:
        """Schedulers leave out what they don't know of the kind's numbers, but not of what was asked for."""
        if is_scheduler(part.class_name) and (unknown := sorted(set(config) - options(part.class_name))):
            raise OptionError(f"{slot.name} can't be built with {', '.join(unknown)}: {part.class_name} has none")

    def _own(self, slot: ComponentSlot, kind: Kind, config: Mapping[str, Any], cls: type) -> Any:
        try:
            seen = self.seen.get(slot.name, {})
            return build_own(cls, _standing(kind, slot, cls), slot.name, config=config, seen=seen, seed=self.seed)
        except Exception as error:  # whatever a stranger's constructor raises
            if slot.optional:
                return None
            raise _Unfit(f"{cls.__module__}.{cls.__qualname__}: {error}") from error

    def _part(self, slot: ComponentSlot, kind: Kind) -> Part | None:
        """What to build for a slot; None when nothing fits."""
        if slot.name in _NEVER:
            return Part(NOTHING)
        classes = [plain(short(dotted)) for dotted in slot.types if not dotted.startswith("tree.")]
        stock = kind.parts.get(slot.name)
        if stock is not None and _suits(stock, classes, slot):
            return stock
        if slot.optional and stock is None and slot.name not in {*_WANTED, *self.seen}:
            return Part(NOTHING)
        if any(is_scheduler(name) for name in classes):
            return _scheduler(classes, kind)
        for name in classes:
            if buildable(name):
                return _beside(name, slot.name, kind)
        if stock is not None and stock.class_name != NOTHING and not classes:
            return stock
        vague = all(name in ANY for name in classes)
        named = by_name(slot.name) if vague and len(classes) == len(slot.types) else None
        if named is not None:
            return _beside(named, slot.name, kind)
        return Part(NOTHING) if slot.optional else None


def _installed(dotted: str) -> type | None:
    """A model's class of the libraries, of which no table has the numbers."""
    module, _, name = dotted.rpartition(".")
    if module.partition(".")[0] not in LIBRARIES or name in ANY:
        return None
    with suppress(ImportError):
        found = getattr(import_module(module), name, None)
        return found if isinstance(found, type) and issubclass(found, torch.nn.Module) else None
    return None


def _standing(kind: Kind, slot: ComponentSlot, cls: type) -> Part | None:
    """What the kind has in this slot, or else of this class or of one of its bases."""
    names = [base.__name__ for base in cls.__mro__]
    alike = (part for part in kind.parts.values() if part.class_name in names)
    return kind.parts.get(slot.name) or next(alike, None)


class _Unfit(Exception):
    """Why a slot stays empty."""


def _suits(stock: Part, classes: list[str], slot: ComponentSlot) -> bool:
    """Whether the kind's own part may stand in a slot with these types."""
    if stock.class_name == NOTHING:
        return slot.optional or not classes
    if (stock.class_name, slot.name) in {("UNet2DModel", "unet"), ("T5Tokenizer", "tokenizer")}:
        # Chosen by what else is asked, against the letter of the type.
        return True
    return stock.class_name in classes or not slot.types or any(name in ANY for name in classes)


def _scheduler(classes: list[str], kind: Kind) -> Part:
    """One of these schedulers, with the kind's numbers."""
    allowed = [name for name in classes if is_scheduler(name)]
    chosen = next((name for name in _PREFERRED if name in allowed), allowed[0])
    stock = kind.parts.get("scheduler")
    return Part(chosen, stock.config if stock is not None else {})


def _beside(class_name: str, slot: str, kind: Kind) -> Part:
    """A part that the kind does not have, with the widths that go with it."""
    config = dict(kind.beside.get(class_name, {}))
    if is_scheduler(class_name):
        return _scheduler([class_name], kind)
    if class_name in {"AutoencoderKL", "AsymmetricAutoencoderKL", "AutoencoderTiny"}:
        latent = kind.parts["vae"].config.get("latent_channels", 4) if "vae" in kind.parts else 4
        config.setdefault("latent_channels", latent)
    if class_name == "OnnxRuntimeModel":
        config["role"] = slot
    if class_name == "Projection":
        pooled = "pooled" in slot
        config |= {"in_features": WIDTH, "out_features": WIDTH if pooled else _text_width(kind)}
    return Part(class_name, config)


def _text_width(kind: Kind) -> int:
    """How wide the embeddings are that the kind's UNet attends to."""
    unet = kind.parts.get("unet")
    width = unet.config.get("cross_attention_dim", WIDTH) if unet is not None else WIDTH
    return int(width)


def _types(slot: ComponentSlot) -> str:
    return " or ".join(slot.types) if slot.types else "it gives no type"
