"""Modules that are found by a text, made from files, or looked for elsewhere."""

from __future__ import annotations

import ast

from gremio.trust.findings.finding import Severity
from gremio.trust.findings.reading.calls import IMPORTERS
from gremio.trust.findings.reading.use import Use
from gremio.trust.findings.rules.dynamic import HARMLESS_MODULES, SENSITIVE
from gremio.trust.findings.rules.rule import Rule


class ImportsByName(Rule):
    """Importing a module by a text."""

    code = "dynamic/import"
    severity = "high"
    names = (*IMPORTERS, "imp.*", "six.moves.builtins.__import__", "pydoc.ErrorDuringImport", "?.import_module",
             "importlib.import_module", "pkg_resources.*", "stevedore.*",
             "importlib.metadata.entry_points")  # fmt: skip
    what = "imports by name: {name}"
    why = "A name that is put together can be that of any module."
    benign = "An optional package, by a name that is written out."
    bad = (
        "__import__('os').system('ls')\n",
        "import importlib\n\ndef f(name):\n    return importlib.import_module(name)\n",
        "from importlib import import_module as i\ni('sub' + 'process')\n",
    )
    good = (
        "import importlib\nimportlib.util.find_spec('xformers')\n",
        "import importlib.metadata as m\nm.version('torch')\n",
    )

    def judge(self, use: Use) -> Severity | None:
        """A harmless name that is written out is told, but not grave."""
        if use.kind in ("alias", "import"):
            return None
        names = use.constants(use.given(0, "name")) if use.call is not None else None
        if use.name not in IMPORTERS or names is None:
            return "medium" if _of_itself(use.given(0, "name")) else self.severity
        tops = {str(name).lstrip(".").partition(".")[0].lstrip("_") for name in names}
        if tops & (SENSITIVE - HARMLESS_MODULES):
            return self.severity
        return "medium" if use.name == "builtins.__import__" else "low"


def _of_itself(node: ast.expr | None) -> bool:
    """Whether it is made of the module's own name."""
    return node is not None and any(
        isinstance(each, ast.Name) and each.id in ("__name__", "__package__") for each in ast.walk(node)
    )


class LoadsModules(Rule):
    """Making modules from files, and changing how Python finds them."""

    code = "dynamic/loader"
    severity = "high"
    names = (
        "importlib.machinery.*", "importlib.util.spec_from_*", "importlib.util.module_from_spec",
        "importlib.util.LazyLoader", "importlib.reload", "importlib.abc.*", "importlib._bootstrap*", "zipimport.*",
        "sys.meta_path", "sys.meta_path.*", "sys.path_hooks", "sys.path_hooks.*", "sys.path_importer_cache*",
        "types.ModuleType", "pkgutil.get_loader", "pkgutil.find_loader", "pkgutil.ImpImporter", "_imp.*",
        "_frozen_importlib*", "?.exec_module", "?.load_module", "?.get_code", "?.create_module", "?.source_to_code",
        "importlib.util.source_from_cache", "py_compile.*", "compileall.*", "sys.meta_path[]", "sys.path_hooks[]",
        "transformers.utils.direct_transformers_import", "transformers.utils.import_utils.direct_transformers_import",
    )  # fmt: skip
    what = "loads modules in a way of its own: {name}"
    why = "Files that nobody reviewed can become code so."
    benign = "A loader of plugins; a pipeline imports what it needs."
    bad = (
        "import importlib.util as u\ns = u.spec_from_file_location('m', '/tmp/m.py')\n",
        "import sys\nsys.meta_path.insert(0, object())\n",
    )
    good = ("import importlib.util\nimportlib.util.find_spec('xformers')\n", "import sys\nsys.exit\n")

    def judge(self, use: Use) -> Severity | None:
        """An import alone loads nothing, and the type of modules is mostly asked for what something is."""
        if use.name == "types.ModuleType" and use.kind != "call":
            return None
        return None if use.kind == "import" else self.severity


class ChangesSearchPath(Rule):
    """Other folders to import from."""

    code = "dynamic/search-path"
    severity = "high"
    names = (
        "sys.path", "sys.path[]", "sys.path.*", "site.*", "?.__path__", "?.__package__", "?.__spec__",
        "pkgutil.extend_path",
    )  # fmt: skip
    what = "changes where Python looks for modules: {name}"
    why = "What lies there becomes code when something of its name is imported, and nobody has read it."
    benign = "A repository that must be cloned beside; its own folder needs no such thing in Gremio."
    bad = (
        "import sys\nsys.path.insert(0, '/opt/code')\n",
        "import sys\nsys.path += ['/opt']\n",
        "__path__.append('/opt')\n",
        "__package__ = 'os'\nfrom . import system\n",
    )
    good = ("import sys\nprint(len(sys.path))\n", "import sys\n\ndef f():\n    return [p for p in sys.path]\n")

    def judge(self, use: Use) -> Severity | None:
        """Looking at it changes nothing; the folder of the file itself is known code."""
        if use.name.startswith("?.__"):
            changed = use.kind in ("store", "call") or (use.name == "?.__path__" and use.kind in ("item", "alias"))
            return self.severity if changed else None
        if use.name in ("sys.path", "sys.path[]") and use.kind not in ("store", "delete", "alias"):
            return None
        if use.name.rpartition(".")[2] in ("index", "count", "copy") or use.kind == "import":
            return None
        own = use.call is not None and any(_names_own_file(arg) for arg in use.call.args)
        return "medium" if own else self.severity


def _names_own_file(node: ast.expr) -> bool:
    return any(isinstance(each, ast.Name) and each.id == "__file__" for each in ast.walk(node))


RULES: tuple[Rule, ...] = (ImportsByName(), LoadsModules(), ChangesSearchPath())
