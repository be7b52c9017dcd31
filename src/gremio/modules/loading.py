"""From approved code to a class."""

from __future__ import annotations

import importlib
import logging
import traceback
from dataclasses import dataclass

from gremio.errors import CodeFailed, GremioError, NoClass
from gremio.modules.finder import PACKAGE
from gremio.modules.registry import registry
from gremio.review import Relocation, module_name
from gremio.trust import ApprovedCode

log = logging.getLogger("gremio")
_reported: set[str] = set()


@dataclass(frozen=True)
class LoadedCode:
    """A class, the code it came from, and what was relocated so that it could be executed here."""

    cls: type
    code: ApprovedCode
    relocations: tuple[Relocation, ...]


def load(code: ApprovedCode, class_name: str, *, path: str | None = None, ref: str = "") -> LoadedCode:
    """Execute a file of the tree (default: its entry) unless this process did, and take a class from it.

    Raises:
        CodeFailed: the code raised; the cause is chained.
        NoClass: there is no such class in it.
    """
    registry.add(code)
    file = path or code.tree.entry
    name = module_name(f"{PACKAGE}.{code.digest.hex}", file)
    try:
        module = importlib.import_module(name)
    except GremioError:
        raise
    except Exception as error:
        raise _failed(error, code, file, ref) from error
    found = getattr(module, class_name, None)
    if not isinstance(found, type):
        raise NoClass(f"{file} defines no class {class_name}", ref=ref, next_step="Pass class_name= with one it has.")
    relocations = registry.relocations(code.digest.hex)
    _report(code, relocations, ref)
    return LoadedCode(found, code, relocations)


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


def _report(code: ApprovedCode, relocations: tuple[Relocation, ...], ref: str) -> None:
    if relocations and code.digest.hex not in _reported:
        _reported.add(code.digest.hex)
        moves = ", ".join(f"{r.old} → {r.new}" for r in relocations[:4])
        more = f" and {len(relocations) - 4} more" if len(relocations) > 4 else ""
        log.info("%s was written for other library versions; relocated: %s%s", ref or code.tree.entry, moves, more)
