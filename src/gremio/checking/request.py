"""One trial that is wanted: of which code, loaded by whom, called how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Loader = Literal["gremio", "diffusers"]


@dataclass(frozen=True)
class TrialRequest:
    """What ``python -m gremio.checking.trial`` is asked.

    Attributes:
        ref: the code.
        revision: of the code.
        class_name: which class, where the file defines several.
        loader: ``gremio``, or ``diffusers`` for its own loading.
        model: a real model instead of a tiny one.
        components: classes of components by slot, as text.
        settings: arguments of the call, as text.
        seed: for everything random.
        quick: whether to leave out what is tried beyond one call.
        mend: whether Gremio may mend the code.
        trust: repositories and digests that may run.
        trust_remote_code: whether what ``ref`` names may run.
        pipelines_only: whether a file without a pipeline counts as such, though it has a component.
    """

    ref: str
    revision: str | None = None
    class_name: str | None = None
    loader: Loader = "gremio"
    model: str | None = None
    components: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    seed: int | None = None
    quick: bool = False
    mend: bool = True
    trust: tuple[str, ...] = ()
    trust_remote_code: bool = False
    pipelines_only: bool = False

    def arguments(self) -> list[str]:
        """For the command line. A value stands in one word with its option, so that it may begin with a dash."""
        valued = {
            "custom-revision": self.revision,
            "class-name": self.class_name,
            "loader": self.loader,
            "model": self.model,
            "seed": self.seed,
        }
        found = [self.ref, *(f"--{name}={value}" for name, value in valued.items() if value is not None)]
        found += [f"--component={name}={value}" for name, value in self.components.items()]
        found += [f"--set={name}={value}" for name, value in self.settings.items()]
        found += [f"--trust={each}" for each in self.trust]
        flags = {"quick": self.quick, "no-mend": not self.mend, "trust-remote-code": self.trust_remote_code}
        flags["pipelines-only"] = self.pipelines_only
        return [*found, *(f"--{name}" for name, given in flags.items() if given)]

    def options(self) -> dict[str, Any]:
        """What changes the result beside the code, the loader and the mends: two trials that differ here differ."""
        return {
            "class_name": self.class_name,
            "model": self.model,
            "components": dict(sorted(self.components.items())),
            "settings": dict(sorted(self.settings.items())),
            "seed": self.seed,
            "quick": self.quick,
        }
