"""Changing what belongs to others: libraries, Python itself, what runs at certain moments."""

from __future__ import annotations

import ast

from gremio.trust.findings.finding import Severity
from gremio.trust.findings.reading.program import TREE
from gremio.trust.findings.reading.use import Use
from gremio.trust.findings.reading.values import Const, references
from gremio.trust.findings.rules.rule import Rule

_GUARDED = ("os.environ", "sys.modules", "sys.path", "sys.meta_path", "sys.path_hooks", "sys.path_importer_cache")


class ChangesLibrary(Rule):
    """Putting something else in the place of what a library has."""

    code = "patching/library"
    severity = "high"
    names = (
        "store:", "dict:", "builtins.setattr", "builtins.delattr", "unittest.mock.patch*", "mock.patch*",
        "forbiddenfruit.*", "gorilla.*",
        "wrapt.*", "builtins.__build_class__", "pytest.MonkeyPatch", "?.__setattr__", "?.__delattr__", "?.monkeypatch",
    )  # fmt: skip
    what = "changes what belongs to a library: {name}"
    why = "Everything else in the process uses the changed thing too, your own code included."
    benign = "A faster attention put in for all models; a processor of the pipeline's own does it without this."
    bad = (
        "import torch\n\ndef f(x): ...\n\ntorch.load = f\n",
        "from diffusers import UNet2DConditionModel as U\n\ndef g():\n    U.forward = print\n",
        "import torch.nn as nn\nsetattr(nn.Module, '__call__', print)\n",
        "import builtins\nbuiltins.print = None\n",
        "import diffusers\ndiffusers.utils.__dict__['logging'] = print\n",
        "import torch\nvars(torch).update(load=print)\n",
    )
    good = (
        "def f(self):\n    self.unet.forward = self.hacked\n",
        "import torch\ntorch.backends.cudnn.benchmark = True\n",
        "import torch.nn as nn\nx = nn.Linear(1, 1)\nx.weight = None\n",
        "class A:\n    pass\n\nA.forward = print\n",
        "def f(module):\n    setattr(module, 'scale', 1)\n",
        "class A:\n    def f(self):\n        object.__setattr__(self, 'x', print)\n",
    )

    def judge(self, use: Use) -> Severity | None:
        """An object that this code made may be changed; a plain value is a setting."""
        if use.kind in ("store", "delete"):
            return self._assigned(use)
        if ".__dict__." in use.name:
            changing = use.name.rpartition(".")[2] in ("update", "__setitem__", "setdefault", "pop", "clear", "popitem")
            return self.severity if changing and not use.name.startswith(TREE) and not _is_object(use.name) else None
        if use.name.rpartition(".")[2].strip("_") in ("setattr", "delattr"):
            return self._by_name(use)
        return None if use.name.startswith("?.") and use.call is None else self.severity

    def _assigned(self, use: Use) -> Severity | None:
        owner = use.name.rpartition(".")[0] if not use.name.endswith("[]") else use.name.removesuffix("[]")
        if owner.startswith((*_GUARDED, "?")) or _is_object(owner):
            return None
        if use.name.startswith("builtins."):
            return self.severity
        if use.name.endswith("[]") and ".__dict__" not in use.name:
            return "medium"
        return None if _is_plain(use, use.stored) and use.kind == "store" else self.severity

    def _by_name(self, use: Use) -> Severity | None:
        if use.call is None or not use.call.args:
            return None
        found = references(use.value(use.call.args[0]))
        if isinstance(use.node, ast.Attribute):
            found += [each for each in references(use.value(use.node.value)) if not each.startswith("builtins.")]
        others = [each for each in found if not each.startswith((TREE, "?")) and not _is_object(each)]
        if not others:
            return None
        value = use.call.args[2] if len(use.call.args) > 2 else None
        return None if value is not None and _is_plain(use, value) else self.severity


def _is_object(owner: str) -> bool:
    """Whether it is something that a call gave, and no class of such."""
    made = owner.partition(".__dict__")[0]
    return ("()" in made or "[]" in made) and ".__class__" not in owner


def _is_plain(use: Use, value: ast.expr | None) -> bool:
    """Whether it is a number, a text, a truth or None."""
    found = use.value(value)
    return bool(found) and all(
        isinstance(each, Const) and isinstance(each.value, int | float | str | None) for each in found
    )


class ChangesSetting(Rule):
    """Setting a number, a text or a truth of a library."""

    code = "patching/setting"
    severity = "low"
    names = ("store:",)
    what = "sets {name}"
    why = "It holds for the whole process, for other pipelines too."
    benign = "A switch for speed or precision."
    bad = ("import torch\ntorch.backends.cudnn.benchmark = True\n",)
    good = ("class A:\n    x = 1\n\nA.x = 2\n", "import torch.nn as nn\nx = nn.Linear(1, 1)\nx.bias = None\n")

    def judge(self, use: Use) -> Severity | None:
        """What is not plain changes more than a setting."""
        owner = use.name.rpartition(".")[0]
        own = owner.startswith(("?", "builtins", *_GUARDED)) or _is_object(owner)
        return self.severity if owner and not own and _is_plain(use, use.stored) and use.kind == "store" else None


class ChangesClass(Rule):
    """The class of something that was passed in."""

    code = "patching/class"
    severity = "high"
    names = ("store:",)
    what = "changes the class of an object that was passed in"
    why = "All other objects of that class change with it."
    benign = "Changing the one object does."
    bad = ("def f(unet):\n    type(unet).forward = print\n", "def f(unet):\n    unet.__class__ = int\n")
    good = ("def f(unet):\n    return unet.__class__.__name__\n",)

    def judge(self, use: Use) -> Severity | None:
        """It, or something of it, is assigned to."""
        return self.severity if use.name.startswith("?.__class__") else None


class HooksIn(Rule):
    """Functions that run later, by themselves."""

    code = "patching/hook"
    severity = "high"
    names = (
        "atexit.*", "sys.settrace", "sys.setprofile", "sys.addaudithook", "sys.excepthook*", "sys.displayhook*",
        "sys.unraisablehook*", "sys.breakpointhook*", "sys.set_asyncgen_hooks", "sys.set_coroutine_origin*",
        "sys.monitoring*", "threading.settrace*", "threading.setprofile*",
        "threading.excepthook*", "weakref.finalize", "codecs.register*", "encodings.*", "readline.*",
        "torch.nn.modules.module.register_module_*", "torch.overrides.*", "torch.utils._python_dispatch.*",
        "torch._dynamo.*backend*", "torch.library.*", "logging.setLogRecordFactory", "logging.setLoggerClass",
        "gc.callbacks*", "os.register_at_fork",
    )  # fmt: skip
    what = "has something run later, by itself: {name}"
    why = "It runs at moments that nobody calls it in: at the end, at every call, at every import."
    benign = "Freeing a device when the program ends."
    bad = (
        "import atexit\natexit.register(print)\n",
        "import sys\nsys.settrace(print)\n",
        "import codecs\ncodecs.register(print)\n",
    )
    good = ("def f(module):\n    module.register_forward_hook(print)\n", "import codecs\ncodecs.open\n")

    def judge(self, use: Use) -> Severity | None:
        """An import alone hooks nothing; torch's own hooks are for tensors."""
        return None if use.kind == "import" else "medium" if use.name.startswith("torch.") else self.severity


RULES: tuple[Rule, ...] = (ChangesLibrary(), ChangesSetting(), ChangesClass(), HooksIn())
