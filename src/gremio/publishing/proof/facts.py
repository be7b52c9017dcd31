"""What can be said of an object in one process and compared in another: classes, and digests of what they hold."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

_FIRST = 3  # parts that are named where more differ
_LONG_DIGEST = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{52}\b")


@dataclass(frozen=True)
class ComponentFacts:
    """One component.

    Attributes:
        class_name: of its class.
        library: the library that the class comes from; empty for code that isn't one of diffusers, transformers, torch.
        parts: what it is made of, by name: ``weight conv_in.weight`` with kind, shape and digest,
            ``config sample_size`` with its value, ``vocabulary``, ``method forward`` with its parameters.
    """

    class_name: str
    library: str = ""
    parts: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __str__(self) -> str:
        """``AutoencoderKL of diffusers``."""
        return f"{self.class_name} of {self.library or 'its own code'}"


@dataclass(frozen=True)
class Facts:
    """A pipeline, a component, blocks, or a class without weights.

    Attributes:
        what: ``pipeline``, ``component``, ``blocks`` or ``code``.
        whole: of the pipeline or blocks themselves, or of the class; for a single component nothing but its class.
        components: by name, None where the pipeline leaves it out; a single component's name is empty.
    """

    what: str
    whole: ComponentFacts
    components: Mapping[str, ComponentFacts | None] = field(default_factory=dict)

    @property
    def class_name(self) -> str:
        """The pipeline's, component's or blocks' class."""
        return self.whole.class_name

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Facts:
        """What ``as_dict`` gave, also after a trip through JSON.

        Raises:
            ValueError: these are no facts.
        """
        try:
            components = {
                str(name): None if each is None else ComponentFacts(**each)
                for name, each in values["components"].items()
            }
            return cls(str(values["what"]), ComponentFacts(**values["whole"]), components)
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(f"these are no facts: {error}") from error


def differences(expected: Facts, found: Facts) -> tuple[str, ...]:
    """What of ``found`` is not as ``expected``, in words; empty where the two agree."""
    if expected.what != found.what:
        return (f"it is a {found.what} and should be a {expected.what}",)
    wanted, there = _named(expected), _named(found)
    return tuple(f"{name}: {told}" for name in wanted | there for told in _of_one(name, wanted, there))


_Named = Mapping[str, ComponentFacts | None]


def _named(facts: Facts) -> dict[str, ComponentFacts | None]:
    components = {name or "the component": each for name, each in facts.components.items()}
    return {f"the {facts.what}": facts.whole} | components


def _of_one(name: str, wanted: _Named, there: _Named) -> Iterator[str]:
    if name not in there:
        yield "it is missing"
        return
    if name not in wanted:
        yield "no such component was expected"
        return
    expected, found = wanted[name], there[name]
    if str(expected) != str(found):
        yield f"it is {found} and should be {expected}"
    if expected is None or found is None:
        return
    if missing := [part for part in expected.parts if part not in found.parts]:
        yield f"{_some(missing)} missing"
    if new := [part for part in found.parts if part not in expected.parts]:
        yield f"{_some(new)} there and not expected"
    both = [part for part in expected.parts if part in found.parts]
    if other := [part for part in both if expected.parts[part] != found.parts[part]]:
        yield _changed(other, expected, found)


def _some(parts: list[str]) -> str:
    more = f" and {len(parts) - _FIRST} more" if len(parts) > _FIRST else ""
    return f"{', '.join(parts[:_FIRST])}{more} {'is' if len(parts) == 1 else 'are'}"


def _changed(parts: list[str], expected: ComponentFacts, found: ComponentFacts) -> str:
    if len(parts) > _FIRST:
        first, rest = ", ".join(parts[:_FIRST]), len(parts) - _FIRST
        return f"{len(parts)} of {len(expected.parts)} differ: {first} and {rest} more"
    shorts = ((part, *(_LONG_DIGEST.sub(r"\1…", each.parts[part]) for each in (found, expected))) for part in parts)
    return "; ".join(f"{part} is {there} and should be {wanted}" for part, there, wanted in shorts)
