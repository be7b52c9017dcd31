"""All arguments of one call."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gremio.running.calls import CallSignature, Parameter, find
from gremio.running.calls.standard import OptionName, option_for
from gremio.running.form.control import Control, Group, Kind, LeftOut
from gremio.running.form.kinds import TENSOR, kind_of, takes_file, takes_several
from gremio.running.form.limits import Limits, choices, limits

_FIRST = ("prompt", "negative_prompt", "picture", "mask", "video", "steps", "guidance", "strength", "width", "height")
_MATTER = frozenset({"guidance_scale", "strength", "num_frames", "video_length", "audio_length_in_s", "fps"})
_OPTIONS: frozenset[OptionName | None] = frozenset(
    {"prompt", "negative_prompt", "steps", "width", "height", "resolution", "image"}
)
_OUTPUTS = ("pil", "np", "latent")
_LOOSE: dict[str, Kind] = {"prompt": "prompt", "negative_prompt": "prompt", "num_inference_steps": "integer"}
"""What a pipeline that passes on whatever it is given is asked for; it names nothing itself."""


@dataclass(frozen=True)
class Form:
    """``controls`` in the order in which they are shown; ``left_out`` is named and stays at its default.

    ``seed`` is the parameter that a seed goes to, None where the call takes none.
    """

    signature: CallSignature
    controls: tuple[Control, ...]
    left_out: tuple[LeftOut, ...]
    seed: str | None

    @classmethod
    def of(cls, signature: CallSignature) -> Form:
        """The form for a call."""
        seed = find(signature, "seed")
        controls, left_out = [], []
        for parameter in signature.parameters:
            if parameter.name == seed:
                continue
            kind = kind_of(parameter)
            if isinstance(kind, LeftOut):
                left_out.append(kind)
            else:
                controls.append(_control(signature, parameter, kind))
        if signature.is_forwarder:
            controls = [Control(name, kind, _label(name), group="main") for name, kind in _LOOSE.items()]
        ordered = sorted(_over(controls), key=lambda each: (each.group != "main", _rank(each)))
        return cls(signature, tuple(ordered), tuple(left_out), seed)

    @property
    def main(self) -> tuple[Control, ...]:
        """What matters first."""
        return tuple(each for each in self.controls if each.group == "main")

    @property
    def more(self) -> tuple[Control, ...]:
        """The rest."""
        return tuple(each for each in self.controls if each.group == "more")

    @property
    def lacking(self) -> tuple[LeftOut, ...]:
        """What the call can't do without and no form can hold: such a form calls nothing."""
        return tuple(each for each in self.left_out if each.required and each.why != TENSOR)

    @property
    def tensors(self) -> tuple[LeftOut, ...]:
        """What can be given as files alone."""
        return tuple(each for each in self.left_out if each.why == TENSOR)

    def get(self, name: str) -> Control | None:
        """The control of a parameter."""
        return next((each for each in self.controls if each.name == name), None)


def _control(signature: CallSignature, parameter: Parameter, kind: Kind) -> Control:
    numbers = kind in ("number", "integer")
    bounds = limits(parameter.about, parameter.default) if numbers else Limits()
    shown = None if parameter.default is ... else parameter.default
    return Control(
        name=parameter.name,
        kind="choice" if kind == "text" and _choices(parameter, kind) else kind,
        label=_label(parameter.name),
        tip=" ".join(parameter.about.split()),
        default=shown,
        required=parameter.required,
        least=_least(signature, parameter) if numbers and bounds.least is None else bounds.least,
        most=bounds.most,
        step=1 if kind == "integer" else None,
        choices=_choices(parameter, kind),
        group=_group(signature, parameter, kind),
        files=takes_file(parameter),
        lines=kind == "prompt" and takes_several(parameter),
    )


def _choices(parameter: Parameter, kind: Kind) -> tuple[object, ...]:
    literal = tuple(each for member in parameter.wanted.members() for each in member.choices)
    if parameter.name == "output_type" and parameter.default in _OUTPUTS:
        return _OUTPUTS
    if literal or kind == "text":
        return literal or choices(parameter.about, parameter.default)
    return (True, False) if kind == "choice" else ()


def _least(signature: CallSignature, parameter: Parameter) -> float | None:
    """What is counted is counted from one."""
    return 1 if option_for(signature, parameter.name) in ("steps", "count", "width", "height", "resolution") else None


def _group(signature: CallSignature, parameter: Parameter, kind: Kind) -> Group:
    if parameter.required or parameter.name in _MATTER:
        return "main"
    if option_for(signature, parameter.name) in _OPTIONS:
        return "main"
    # An adapter's picture works only where an adapter was loaded.
    return "main" if kind in ("picture", "mask", "pictures", "video") and "ip_adapter" not in parameter.name else "more"


def _rank(control: Control) -> int:
    """Where it comes among those that matter; the rest stays in its order."""
    kind = control.kind.removesuffix("s")
    if control.kind == "prompt":
        kind = "negative_prompt" if "neg" in control.name else "prompt"
    names = (kind, *(each for each in _FIRST if each in control.name))
    return min((_FIRST.index(each) for each in names if each in _FIRST), default=len(_FIRST))


def _over(controls: list[Control]) -> Iterator[Control]:
    """Masks with the picture that they are drawn on: the one that is meant where no other is named."""
    pictures = [each.name for each in controls if each.kind == "picture"]
    main = next((each for each in pictures if each in ("image", "init_image", "input_image")), None)
    alone = main or (pictures[0] if len(pictures) == 1 else "")
    masks = [each for each in controls if each.kind == "mask"]
    for control in controls:
        drawn = control.kind == "mask" and control is masks[0]
        yield Control(**{**vars(control), "over": alone or ""}) if drawn else control


def _label(name: str) -> str:
    return name.replace("_", " ").strip().capitalize() or name
