"""Why a load failed, where that can be seen."""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gremio.errors import ComponentMissing, GremioError, ModelError
from gremio.loading.components import damage
from gremio.sources.model import INDEX, ModelHome
from gremio.trust.findings import Finding
from gremio.trust.model_files import Document, documents_in, findings_of, largest_number


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
            for path, wrong in damage(self.folder, self.paths, self.home.size).items():
                raise self._damaged(path, wrong) from error
            if _is_about_memory(error) and (largest := largest_number(self._documents())):
                raise self._too_large(*largest) from error
            if _would_have_asked(error) and (named := self._named_code()):
                raise self._own_code(named[0]) from error
            if lost := [name for name in self.wanted if not self._has_folder(name)]:
                raise self._lost(lost[0]) from error
            if self.absent and isinstance(error, TypeError | AttributeError) and "None" in str(error):
                raise self._cannot_live_without() from error
            raise

    def _documents(self) -> list[Document]:
        return documents_in({path: (self.folder / path).read_bytes for path in self.paths})

    def _too_large(self, path: str, key: str, number: float) -> ModelError:
        return ModelError(
            f"a component needs more memory than there is; the largest number is {number} for {key} in {path}",
            ref=self.home.name,
            next_step="Ask the author whether that is meant, or use a machine with more memory.",
        )

    def _named_code(self) -> list[Finding]:
        return [f for document in self._documents() for f in findings_of(document) if f.code == "config/own-code"]

    def _own_code(self, named: Finding) -> ModelError:
        return ModelError(
            f"{named.file} {named.what}, which transformers would run by itself",
            ref=self.home.name,
            next_step=f"Load that component yourself and pass {named.file.split('/')[0]}=…. Gremio runs a model's code"
            " for whole components, not for parts inside of one.",
        )

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

    def _damaged(self, path: str, wrong: str) -> ModelError:
        again = "Pass force_download=True to download it again." if self.home.origin.remote else "Get a good copy."
        return ModelError(
            f"{path} is damaged: {wrong}", ref=self.home.name, next_step=f"{again} It lies at {self.folder / path}."
        )

    def _cannot_live_without(self) -> ComponentMissing:
        return ComponentMissing(
            f"{self.cls.__name__} can't be built without {', '.join(self.absent)}, which the model leaves out",
            names=self.absent,
            ref=self.home.name,
            next_step=f"Pass {self.absent[0]}=… or use a model that has it.",
        )


def _is_about_memory(error: Exception) -> bool:
    """torch has no error of its own for it."""
    words = ("can't allocate memory", "not enough memory", "unable to allocate")
    return isinstance(error, MemoryError) or any(word in str(error).lower() for word in words)


def _would_have_asked(error: Exception) -> bool:
    """Whether transformers came to where it asks on the standard input if it may run code."""
    return any(frame.name == "resolve_trust_remote_code" for frame in traceback.extract_tb(error.__traceback__))
