"""What can be said of an object in one process and compared in another: classes, and digests of what they hold."""

from __future__ import annotations

import hashlib
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

    @property
    def digest(self) -> str:
        """64 hex digits over class and parts."""
        whole = hashlib.sha256(f"{self.class_name}\n".encode())
        for name in sorted(self.parts):
            whole.update(f"{len(name)} {name} {len(self.parts[name])} {self.parts[name]}\n".encode())
        return whole.hexdigest()


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
    return tuple(_all(expected, found))


def _all(expected: Facts, found: Facts) -> Iterator[str]:
    yield from _of_one(f"the {expected.what}", expected.whole, found.whole)
    for name in [*expected.components, *(n for n in found.components if n not in expected.components)]:
        yield from _of_component(name, expected, found)


def _of_component(name: str, expected: Facts, found: Facts) -> Iterator[str]:
    if name not in found.components:
        yield f"{name}: it is missing"
    elif name not in expected.components:
        yield f"{name}: no such component was expected"
    else:
        wanted, there = expected.components[name], found.components[name]
        if wanted is None or there is None:
            if wanted is not there:
                yield f"{name}: it is {_class(there)} and should be {_class(wanted)}"
        else:
            yield from _of_one(name or "the component", wanted, there)


def _of_one(name: str, expected: ComponentFacts, found: ComponentFacts) -> Iterator[str]:
    if (expected.class_name, expected.library) != (found.class_name, found.library):
        yield f"{name}: it is {_class(found)} and should be {_class(expected)}"
    missing = [part for part in expected.parts if part not in found.parts]
    new = [part for part in found.parts if part not in expected.parts]
    other = [part for part in expected.parts if part in found.parts and expected.parts[part] != found.parts[part]]
    if missing:
        yield f"{name}: {_some(missing)} missing"
    if new:
        yield f"{name}: {_some(new)} there and not expected"
    if other:
        yield f"{name}: {_changed(other, expected, found)}"


def _class(facts: ComponentFacts | None) -> str:
    if facts is None:
        return "None"
    return f"{facts.class_name} of {facts.library}" if facts.library else f"{facts.class_name} of its own code"


def _some(parts: list[str]) -> str:
    more = f" and {len(parts) - _FIRST} more" if len(parts) > _FIRST else ""
    return f"{', '.join(parts[:_FIRST])}{more} {'is' if len(parts) == 1 else 'are'}"


def _changed(parts: list[str], expected: ComponentFacts, found: ComponentFacts) -> str:
    if len(parts) > _FIRST:
        first, rest = ", ".join(parts[:_FIRST]), len(parts) - _FIRST
        return f"{len(parts)} of {len(expected.parts)} differ: {first} and {rest} more"
    return "; ".join(f"{p} is {_short(found.parts[p])} and should be {_short(expected.parts[p])}" for p in parts)


def _short(text: str) -> str:
    return _LONG_DIGEST.sub(r"\1…", text)
