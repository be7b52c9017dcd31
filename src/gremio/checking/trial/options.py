"""What a trial is asked to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

LoaderName = Literal["gremio", "diffusers"]


@dataclass(frozen=True)
class Options:
    """One trial: which code, loaded how, called with what.

    ``model`` is a repository or folder whose weights are used in place of made-up ones; ``components`` are classes by
    slot, as text; ``settings`` are call arguments as text; ``quick`` stops after the first call; ``pipelines_only`` is
    for a count of pipelines, for which components are none.
    """

    ref: str
    loader: LoaderName = "gremio"
    class_name: str | None = None
    custom_revision: str | None = None
    trust_remote_code: object = None
    model: str | None = None
    components: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    seed: int = 0
    quick: bool = False
    mend: bool = True
    pipelines_only: bool = False

    def mending(self) -> dict[str, Any]:
        """The argument that turns mends off, given only when that was asked for."""
        return {} if self.mend else {"mend": False}
