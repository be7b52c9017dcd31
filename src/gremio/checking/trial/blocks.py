"""From a class of modular blocks to a pipeline of these blocks alone, with tiny components."""

from __future__ import annotations

import tempfile
import typing
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gremio.checking.trial.arguments import Plan
from gremio.checking.trial.config_errors import Config
from gremio.checking.trial.loaded_class import Subject
from gremio.checking.trial.options import Options
from gremio.checking.trial.pipelines import own_by_slot, seed_all
from gremio.checking.trial.report import Finding
from gremio.checking.trial.roles import role_of
from gremio.code.review import ComponentSlot
from gremio.errors import OptionError
from gremio.running.calls import CallSignature


@dataclass(frozen=True)
class BlocksMaker:
    """Makes the same pipeline of blocks as often as it is asked to."""

    subject: Subject
    options: Options

    @classmethod
    def of(cls, subject: Subject, options: Options) -> BlocksMaker:
        """For a class of blocks.

        Raises:
            OptionError: it is none, but a pipeline that is made of blocks.
        """
        from diffusers import ModularPipelineBlocks

        if not issubclass(subject.cls, ModularPipelineBlocks):
            step = "Check the class of its blocks: name it with --class-name."
            raise OptionError(f"{subject.cls.__name__} is no blocks, but a pipeline of them", next_step=step)
        return cls(subject, options)

    def fitted(self, config: Config) -> BlocksMaker:
        """The same: what blocks expect is what they get."""
        return self

    def make(self) -> Any:
        """A pipeline of the blocks.

        Raises:
            Exception: whatever their constructor, or making a component, raises.
        """
        seed_all(self.options.seed)
        pipeline = self._with_model() if self.options.model else self._with_tiny_components()
        pipeline.set_progress_bar_config(disable=True)
        return pipeline

    ready = make

    def _with_tiny_components(self) -> Any:
        from gremio.checking.tiny import fit

        pipeline = self._blocks().init_pipeline()
        slots = tuple(_slots(_tried(pipeline.blocks)))
        components = fit(
            slots, family=self.subject.family, own=own_by_slot(self.subject, slots), seed=self.options.seed
        )
        if components:
            pipeline.update_components(**components)
        return pipeline

    def _with_model(self) -> Any:
        model, blocks = str(self.options.model), self._blocks()
        if self.options.loader == "diffusers":
            pipeline = blocks.init_pipeline(model)
            pipeline.load_components(trust_remote_code=True)
            return pipeline
        from gremio.loading.modular import ModularPipeline

        granted, mending = self.options.trust_remote_code, self.options.mending()
        pipeline = ModularPipeline.from_pretrained(model, blocks=blocks, trust_remote_code=granted, **mending)
        pipeline.load_components()
        return pipeline

    def plan(self, pipeline: Any) -> Plan:
        """What to call the pipeline with: its blocks' inputs; it is asked for what they say they give."""
        blocks = pipeline.blocks
        plan = Plan.of(pipeline, self.options.settings, self.options.seed, signature=self._signature(blocks))
        given = [each.name for each in blocks.outputs if each.name]
        return plan.giving(output=given) if given else plan

    def findings(self) -> Mapping[str, Finding]:
        """Whether they describe themselves, and can be saved and loaded by Diffusers."""
        blocks = self._blocks()
        told = "described" if blocks.description else "without a description"
        documented = Finding("yes" if blocks.description and blocks.doc else "no", f"its inputs are listed, {told}")
        return {"documented": documented, "saved": self._saved(blocks)}

    def place(self) -> str:
        """What they are called in."""
        return "a pipeline of these blocks alone"

    def excuse(self) -> str:
        """Why a call that fails proves nothing: an input that other blocks would have made."""
        unknown = [
            each.name
            for each in self._signature(self._blocks()).parameters
            if each.required and role_of(each) is None and each.name not in self.options.settings
        ]
        return f"nobody can tell what {', '.join(unknown)} is to be; it may come from other blocks" if unknown else ""

    def summary(self) -> str:
        """The blocks in a few words."""
        blocks = self._blocks()
        return f"blocks with {len(blocks.inputs)} inputs and {len(blocks.outputs)} outputs"

    def _blocks(self) -> Any:
        return self.subject.cls()

    def _signature(self, blocks: Any) -> CallSignature:
        return replace(CallSignature.of_blocks(_tried(blocks)), accepts_kwargs=True)

    def _saved(self, blocks: Any) -> Finding:
        """Saved with the code beside it, as it is published, and loaded by plain diffusers."""
        from diffusers import ModularPipelineBlocks

        name = type(blocks).__name__
        try:
            with tempfile.TemporaryDirectory() as folder:
                blocks.save_pretrained(folder)
                for path, source in self.subject.read.tree.files.items():
                    file = Path(folder, path)
                    file.parent.mkdir(parents=True, exist_ok=True)
                    file.write_bytes(source)
                loaded = ModularPipelineBlocks.from_pretrained(folder, trust_remote_code=True)
        except Exception as error:
            return Finding(
                "error", f"plain diffusers can't load them again: {type(error).__name__}: {str(error)[:200]}"
            )
        same = type(loaded).__name__ == name and [str(each) for each in loaded.inputs] == list(map(str, blocks.inputs))
        detail = f"saved, and loaded again by plain diffusers as {type(loaded).__name__}"
        return Finding("yes" if same else "no", detail)


def _tried(blocks: Any) -> Any:
    """Of blocks that are chosen by what a call brings, those for a call that brings no picture."""
    try:
        return blocks.get_execution_blocks(prompt="a prompt") if blocks.sub_blocks else blocks
    except Exception:  # a class of the author's may choose in its own way, or diffusers be too old to tell
        return blocks


def _slots(blocks: Any) -> list[ComponentSlot]:
    """What they expect; what Diffusers itself makes from a config is there already."""
    found = []
    for spec in blocks.expected_components:
        if spec.default_creation_method == "from_pretrained":
            hints = typing.get_args(spec.type_hint) or (spec.type_hint,)
            types = tuple(f"{each.__module__}.{each.__qualname__}" for each in hints if isinstance(each, type))
            found.append(ComponentSlot(spec.name, types, optional=False))
    return found
