"""Arguments for one call of a pipeline's ``__call__``, made up from its signature."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from gremio.checking.trial.measures import Measures
from gremio.checking.trial.pictures import as_tensor, film, film_file, mask, mask_as_tensor, picture, sound
from gremio.checking.trial.recipes import recipe
from gremio.checking.trial.required_values import leftover
from gremio.checking.trial.roles import KEPT, Role, role_of
from gremio.running.calls import CallSignature, Parameter, find
from gremio.running.calls.arguments import Arguments
from gremio.running.calls.value import Given

PROMPT = "a photo of a red cat and a blue house"


_ENTRIES = ("__call__", "text2img", "generate", "sample", "img2img", "merge", "_call_")


def entry_of(cls: type) -> str:
    """The method that a pipeline class is called by; for most ``__call__``."""
    has = [name for name in _ENTRIES if any(name in vars(each) for each in cls.__mro__)]
    return has[0] if has else "__call__"


@dataclass(frozen=True)
class Plan:
    """What to call a pipeline with. ``values`` are copied for each call, the generator is made anew.

    ``fixed`` are the arguments that a person gave; nothing here changes them.
    """

    signature: CallSignature
    measures: Measures
    seed: int
    pipeline: Any = field(repr=False)
    fixed: Mapping[str, Any] = field(default_factory=dict)
    changes: Mapping[str, Any] = field(default_factory=dict)
    tensors: bool = False
    entry: str = "__call__"

    @classmethod
    def of(
        cls, pipeline: Any, settings: Mapping[str, str], seed: int, *, signature: CallSignature | None = None
    ) -> Plan:
        """The plan for the first and most natural call; ``signature`` where the class does not tell it itself.

        Raises:
            OptionError: a setting names no parameter, or has a value that the parameter does not take.
        """
        entry = entry_of(type(pipeline))
        if signature is None:
            signature = CallSignature.of(type(pipeline) if entry == "__call__" else getattr(pipeline, entry))
        given = Arguments(signature)
        for name, text in settings.items():
            given.put(name, Given.parse(text), by=f"--set {name}")
        return cls(signature, Measures.of(pipeline), seed, pipeline, given.values, entry=entry)

    def arguments(self, **overrides: Any) -> dict[str, Any]:
        """The keyword arguments of one call; whatever a call does to them stays with that call."""
        known = recipe(type(self.pipeline).__name__, self.pipeline, self.measures)
        made = {**self._made(), **known, **self.changes, **self.fixed}
        made = {name: _copied(value) for name, value in made.items()}
        given = {name: value for name, value in made.items() if value is not None}
        return {**given, **self._random(self.seed), **overrides}

    def with_seed(self, seed: int) -> dict[str, Any]:
        """The same at another seed."""
        return {**self.arguments(), **self._random(seed)}

    def changed(self, **values: Any) -> Plan:
        """The same with other values for some parameters."""
        return replace(self, changes={**self.changes, **values})

    def giving(self, **values: Any) -> Plan:
        """The same with arguments that are given whatever the signature says."""
        return replace(self, fixed={**self.fixed, **values})

    def at_side(self, side: int) -> Plan:
        """The same with pictures of this side."""
        return replace(self, measures=replace(self.measures, side=side, native=side))

    def with_tensors(self) -> Plan:
        """The same with pictures and masks as tensors."""
        return replace(self, tensors=True)

    def demanded(self, name: str) -> Any:
        """A value for a parameter that turned out to be needed."""
        parameter = self.signature.get(name)
        if parameter is None:
            return None
        asked = replace(parameter, required=True)
        value = self._value(asked)
        return value if value is not KEPT else leftover(asked, self.measures, self.pipeline, PROMPT)

    @property
    def optional_names(self) -> tuple[str, ...]:
        """The parameters that are None when they aren't given."""
        return tuple(each.name for each in self.signature.parameters if not each.required and each.default is None)

    @property
    def steps_name(self) -> str | None:
        """The parameter that says how many steps; of several, such as a prior's and a decoder's, the first."""
        names = self.signature.names
        named = find(self.signature, "steps") if names else None
        return named or next((name for name in names if name.endswith("num_inference_steps")), None)

    def _made(self) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for parameter in self.signature.parameters:
            if parameter.name in self.fixed:
                continue
            value = self._value(parameter)
            if value is not KEPT:
                made[parameter.name] = value
        return made

    def _value(self, parameter: Parameter) -> Any:
        role = role_of(parameter)
        if role is None:
            return leftover(parameter, self.measures, self.pipeline, PROMPT) if parameter.required else KEPT
        return _MAKERS[role](self, parameter)

    def _random(self, seed: int) -> dict[str, Any]:
        name = find(self.signature, "seed") if self.signature.parameters else None
        if name is None or name in self.fixed:
            return {}
        if name != "generator":
            return {name: seed}
        import torch

        return {name: torch.Generator("cpu").manual_seed(seed)}

    # The makers, by role.

    def text(self, parameter: Parameter) -> Any:
        """The prompt, in as many lists as the annotation says when it leaves no plain text."""
        return nested(parameter, PROMPT)

    def image(self, parameter: Parameter) -> Any:
        """One picture, or one for each ControlNet."""
        one = picture(self._side(), place=len(parameter.name))
        value = as_tensor(one) if self.tensors else one
        several = len(getattr(getattr(self.pipeline, "controlnet", None), "nets", ()))
        if several and _is_control(parameter.name, self.signature.names):
            return [value] * several
        return wrapped(parameter, value)

    def mask(self, parameter: Parameter) -> Any:
        """White in the middle."""
        value = mask_as_tensor(mask(self._side())) if self.tensors else mask(self._side())
        return wrapped(parameter, value)

    def frames(self, parameter: Parameter) -> Any:
        """A film as a list of pictures."""
        return film(self._side(), self.measures.frames)

    def film_file(self, parameter: Parameter) -> Any:
        """A film in a file."""
        return film_file(self._side(), self.measures.frames)

    def phrases(self, parameter: Parameter) -> Any:
        """Words of the prompt."""
        return ["cat", "house"]

    def boxes(self, parameter: Parameter) -> Any:
        """Where those are, from 0 to 1."""
        return [[0.1, 0.1, 0.5, 0.6], [0.5, 0.2, 0.9, 0.9]]

    def sound(self, parameter: Parameter) -> Any:
        """A tone."""
        return sound()

    def side(self, parameter: Parameter) -> Any:
        """Height and width."""
        return self.measures.side

    def sides(self, parameter: Parameter) -> Any:
        """Height and width in one."""
        return [self.measures.side, self.measures.side]

    def off(self, parameter: Parameter) -> Any:
        """Not: it would choose a size of its own, or another dtype than the components have."""
        return False

    def count_of_frames(self, parameter: Parameter) -> Any:
        """As many as a film needs."""
        return self.measures.frames

    def steps(self, parameter: Parameter) -> Any:
        """Two, or as many as leave one when ``strength`` cuts them down."""
        strength = self.signature.get("strength")
        share = strength.default if strength and isinstance(strength.default, float) else 1.0
        return max(self.measures.steps, int(1 / share + 0.999)) if share > 0 else self.measures.steps

    def output_type(self, parameter: Parameter) -> Any:
        """Arrays, which can be compared to the last bit."""
        return "np"

    def layers(self, parameter: Parameter) -> Any:
        """The first layer: a default that counts on a large model's layers has no meaning in a tiny one."""
        return [0]

    def _side(self) -> int:
        told = any(find(self.signature, option) for option in ("height", "resolution"))
        return self.measures.side if told else self.measures.native


_MAKERS: Mapping[Role, Callable[[Plan, Parameter], Any]] = {
    "text": Plan.text,
    "image": Plan.image,
    "mask": Plan.mask,
    "frames": Plan.frames,
    "film_file": Plan.film_file,
    "phrases": Plan.phrases,
    "boxes": Plan.boxes,
    "sound": Plan.sound,
    "side": Plan.side,
    "sides": Plan.sides,
    "off": Plan.off,
    "count_of_frames": Plan.count_of_frames,
    "steps": Plan.steps,
    "output_type": Plan.output_type,
    "layers": Plan.layers,
}


def nested(parameter: Parameter, leaf: Any) -> Any:
    """``leaf`` in as many lists as the annotation asks for when it leaves nothing plainer."""
    value, wanted = leaf, parameter.wanted
    while True:
        members = [each for each in wanted.members() if each.what != "none"]
        if not members or any(each.what not in ("list", "tuple") or not each.inside for each in members):
            return value
        value, wanted = [value], members[0].inside[0]


def wrapped(parameter: Parameter, value: Any) -> Any:
    """A picture as it is, or in a list or tuple where the annotation takes it in no other way."""
    members = [each for each in parameter.wanted.members() if each.what != "none"]
    if not members or any(each.what not in ("list", "tuple") for each in members):
        return value
    return (value,) if members[0].what == "tuple" else [value]


def _is_control(name: str, names: tuple[str, ...]) -> bool:
    """Whether a picture is what a ControlNet looks at; ``image`` is, where no other is said to be."""
    if re.search("control|condition", name):
        return True
    return name == "image" and not any(re.search("control.*image|condition.*image", each) for each in names)


def _copied(value: Any) -> Any:
    """A copy of what a call may change; a stranger's object is passed as it is, for it may not bear copying."""
    import torch

    if isinstance(value, (list, tuple)):
        return type(value)(map(_copied, value))
    if isinstance(value, dict):
        return {name: _copied(each) for name, each in value.items()}
    if isinstance(value, torch.Tensor):
        return value.clone()
    return value.copy() if hasattr(value, "getbands") or type(value).__module__ == "numpy" else value
