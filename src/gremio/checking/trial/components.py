"""From a component's class to something that can be called: a tiny pipeline of Diffusers with the component in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from gremio.checking.tiny.parts import Part
from gremio.checking.trial.arguments import Plan
from gremio.checking.trial.config_errors import Config
from gremio.checking.trial.loaded_class import Subject
from gremio.checking.trial.options import Options
from gremio.checking.trial.pipelines import seed_all
from gremio.checking.trial.reloading import saved_and_loaded
from gremio.checking.trial.report import Finding
from gremio.checking.trial.stock_pipelines import Home, home_of_model, home_of_scheduler
from gremio.errors import OptionError


@dataclass(frozen=True)
class PartMaker:
    """Makes the same component in the same pipeline as often as it is asked to.

    ``home`` is None for a model of which nothing tells what it stands for; it is built and saved, and not called.
    """

    subject: Subject
    options: Options
    home: Home | None
    config: Config = field(default_factory=dict)

    @classmethod
    def of(cls, subject: Subject, options: Options) -> PartMaker:
        """For a model's or a scheduler's class.

        Raises:
            OptionError: somebody's own model was asked for, of which the component would be a part.
        """
        if options.model:
            step = "Leave out --model; it is tried in a tiny pipeline."
            raise OptionError(f"{subject.cls.__name__} is a {subject.kind}", ref=options.ref, next_step=step)
        home = home_of_scheduler(subject.cls) if subject.kind == "scheduler" else home_of_model(subject.cls)
        return cls(subject, options, home)

    def fitted(self, config: Config) -> PartMaker:
        """The same with other numbers."""
        return replace(self, config={**self.config, **config})

    def make(self) -> Any:
        """The pipeline; None where no place is known.

        Raises:
            Exception: whatever making the component or the pipeline raises.
        """
        if self.home is None:
            return None
        pipeline = self.home.pipeline(self.part(), seed=self.options.seed)
        pipeline.set_progress_bar_config(disable=True)
        return pipeline

    ready = make

    def plan(self, pipeline: Any) -> Plan:
        """What to call the pipeline with."""
        return Plan.of(pipeline, self.options.settings, self.options.seed)

    def findings(self) -> Mapping[str, Finding]:
        """What is known before the first call.

        Raises:
            OptionError: it is not loaded as it was saved.
        """
        return {"saved": saved_and_loaded(self.part())}

    def place(self) -> str:
        """What it is called in."""
        return str(self.home) if self.home else ""

    def excuse(self) -> str:
        """Why a call that fails proves nothing; empty where it does."""
        if self.home is None:
            return "nothing tells which pipeline it belongs to"
        return f"it may not be meant as {self.home}" if self.home.guessed else ""

    def summary(self) -> str:
        """The component in a few words."""
        part = self.part()
        if not hasattr(part, "parameters"):
            return f"a {self.subject.kind}"
        sizes = [weight.numel() for weight in part.parameters()]
        return f"a {self.subject.kind} with {sum(sizes)} weights in {len(sizes)} tensors"

    def part(self) -> Any:
        """The component, small where the numbers of the stock one make it so."""
        import transformers

        from gremio.checking.tiny.community_classes import build_own

        seed_all(self.options.seed)
        cls: Any = self.subject.cls
        stock = self.home.stock if self.home else None
        name = self.home.slot if self.home else self.subject.kind
        if issubclass(cls, transformers.PreTrainedModel):
            return _of_transformers(cls, stock, name, self.options.seed)
        return build_own(cls, stock, name, config=self.config.get(name, {}), seed=self.options.seed)


def _of_transformers(cls: Any, stock: Part | None, name: str, seed: int) -> Any:
    """A model of transformers is made from a config."""
    from gremio.checking.tiny.build import build, drawing, settle

    config = build(stock, name, seed=seed).config if stock else cls.config_class()
    with drawing(seed, name):
        model = cls(config)
        settle(model)
    return model
