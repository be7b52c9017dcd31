"""What can be told of a file by its name, and of a link by where it leads."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import PurePosixPath

from gremio.sources.weights import PICKLED, SAFE
from gremio.trust.findings import Finding

COMPILED = (".pyc", ".pyo", ".pyd", ".so", ".dll", ".dylib")


def link_findings(links: Mapping[str, str]) -> Iterator[Finding]:
    """One for every path whose link leads out of the folder; ``links`` has where to."""
    for path, target in sorted(links.items()):
        yield Finding(
            code="files/link",
            severity="high",
            confidence="high",
            file=path,
            line=None,
            snippet=target,
            what=f"is a link to {target}, outside of the model",
            why="What lies there would be read as a part of the model, and could be read back from it.",
            benign="Links into the Hub's own cache, and between files of one model, which are no findings.",
        )


def name_findings(paths: Collection[str]) -> Iterator[Finding]:
    """What is code or can carry it, though nothing here reads it. None of it is refused; a person should know."""
    for path in sorted(paths):
        if path.endswith(COMPILED):
            yield Finding(
                code="native/compiled",
                severity="low",
                confidence="high",
                file=path,
                line=None,
                snippet=PurePosixPath(path).name,
                what="is compiled code, which can't be read",
                why="Nothing imports it, unless code that is allowed to run loads it by itself.",
                benign="Caches that Python left beside its source.",
            )
        elif path.endswith((".pkl", ".pickle", ".ckpt", *PICKLED)) and not _safe_beside(path, paths):
            yield Finding(
                code="pickles/weights",
                severity="medium",
                confidence="high",
                file=path,
                line=None,
                snippet=PurePosixPath(path).name,
                what="is a pickle, and there are no safetensors beside it",
                why="Loading a pickle can execute code; PyTorch's restricted reading is all that stands between.",
                benign="Older models. With use_safetensors=True none of them is loaded.",
            )


def _safe_beside(path: str, paths: Collection[str]) -> bool:
    folder = PurePosixPath(path).parent
    return any(each.endswith(SAFE) and PurePosixPath(each).parent == folder for each in paths)
