"""What can be started: the kinds, what each may be like, and the templates of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Literal, get_args

from gremio.errors import OptionError
from gremio.publishing.starting import wording
from gremio.publishing.starting.families import FAMILIES, Family

StartKind = Literal["pipeline", "component", "scheduler", "blocks"]
KINDS: tuple[StartKind, ...] = get_args(StartKind)

ENDINGS: Mapping[StartKind, str] = {
    "pipeline": "Pipeline",
    "component": "Model",
    "scheduler": "Scheduler",
    "blocks": "Block",
}
"""How the class's name ends."""


@dataclass(frozen=True)
class Pattern:
    """One thing that can be started: the templates of its code, test and README, and what is filled in beside names.

    ``config`` is the file that names the code where it is no pipeline, ``auto`` the class by which Diffusers finds it.
    """

    code: str
    test: str
    readme: str
    values: Mapping[str, str] = field(default_factory=dict)
    config: str = ""
    auto: str = ""


def likes(kind: StartKind) -> tuple[str, ...]:
    """What ``--like`` may be; the first is the default. Empty where there is nothing to choose."""
    return tuple(_PATTERNS[kind]) if len(_PATTERNS[kind]) > 1 else ()


def pattern(kind: StartKind, like: str | None) -> Pattern:
    """The pattern of a kind.

    Raises:
        OptionError: there is nothing like that.
    """
    found = _PATTERNS[kind]
    if like is None:
        return next(iter(found.values()))
    if like in found and likes(kind):
        return found[like]
    raise _nothing_like(kind, like)


def _nothing_like(kind: StartKind, like: str) -> OptionError:
    choices = likes(kind)
    what = "blocks" if kind == "blocks" else f"a {kind}"
    if not choices:
        return OptionError(f"{what} can't be like {like!r}", next_step="There is one kind of them: leave out --like.")
    near = get_close_matches(like.lower(), choices, n=1)
    meant = f"Did you mean {near[0]}? " if near else ""
    return OptionError(f"{what} can't be like {like!r}", next_step=f"{meant}It can be {', '.join(choices)}.")


def _pipeline(name: str, family: Family) -> Pattern:
    about = f"text to {'video' if family.frames else 'image'} with {family.title}"
    about += ", its sampling loop written out." if family.written_out else f", on top of `{family.base}`."
    return Pattern(
        "pipeline_written_out.py" if family.written_out else "pipeline_subclass.py",
        "pipeline_test.py",
        "pipeline_readme.md",
        {**wording.values(family), "kind": name, "about": about},
    )


def _component(code: str, base: str, slot: str, family: str, **values: str) -> Pattern:
    stock = FAMILIES[family]
    filled = {"base": base, "slot": slot, "kind": family, "pipeline": stock.base, "title": stock.title}
    filled |= {"model": stock.model, "small": f'"height": {stock.small}, "width": {stock.small}', **values}
    return Pattern(code, "component_test.py", "component_readme.md", filled, "config.json", "AutoModel")


def _scheduler(code: str, about: str) -> Pattern:
    test, readme = "scheduler_test.py", "scheduler_readme.md"
    return Pattern(code, test, readme, {"about": about}, "scheduler_config.json", "SchedulerMixin")


_PATTERNS: Mapping[StartKind, Mapping[str, Pattern]] = {
    "pipeline": {name: _pipeline(name, family) for name, family in FAMILIES.items()},
    "component": {
        "unet": _component(
            "component_model.py",
            "UNet2DConditionModel",
            "unet",
            "sd15",
            input="sample",
            shape="(batch, channels, height, width)",
            gain="self.config.out_channels, 1, 1",
            output="UNet2DConditionOutput",
            output_module="diffusers.models.unets.unet_2d_condition",
        ),
        "vae": _component(
            "component_vae.py",
            "AutoencoderKL",
            "vae",
            "sd15",
            gain="self.config.out_channels, 1, 1",
            output="DecoderOutput",
            output_module="diffusers.models.autoencoders.vae",
        ),
        "transformer": _component(
            "component_model.py",
            "FluxTransformer2DModel",
            "transformer",
            "flux",
            input="hidden_states",
            shape="(batch, places, channels)",
            gain="self.out_channels",
            output="Transformer2DModelOutput",
            output_module="diffusers.models.modeling_outputs",
        ),
    },
    "scheduler": {
        "ddim": _scheduler("scheduler_ddim.py", "DDIM without randomness, with steps that may be spaced unevenly."),
        "euler": _scheduler("scheduler_euler.py", "Euler's method, with steps that may be spaced unevenly."),
    },
    "blocks": {
        "block": Pattern(
            "blocks.py", "blocks_test.py", "blocks_readme.md", {}, "modular_config.json", "ModularPipelineBlocks"
        )
    },
}
