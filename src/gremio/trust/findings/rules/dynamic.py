"""Names that are made up while the code runs."""

from __future__ import annotations

import ast

from gremio.trust.findings.finding import Severity
from gremio.trust.findings.reading.calls import ANY, GETTERS, IMPORTERS
from gremio.trust.findings.reading.members import REEXPORTED
from gremio.trust.findings.reading.program import TREE
from gremio.trust.findings.reading.scopes import is_parameter
from gremio.trust.findings.reading.use import Use
from gremio.trust.findings.reading.values import references
from gremio.trust.findings.rules.rule import Rule

SENSITIVE = REEXPORTED | frozenset((
    "signal", "code", "types", "_thread", "_io", "_posixsubprocess", "_socket", "_ctypes", "_pickle", "_imp", "mmap",
    "site", "pdb", "bdb", "timeit", "io",
))  # fmt: skip
"""Modules through which a computed name leads anywhere."""
HARMLESS_MODULES = frozenset((
    "pathlib", "operator", "codecs", "base64", "tempfile", "threading", "inspect", "io", "types", "getpass", "asyncio",
    "urllib",
))  # fmt: skip


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
        _is_name(each, "__name__") or _is_name(each, "__package__") for each in ast.walk(node)
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


class ComputesAttribute(Rule):
    """Attributes whose name the code doesn't say."""

    code = "dynamic/attribute"
    severity = "medium"
    at_import = "high"
    names = (*GETTERS, "builtins.setattr", "builtins.delattr", "operator.attrgetter", "operator.methodcaller",
             "functools.reduce", "?.__getattribute__")  # fmt: skip
    what = "takes attributes by a computed name: {name}"
    why = "Which function is meant can't be read: of a module, it can be any."
    benign = "Going over the settings of a config; a dtype by its name."
    bad = (
        "import os\n\ndef f(name):\n    return getattr(os, name)\n",
        "import torch\n\ndef f(name):\n    return getattr(torch, name)\n",
        "def f(a, b):\n    return getattr(a, b)('x')\n",
        "def f(a, b):\n    return getattr(a, b)\n",
        "import torch\n\ndef f(names, x=torch):\n    for n in names:\n        x = getattr(x, n)\n    return x\n",
        "from functools import reduce\n\ndef f(a, b):\n    return reduce(getattr, b, a)\n",
    )
    good = (
        "def f(self):\n    return getattr(self.unet.config, 'sample_size', 64)\n",
        "def f(unet):\n    for name in ('a', 'b'):\n        setattr(unet, name, 1)\n",
        "import torch\ndtype = getattr(torch, 'float16')\n",
    )

    def judge(self, use: Use) -> Severity | None:
        """What it is asked of decides."""
        if use.kind in ("alias", "import"):
            return None
        if use.call is None:
            return self.severity
        if use.name.startswith("operator.") or use.name == "functools.reduce":
            return self._later(use)
        own = use.name.endswith(".__getattribute__") and use.name not in GETTERS
        target, name = (None, use.given(0, "name")) if own else (use.given(0, "obj"), use.given(1, "name"))
        if name is not None and use.constants(name) is not None:
            return None
        return self._of(use, target)

    def _of(self, use: Use, target: ast.expr | None) -> Severity | None:
        found = references(use.value(target))
        if any(ANY in each for each in found):
            return "high"
        if any(each.partition(".")[0] in SENSITIVE and "(" not in each for each in found):
            return "high"
        library = any(not each.startswith((TREE, "?", "builtins.")) and "(" not in each for each in found)
        if use.name in ("builtins.setattr", "builtins.delattr"):
            return "high" if library else "low"
        computed = isinstance(target, ast.Call) and bool(GETTERS & set(references(use.value(target.func))))
        if computed:
            return "high"
        return self.severity if library or isinstance(use.around, ast.Call) or _is_wrapped(use) else "low"

    def _later(self, use: Use) -> Severity | None:
        args = use.call.args if use.call is not None else []
        if use.name == "functools.reduce":
            return self.severity if args and GETTERS & set(references(use.value(args[0]))) else None
        return None if all(use.constants(each) is not None for each in args) else self.severity


def _is_wrapped(use: Use) -> bool:
    """Whether object and name are both what the function around is given: ``getattr`` under another name."""
    args = use.call.args[:2] if use.call is not None else []
    return len(args) == 2 and all(isinstance(each, ast.Name) and is_parameter(each.id, use.scope) for each in args)


class ReachesInside(Rule):
    """The insides of functions, frames and classes, from which everything can be reached."""

    code = "dynamic/internals"
    severity = "high"
    names = (
        *(f"?.{name}" for name in (
            "__subclasses__", "__globals__", "__builtins__", "__code__", "__closure__", "__loader__", "__import__",
            "f_globals", "f_locals", "f_builtins", "f_back", "f_code", "tb_frame", "gi_frame", "gi_code", "cr_frame",
            "ag_frame", "co_code", "co_consts", "func_globals", "__reduce_ex__", "__defaults__", "__kwdefaults__",
            "cell_contents", "__base__", "__bases__", "__mro__", "__self__",
        )),
        "sys._getframe*", "sys._current_frames", "sys._current_exceptions", "inspect.currentframe", "inspect.stack",
        "inspect.trace", "inspect.getouterframes", "inspect.getinnerframes", "inspect.getclosurevars",
        "inspect.getframeinfo", "gc.get_objects", "gc.get_referrers", "gc.get_referents", "gc.callbacks*",
        "traceback.walk_stack", "types.CellType", "types.FrameType", "_testcapi.*", "_xxsubinterpreters.*",
    )  # fmt: skip
    what = "reaches into the insides of Python: {name}"
    why = "From there every module, function and secret of the process can be reached without naming it."
    benign = "A debugger, or a library that looks at its own functions."
    bad = (
        "().__class__.__base__.__subclasses__()\n",
        "def f():\n    return f.__globals__['os']\n",
        "import inspect\ninspect.currentframe().f_back\n",
        "def f(x):\n    return getattr(x, '__glo' + 'bals__')\n",
        "import gc\ngc.get_objects()\n",
    )
    good = (
        "import gc\ngc.collect()\n",
        "import inspect\ninspect.signature(print).parameters\n",
        "def f(self):\n    return self.__class__.__name__, type(self).__module__\n",
    )

    def judge(self, use: Use) -> Severity | None:
        """Of some a honest use is common enough."""
        if use.kind == "import":
            return None
        name = use.name.removeprefix("?.")
        if name in ("__import__",) and use.sure:
            return None
        return "medium" if name in _TAME and use.kind != "store" else self.severity


_TAME = frozenset((
    "__base__", "__bases__", "__mro__", "__self__", "__defaults__", "__kwdefaults__", "__code__", "__loader__",
))  # fmt: skip


class UsesNamespace(Rule):
    """Whole namespaces as dictionaries."""

    code = "dynamic/namespace"
    severity = "medium"
    at_import = "high"
    names = (
        "builtins.globals", "sys.modules", "sys.modules[]", "sys.modules.*",
        *(f"{module}.__dict__" for module in sorted(SENSITIVE)),
        *(f"{module}.__dict__[]" for module in sorted(SENSITIVE)),
        *(f"{module}.__dict__.*" for module in sorted(SENSITIVE)),
        *(f"{module}[]" for module in ("builtins",)),
    )  # fmt: skip
    what = "uses a namespace as a dictionary: {name}"
    why = "Names in it can be computed, changed and hidden."
    benign = "Choosing a class of the same file by its name."
    bad = (
        "def f(name):\n    return globals()[name]\n",
        "import os\n\ndef f(name):\n    return os.__dict__[name]\n",
        "import sys\n\ndef f(name):\n    return sys.modules[name]\n",
        "import sys\nsys.modules['torch'] = None\n",
    )
    good = (
        "def f():\n    return globals()['CONSTANT']\n",
        "def f(names):\n    return {n: locals()[n] for n in names}\n",
    )

    def judge(self, use: Use) -> Severity | None:
        """A key that is written out is followed instead."""
        if use.kind in ("alias", "import"):
            return None
        if use.kind in ("store", "delete"):
            return "low" if _is_own_module(use.node) else "high"
        if use.name == "builtins.globals":
            return None if _with_known_key(use) else self.severity
        if use.name.startswith("sys.modules"):
            return self._of_modules(use)
        return None if use.kind == "item" and use.name.endswith("__dict__") else "high"

    def _of_modules(self, use: Use) -> Severity | None:
        if use.name == "sys.modules":
            return "low" if use.kind == "value" else None
        if use.name == "sys.modules.get":
            return None if use.constants(use.given(0, "key")) is not None else self.severity
        if use.name.endswith((".items", ".values", ".copy", ".update", ".setdefault", ".__setitem__")):
            return "high"
        return "low" if _is_own_module(use.node) else self.severity


def _with_known_key(use: Use) -> bool:
    """Whether ``globals()`` is asked for one name that is written out."""
    if isinstance(use.around, ast.Subscript):
        return use.constants(use.around.slice) is not None
    return isinstance(use.around, ast.Attribute) and use.around.attr in ("keys", "__contains__")


def _is_own_module(node: ast.AST) -> bool:
    return isinstance(node, ast.Subscript) and _is_name(node.slice, "__name__")


def _is_name(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


class PassesModule(Rule):
    """A powerful module as a value, passed on or put away, so that what becomes of it can't be followed."""

    code = "dynamic/module-value"
    severity = "high"
    names = tuple(sorted((SENSITIVE - HARMLESS_MODULES) | {"posix", "nt"}))
    what = "passes the module {name} on as a value"
    why = "What is done with it then can't be followed, and it can do nearly anything."
    benign = "Rare; a module is used by its name."
    bad = (
        "import os\n\nclass A:\n    tools = os\n",
        "import os\nf(os)\n",
        "import subprocess\nx = [subprocess]\n",
    )
    good = (
        "import os\nos.path.join('a', 'b')\n",
        "import os as o\np = o\np.path.join('a')\n",
        "import torch\nf(torch)\n",
        "import os\ngetattr(os, 'sep')\n",
    )

    def judge(self, use: Use) -> Severity | None:
        """As a value only."""
        return self.severity if use.kind in ("value", "call") else None


RULES: tuple[Rule, ...] = (
    ImportsByName(),
    LoadsModules(),
    ChangesSearchPath(),
    ComputesAttribute(),
    ReachesInside(),
    UsesNamespace(),
    PassesModule(),
)
