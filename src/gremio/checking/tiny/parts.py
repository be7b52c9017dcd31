"""A component to build: which class, and in what its configuration differs from the tiny default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

NOTHING = ""


@dataclass(frozen=True)
class Part:
    """A class by its short name, ``NOTHING`` for a slot that stays None, and its configuration."""

    class_name: str
    config: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def having(self, config: Mapping[str, Any]) -> Part:
        """The same with these values."""
        return replace(self, config={**self.config, **config})


def part(class_name: str = NOTHING, **config: Any) -> Part:
    """A part; without a class, one that stays None."""
    return Part(class_name, config)
