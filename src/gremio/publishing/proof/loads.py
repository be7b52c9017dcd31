"""Makes loads in processes that have nothing of the author's."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import cached_property
from pathlib import Path

from gremio.machine.processes import Children, Ended, Limits, Trouble, forking
from gremio.machine.settings import Settings
from gremio.machine.writing import scratch
from gremio.publishing.proof.exchange import Loader, ProofReport, ProofSubject

_MODULE = "gremio.publishing.proof.child"
_TIMEOUT = 1800.0
# What would point back to the author's caches, settings of interpreters, or an offline mode. HF_TOKEN is set anew.
_LEFT_OUT = frozenset(
    {"HF_ASSETS_CACHE", "HF_HUB_DISABLE_IMPLICIT_TOKEN", "HF_HUB_OFFLINE", "HF_TOKEN", "HF_TOKEN_PATH", "HF_XET_CACHE"}
    | {"HUGGINGFACE_HUB_CACHE", "HUGGING_FACE_HUB_TOKEN", "PYTORCH_TRANSFORMERS_CACHE", "TRANSFORMERS_CACHE"}
    | {"DIFFUSERS_OFFLINE", "TRANSFORMERS_OFFLINE"}
    | {"PYTHONINSPECT", "PYTHONOPTIMIZE", "PYTHONSTARTUP", "PYTHONWARNINGS"}
)

Load = Callable[[ProofSubject, Loader], tuple[ProofReport, Ended]]


class Loads(AbstractContextManager["Loads"]):
    """A context for all loads of one publication: they are forked from a process that imports the libraries once.

    Args:
        settings: where the Hub is, and what may run on this machine.
        timeout: seconds for each load, downloads included; None for no end.
        command: what makes a load, given the subject's arguments, in place of such a fork.
    """

    def __init__(
        self, settings: Settings, *, timeout: float | None = _TIMEOUT, command: Sequence[str] | None = None
    ) -> None:
        self.settings = settings
        self._limits = Limits(timeout)
        self._given = command
        self._opened = ExitStack()

    def __exit__(self, *_: object) -> None:
        """End the process that was forked from, and remove the folder."""
        self._opened.close()

    @contextmanager
    def sharing_a_cache(self, token: str | None = None) -> Iterator[Load]:
        """What makes a load, with caches that are empty when the block begins and gone when it ends.

        ``token`` is the Hub's, where the repository is private.
        """
        empty = self._folder / "empty"
        empty.mkdir(parents=True)
        children = Children(clean_environment(self._folder, self.settings, token))

        def load(subject: ProofSubject, loader: Loader) -> tuple[ProofReport, Ended]:
            ended = children.run([*self._command, *subject.arguments(loader)], self._limits, folder=empty)
            try:
                return ProofReport.from_output(ended.out), ended
            except ValueError:
                return ProofReport(error=Trouble("", ended.without_report)), ended

        try:
            yield load
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)

    @cached_property
    def _folder(self) -> Path:
        """One for all, since the libraries remember where their caches are. Whole models come here."""
        return self._opened.enter_context(scratch(self.settings.home / "proofs")) / "somebody"

    @cached_property
    def _command(self) -> Sequence[str]:
        environ = clean_environment(self._folder, self.settings, None)
        return self._given or (*self._opened.enter_context(forking(environ)), _MODULE)


def clean_environment(folder: Path, settings: Settings, token: str | None) -> dict[str, str]:
    """That of somebody who has never loaded the publication and has none of its author's files.

    It is this process's, with every cache below ``folder`` and no code of the author's on the path.
    """
    found = {name: value for name, value in os.environ.items() if name not in _LEFT_OUT}
    # Where installed libraries lie, and Gremio itself. A folder of loose modules may be where the author works.
    given = [Path(each).absolute() for each in os.environ.get("PYTHONPATH", "").split(os.pathsep) if each]
    places = [*(place for place in given if next(place.glob("*.dist-info"), None)), Path(__file__).parents[3]]
    found |= {
        "HF_ENDPOINT": settings.endpoint,
        "HF_HOME": str(folder / "hf"),
        "HF_HUB_CACHE": str(folder / "hf" / "hub"),
        "HF_MODULES_CACHE": str(folder / "hf" / "modules"),
        "GREMIO_HOME": str(folder / "gremio"),
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "PYTHONPATH": os.pathsep.join(map(str, places)),
    }
    return found | ({"HF_TOKEN": token} if token else {})
