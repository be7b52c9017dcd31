"""What a worker is told once: all pipelines that are served. Plain data, as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from gremio.drawing.locked import Locked


@dataclass(frozen=True)
class Shelf:
    """Pipelines by their name; ``sets`` says which have the same weights: they have the same word there."""

    pipelines: Mapping[str, Locked]
    sets: Mapping[str, str]

    def dumps(self) -> str:
        """As text."""
        pipelines = {name: asdict(each) for name, each in self.pipelines.items()}
        return json.dumps({"pipelines": pipelines, "sets": dict(self.sets)})

    @classmethod
    def loads(cls, text: str) -> Shelf:
        """Read it back."""
        told = json.loads(text)
        return cls({name: Locked(**each) for name, each in told["pipelines"].items()}, told["sets"])
