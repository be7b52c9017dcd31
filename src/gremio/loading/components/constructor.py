"""What a pipeline class wants in its constructor."""

from __future__ import annotations

import inspect
import types
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Union, get_args, get_origin, get_type_hints

from gremio.errors import ComponentMissing
from gremio.loading.components.index import ModelIndex

# Checkers and encoders that pipelines are routinely run without, annotated as optional or not.
_DISPENSABLE = frozenset({"safety_checker", "feature_extractor", "image_encoder"})


@dataclass(frozen=True)
class ConstructorParameters:
    """Names of ``__init__`` parameters: ``required`` and ``optional`` components, and plain ``settings``.

    As in diffusers, what has no default is a component, and so is what the class lists in ``_optional_components``.
    """

    required: frozenset[str]
    optional: frozenset[str]
    settings: frozenset[str]
    nullable: frozenset[str]

    @classmethod
    def of(cls, pipeline_class: type) -> ConstructorParameters:
        """Read the constructor of a class."""
        parameters = {
            name: p
            for name, p in inspect.signature(pipeline_class.__init__).parameters.items()  # type: ignore[misc]
            if name != "self" and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
        }
        listed = set(getattr(pipeline_class, "_optional_components", ()))
        required = {n for n, p in parameters.items() if p.default is p.empty}
        optional = (listed & parameters.keys()) - required
        nullable = {n for n, hint in hints(pipeline_class).items() if _takes_none(hint)}
        return cls(
            frozenset(required),
            frozenset(optional),
            frozenset(parameters.keys() - required - optional),
            frozenset((listed | nullable | _DISPENSABLE) & (required | optional)),
        )

    @property
    def components(self) -> frozenset[str]:
        """Required and optional ones."""
        return self.required | self.optional

    def absent(self, index: ModelIndex, passed: Collection[str], *, ref: str, class_name: str) -> list[str]:
        """The required components to hand in as None: the model leaves them out and the class can live with that.

        Raises:
            ComponentMissing: the class demands a component that neither the model nor the caller has.
        """
        null = {name for name, entry in index.components.items() if entry.is_null}
        lacking = self.required - set(passed) - (index.components.keys() - null)
        hopeless = sorted(lacking - null - self.nullable)
        if hopeless:
            first = hopeless[0]
            raise ComponentMissing(
                f"{class_name} needs {', '.join(hopeless)}, which the model does not have",
                names=hopeless,
                ref=ref,
                next_step=f"Use a model that has it, or load it and pass {first}=….",
            )
        return sorted(lacking)


def hints(pipeline_class: type) -> dict[str, Any]:
    """The annotations of the constructor, resolved if they can be."""
    init = pipeline_class.__init__  # type: ignore[misc]
    try:
        return get_type_hints(init)
    except Exception:  # a hint may name anything, also what is only there for type checkers
        return dict(getattr(init, "__annotations__", {}))


def _takes_none(hint: object) -> bool:
    if isinstance(hint, str):
        return "Optional[" in hint or "None" in hint.split("|")[-1]
    return get_origin(hint) in (Union, types.UnionType) and type(None) in get_args(hint)
