"""From approved code to a class."""

from __future__ import annotations

import importlib
import logging
import traceback
from dataclasses import dataclass

from gremio.code.mends import Repair
from gremio.code.review import Relocation, module_name
from gremio.errors import CodeFailed, GremioError, NoClass
from gremio.loading.modules.registry import PACKAGE, Adaptation, registry, top_name
from gremio.trust import ApprovedCode

log = logging.getLogger("gremio")
_reported: set[str] = set()


@dataclass(frozen=True)
class LoadedCode:
    """A class, the code it came from, and what was relocated and mended so that it runs here."""

    cls: type
    code: ApprovedCode
    relocations: tuple[Relocation, ...]
    mends: tuple[Repair, ...] = ()


def load(
    code: ApprovedCode, class_name: str, *, path: str | None = None, ref: str = "", mend: bool = True
) -> LoadedCode:
    """Execute a file of the tree (default: its entry) unless this process did, and take a class from it.

    Without ``mend`` its imports are relocated and nothing else of it is changed.

    Raises:
        CodeFailed: the code raised; the cause is chained.
        NoClass: there is no such class in it.
    """
    registry.add(code)
    file = path or code.tree.entry
    top = top_name(code.digest, mend=mend)
    name = module_name(f"{PACKAGE}.{top}", file)
    try:
        module = importlib.import_module(name)
    except GremioError:
        raise
    except Exception as error:
        raise _failed(error, code, file, ref) from error
    found = getattr(module, class_name, None)
    if not isinstance(found, type):
        raise NoClass(f"{file} defines no class {class_name}", ref=ref, next_step="Pass class_name= with one it has.")
    adaptation = registry.adaptation(top)
    _report(top, adaptation, ref or code.tree.entry)
    return LoadedCode(found, code, adaptation.relocations, adaptation.repairs)


def _failed(error: Exception, code: ApprovedCode, file: str, ref: str) -> CodeFailed:
    inside = [f for f in traceback.extract_tb(error.__traceback__) if code.digest.hex in f.filename]
    where = file
    if inside:
        where = f"{inside[-1].filename.split(code.digest.hex)[-1].lstrip('/')}, line {inside[-1].lineno}"
    return CodeFailed(
        f"its code raised {type(error).__name__} while it was executed ({where}): {error}",
        ref=ref or str(code.tree.origin),
        next_step="`gremio show` tells what it needs; the traceback above has the line.",
    )


def _report(top: str, adaptation: Adaptation, name: str) -> None:
    if top in _reported:
        return
    _reported.add(top)
    if adaptation.relocations:
        moves = _some([f"{r.old} → {r.new}" for r in adaptation.relocations])
        log.info("%s was written for other library versions; relocated: %s", name, moves)
    if adaptation.repairs:
        log.info(
            "%s was mended to run here: %s", name, _some([f"{r.mend} (line {r.line})" for r in adaptation.repairs])
        )


def _some(items: list[str]) -> str:
    more = f" and {len(items) - 4} more" if len(items) > 4 else ""
    return f"{', '.join(items[:4])}{more}"
