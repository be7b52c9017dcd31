"""Why a load failed, where that can be seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gremio.errors import ComponentMissing, GremioError, ModelError
from gremio.loading.components import file_to_blame
from gremio.sources.model import INDEX, ModelHome


@dataclass(frozen=True)
class Attempt:
    """What was tried: a class, the ``paths`` of a model in ``folder``, its ``wanted`` components, the ``absent``."""

    cls: type
    home: ModelHome
    folder: Path
    paths: Sequence[str]
    wanted: Sequence[str]
    absent: Sequence[str]

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Where loading fails and we can see why, say that instead; whatever else failed comes out as it is.

        Raises:
            ModelError: a file is damaged, a component has no folder or code of its own, or can't be built in memory.
            ComponentMissing: the class can't be built without what the model leaves out.
        """
        try:
            yield
        except GremioError:
            raise
        except Exception as error:
            if blamed := file_to_blame(error, self.home, self.folder, self.paths):
                raise blamed from error
            if lost := [name for name in self.wanted if not self._has_folder(name)]:
                raise self._lost(lost[0]) from error
            if self.absent and isinstance(error, TypeError | AttributeError) and "None" in str(error):
                raise self._cannot_live_without() from error
            raise

    def _has_folder(self, name: str) -> bool:
        """Whether there is a folder to load the component from; in a flat repository the root is."""
        flat = any("/" not in p and p.endswith(".json") and p != INDEX for p in self.paths)
        return flat or any(p.startswith(f"{name}/") for p in self.paths)

    def _lost(self, name: str) -> ModelError:
        return ModelError(
            f"its index names the component {name}, and there is no folder {name}",
            ref=self.home.name,
            next_step=f"Get a whole copy of the model, or load that component yourself and pass {name}=….",
        )

    def _cannot_live_without(self) -> ComponentMissing:
        return ComponentMissing(
            f"{self.cls.__name__} can't be built without {', '.join(self.absent)}, which the model leaves out",
            names=self.absent,
            ref=self.home.name,
            next_step=f"Pass {self.absent[0]}=… or use a model that has it.",
        )
