"""From a class to a pipeline: tiny components that fit, or the weights of a model."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gremio.checking.trial.arguments import Plan
from gremio.checking.trial.config_errors import Config
from gremio.checking.trial.loaded_class import Subject, component_class, local_place
from gremio.checking.trial.measures import Measures
from gremio.checking.trial.options import Options
from gremio.checking.trial.recipes import component_config, prepare
from gremio.checking.trial.report import Finding
from gremio.checking.trial.stock_sibling import stock_sibling
from gremio.code.review import ComponentSlot

# A checker blacks out what random weights draw, and then every picture is like every other.
_LEFT_OUT = ("safety_checker", "watermarker", "watermark")


@dataclass(frozen=True)
class Maker:
    """Makes the same pipeline as often as it is asked to. ``config`` has numbers for single components."""

    subject: Subject
    options: Options
    config: Config

    @classmethod
    def of(cls, subject: Subject, options: Options) -> Maker:
        """For a class; what its code has fixed is known beforehand."""
        return cls(subject, options, component_config(subject.cls.__name__))

    def fitted(self, config: Config) -> Maker:
        """The same with other numbers for some components."""
        names = {*self.config, *config}
        merged = {name: {**self.config.get(name, {}), **config.get(name, {})} for name in names}
        return replace(self, config=merged)

    def make(self) -> Any:
        """A pipeline.

        Raises:
            Exception: whatever making a component, or the class's own constructor, raises.
        """
        seed_all(self.options.seed)
        if self.options.model:
            pipeline = _with_model(self.options)
        else:
            pipeline = self.subject.cls(**_constructor_arguments(self.subject, self.options, self.config))
        if callable(getattr(pipeline, "set_progress_bar_config", None)):
            pipeline.set_progress_bar_config(disable=True)
        return pipeline

    def ready(self) -> Any:
        """A pipeline for which everything was done that comes before the first call."""
        pipeline = self.make()
        prepare(pipeline, Measures.of(pipeline))
        return pipeline

    def plan(self, pipeline: Any) -> Plan:
        """What to call it with."""
        return Plan.of(pipeline, self.options.settings, self.options.seed)

    def sibling(self) -> type | None:
        """The pipeline of Diffusers beside which it is seen."""
        return stock_sibling(self.subject)

    def findings(self) -> Mapping[str, Finding]:
        """What is known before the first call: nothing, of a pipeline."""
        return {}

    def place(self) -> str:
        """What it is called in: nothing else."""
        return ""

    def excuse(self) -> str:
        """Why a call that fails would prove nothing: there is no reason."""
        return ""

    def summary(self) -> str:
        """What there is without a call."""
        return "a pipeline"


def seed_all(seed: int) -> None:
    """Start every global source of randomness at this seed."""
    import random

    import numpy as np
    import torch

    torch.manual_seed(seed)
    random.seed(seed)
    np.random.seed(seed % 2**32)


def _with_model(options: Options) -> Any:
    if options.loader == "diffusers":
        import diffusers

        place = str(local_place(options.ref))
        return diffusers.DiffusionPipeline.from_pretrained(options.model, custom_pipeline=place, trust_remote_code=True)
    from gremio.loading.pipelines import DiffusionPipeline

    given = {
        "custom_revision": options.custom_revision,
        "class_name": options.class_name,
        "trust_remote_code": options.trust_remote_code,
        **options.mending(),
    }
    passed = {name: value for name, value in given.items() if value is not None}
    return DiffusionPipeline.from_pretrained(str(options.model), custom_pipeline=options.ref, **passed)


def _constructor_arguments(subject: Subject, options: Options, config: Config) -> dict[str, Any]:
    from gremio.checking.tiny import fit

    parameters = inspect.signature(subject.cls.__init__).parameters  # type: ignore[misc]
    wanted = [slot for slot in subject.slots if slot.name not in _LEFT_OUT]
    chosen = {name: values for name, values in config.items() if name in {slot.name for slot in wanted}}
    own = own_by_slot(subject, subject.slots) | _other_classes(subject, options)
    seen = {name: each.arguments for name, each in subject.read.components.items()}
    made = dict(fit(wanted, family=subject.family, config=chosen, own=own, seen=seen, seed=options.seed))
    for name, parameter in list(parameters.items())[1:]:
        if name in made or parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        if name == "requires_safety_checker":
            made[name] = False
        elif name in _LEFT_OUT:
            made[name] = None
        elif parameter.default is parameter.empty:
            made[name] = _plain(str(parameter.annotation))
    return made


def _other_classes(subject: Subject, options: Options) -> dict[str, type]:
    """The classes of components of which the constructor tells none, by slot."""
    found = {name: component_class(options, subject.read, each) for name, each in subject.read.components.items()}
    return {name: cls for name, cls in found.items() if cls is not None}


def own_by_slot(subject: Subject, slots: Sequence[ComponentSlot]) -> dict[str, type]:
    """The code's own classes by the slots whose types name them; its own scheduler where a slot names no type."""
    own = subject.own_classes()
    found: dict[str, type] = {}
    schedulers = [each for each in own.values() if callable(getattr(each, "set_timesteps", None))]
    for slot in slots:
        names = [name for dotted in slot.types for name in (dotted.removeprefix("tree."), dotted.rpartition(".")[2])]
        named = [own[name] for name in names if name in own]
        if not slot.types and "scheduler" in slot.name:
            named = schedulers
        if named:
            found[slot.name] = named[0]
    return found


def _plain(annotation: str) -> Any:
    """A value for a setting without default."""
    for name, value in (("bool", False), ("int", 1), ("float", 1.0), ("str", "")):
        if name in annotation:
            return value
    return None
