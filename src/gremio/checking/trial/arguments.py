"""Arguments for one call of a pipeline's ``__call__``, made up from its signature."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from gremio.checking.trial.measures import Measures
from gremio.checking.trial.recipes import recipe
from gremio.checking.trial.required_values import leftover
from gremio.checking.trial.role_values import PROMPT, RoleValues
from gremio.checking.trial.roles import KEPT, role_of
from gremio.running.calls import CallSignature, Parameter, find
from gremio.running.calls.arguments import Arguments
from gremio.running.calls.value import Given

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

    def arguments(self) -> dict[str, Any]:
        """The keyword arguments of one call; whatever a call does to them stays with that call."""
        known = recipe(type(self.pipeline).__name__, self.pipeline, self.measures)
        made = {**self._made(), **known, **self.changes, **self.fixed}
        made = {name: _copied(value) for name, value in made.items()}
        given = {name: value for name, value in made.items() if value is not None}
        return {**given, **self._random(self.seed)}

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

    def thorough(self) -> Plan:
        """The same with a negative prompt, and three times the steps: with two there is no way from first to last."""
        given = self.arguments()
        more: dict[str, Any] = {}
        if isinstance(steps := given.get(self.steps_name or ""), int):
            more[str(self.steps_name)] = steps * 3
        if isinstance(given.get("prompt"), str) and self.signature.get("negative_prompt") is not None:
            more["negative_prompt"] = "low quality"
        return self.changed(**more)

    def demanded(self, name: str) -> Any:
        """A value for a parameter that turned out to be needed."""
        parameter = self.signature.get(name)
        if parameter is None:
            return None
        asked = replace(parameter, required=True)
        value = self._value(asked)
        return value if value is not KEPT else leftover(asked, self.measures, self.pipeline, PROMPT)

    def suggested(self, name: str) -> Any:
        """What its name says that it is for; None where that says nothing."""
        parameter = self.signature.get(name)
        role = role_of(replace(parameter, required=True)) if parameter else None
        return self._roles.of(role, parameter) if role and parameter else None

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

    @property
    def _roles(self) -> RoleValues:
        return RoleValues(self.signature, self.measures, self.pipeline, self.tensors)

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
        return self._roles.of(role, parameter)

    @property
    def seed_name(self) -> str | None:
        """The parameter that all randomness is drawn from."""
        return find(self.signature, "seed") if self.signature.parameters else None

    def _random(self, seed: int) -> dict[str, Any]:
        name = self.seed_name
        if name is None or name in self.fixed:
            return {}
        if name != "generator":
            return {name: seed}
        import torch

        return {name: torch.Generator("cpu").manual_seed(seed)}


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
