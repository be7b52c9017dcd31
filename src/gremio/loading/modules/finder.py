"""The import finder for ``gremio_code.<digest>.…``."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Sequence
from types import ModuleType

from gremio.code.syntax.layout import layout_of
from gremio.loading.modules.loader import CodeLoader, FolderLoader
from gremio.loading.modules.registry import AS_WRITTEN, PACKAGE, registry
from gremio.machine.settings import Settings
from gremio.sources.trees import Trees
from gremio.trust import ApprovedCode


class CodeFinder(importlib.abc.MetaPathFinder):
    """Finds modules in approved trees and nowhere else; what isn't there is not looked for on ``sys.path``."""

    @classmethod
    def install(cls) -> None:
        """Put one finder in front of the others, once."""
        if not any(isinstance(finder, cls) for finder in sys.meta_path):
            sys.meta_path.insert(0, cls())

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The spec of a module or package of an approved tree; None for a name that is not of this package.

        Raises:
            ModuleNotFoundError: the code was not approved on this machine, or has no such module.
        """
        package, _, inside = fullname.partition(".")
        if package != PACKAGE or not inside:
            return None
        top, *parts = inside.split(".")
        digits = top.removesuffix(AS_WRITTEN)
        code = registry.code(digits)
        if code is None:
            raise ModuleNotFoundError(
                f"the code {digits[:12]} was not approved on this machine; load its pipeline with gremio first",
                name=fullname,
            )
        return _spec(fullname, code, tuple(parts), mend=top == digits)


def _spec(fullname: str, code: ApprovedCode, parts: tuple[str, ...], *, mend: bool) -> importlib.machinery.ModuleSpec:
    layout = layout_of(code.tree)
    file, inner = layout.modules.get(parts), layout.folders.get(parts)
    if file is None and inner is None:
        # Not None: Python's own finder would then take what somebody put beside the files in the store.
        raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)
    store = Trees(Settings.from_environment().home).folder(code.digest)
    loader = CodeLoader(code, file, store / file, mend=mend) if file else FolderLoader(store / str(inner))
    is_package = layout.is_package(parts)
    origin = str(store / file) if file else None
    spec = importlib.machinery.ModuleSpec(fullname, loader, origin=origin, is_package=is_package)
    spec.has_location = file is not None
    if is_package:
        spec.submodule_search_locations = [str(store / str(inner))]
    return spec
