"""Names that are made up while the code runs."""

from __future__ import annotations

import ast

from gremio.trust.findings.finding import Severity
from gremio.trust.findings.reading.calls import ANY, GETTERS
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
    ComputesAttribute(),
    ReachesInside(),
    UsesNamespace(),
    PassesModule(),
)
