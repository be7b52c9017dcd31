"""A call as data: what passes to who draws, and becomes the arguments of the pipeline's ``__call__`` there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from gremio.running.calls import CallSignature, Given, build, find


@dataclass(frozen=True)
class Call:
    """``values`` by parameter, each with the text that it was written as, None where it was no text; ``pictures`` are
    names of files in the job's folder by parameter, ``single`` those parameters that take one and not a list.
    """

    values: Mapping[str, tuple[Any, str | None]]
    seed: int
    pictures: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    single: frozenset[str] = frozenset()

    def arguments(self, signature: CallSignature, pictures: Mapping[str, list[Any]], *, torch: bool) -> dict[str, Any]:
        """The keyword arguments, with these pictures; without ``torch`` all but the generator.

        Raises:
            OptionError: the pipeline can't be called like this.
        """
        settings = {name: Given(*given) for name, given in self.values.items()}
        for name, found in pictures.items():
            settings[name] = Given(found[0] if name in self.single else found)
        seed = self.seed if find(signature, "seed") else None
        return build(signature, settings=settings, seed=seed, device="cpu" if torch else None, setting="argument")

    def likeness(self, signature: CallSignature) -> str | None:
        """What calls that can be one have in common; None for one that is drawn alone."""
        names = [find(signature, "prompt"), find(signature, "negative_prompt")]
        texts = [name for name in names if name in self.values]
        count = self.values.get(str(find(signature, "count")), (1, None))[0]
        plain = names[0] in texts and all(isinstance(self.values[str(name)][0], str) for name in texts)
        if self.pictures or count != 1 or not plain:
            return None
        return json.dumps([texts, {name: given for name, given in self.values.items() if name not in texts}])

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self) | {"single": sorted(self.single)}

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Call:
        """What ``as_dict`` gave."""
        values = {name: (given[0], given[1]) for name, given in told["values"].items()}
        pictures = {name: tuple(files) for name, files in told["pictures"].items()}
        return cls(values, told["seed"], pictures, frozenset(told["single"]))
