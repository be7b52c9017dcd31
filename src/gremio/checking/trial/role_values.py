"""What an argument is given by its role: prompts, pictures, sizes, steps."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gremio.checking.trial.measures import Measures
from gremio.checking.trial.pictures import as_tensor, film, film_file, mask, mask_as_tensor, picture, sound
from gremio.checking.trial.roles import Role
from gremio.running.calls import CallSignature, Parameter, find

PROMPT = "a photo of a red cat and a blue house"


@dataclass(frozen=True)
class RoleValues:
    """Makes them for one pipeline; ``tensors`` is for pictures and masks."""

    signature: CallSignature
    measures: Measures
    pipeline: Any
    tensors: bool

    def of(self, role: Role, parameter: Parameter) -> Any:
        """The value for a parameter with this role."""
        return _MAKERS[role](self, parameter)

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


_MAKERS: Mapping[Role, Callable[[RoleValues, Parameter], Any]] = {
    "text": RoleValues.text,
    "image": RoleValues.image,
    "mask": RoleValues.mask,
    "frames": RoleValues.frames,
    "film_file": RoleValues.film_file,
    "phrases": RoleValues.phrases,
    "boxes": RoleValues.boxes,
    "sound": RoleValues.sound,
    "side": RoleValues.side,
    "sides": RoleValues.sides,
    "off": RoleValues.off,
    "count_of_frames": RoleValues.count_of_frames,
    "steps": RoleValues.steps,
    "output_type": RoleValues.output_type,
    "layers": RoleValues.layers,
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
