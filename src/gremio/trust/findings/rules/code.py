"""Text that becomes code."""

from __future__ import annotations

import ast
import string

from gremio.trust.findings.finding import Severity
from gremio.trust.findings.reading.use import Use
from gremio.trust.findings.rules.rule import Rule

_TYPES = ("types.FunctionType", "types.LambdaType", "types.CodeType")


class ExecutesText(Rule):
    """Executing text or bytes as code."""

    code = "dynamic/code"
    severity = "high"
    names = (
        *_TYPES, "builtins.eval", "builtins.exec", "builtins.compile", "builtins.execfile", "builtins.breakpoint",
        "code.*", "codeop.*", "runpy.*", "timeit.timeit", "timeit.repeat", "timeit.Timer", "timeit.main",
        "cProfile.run*", "profile.run*", "trace.Trace*", "pdb.*", "bdb.*", "doctest.*", "marshal.*", "rlcompleter.*",
        "typing.ForwardRef*", "IPython.*", "asteval.*", "simpleeval.*", "six.exec_", "pydoc.pipepager",
        "inspect.get_annotations", "pyximport.*", "lib2to3.*", "hydra.utils.instantiate", "numpy.testing.runstring",
        "numpy.testing.rundocs", "torch.jit.CompilationUnit", "torch.fx.graph_module.*", "torch._inductor.codecache.*",
        "torch.testing._internal.*", "PIL.ImageMath.*eval",
    )  # fmt: skip
    what = "executes text as code: {name}"
    why = "What is executed is not what was read: it can be put together, fetched or hidden."
    benign = "Rare. A number or a list in a text is read by `ast.literal_eval`, which executes nothing."
    bad = (
        "exec('x = 1')\n",
        "import builtins as b\nb.eval('1')\n",
        "f = [eval][0]\n",
        "import builtins\ngetattr(builtins, 'ev' + 'al')('1')\n",
        "import types\ntypes.FunctionType(x, {})\n",
        "import inspect\ninspect.get_annotations(f, eval_str=True)\n",
    )
    good = (
        "model.eval()\n",
        "import re, torch\nre.compile('a')\ntorch.compile(model)\n",
        "import ast\nast.literal_eval('[1]')\n",
        "import types\nisinstance(x, types.FunctionType)\n",
        "from timeit import default_timer\ndefault_timer()\n",
    )

    def judge(self, use: Use) -> Severity | None:
        """A type is mostly asked for what something is; annotations are only evaluated where that is said."""
        if use.name in _TYPES:
            return self.severity if use.kind == "call" else None
        if use.name == "inspect.get_annotations":
            given = use.given(3, "eval_str")
            return None if given is None or use.constants(given) == (False,) else self.severity
        return self.severity


class InterpretsText(Rule):
    """Languages within the language: templates, formulas, configs that call functions."""

    code = "dynamic/template"
    severity = "medium"
    at_import = "high"
    by_import = False
    names = (
        "jinja2.*", "mako.*", "sympy.sympify", "sympy.parse_expr", "sympy.parsing.*", "numexpr.*", "pandas.eval",
        "dataclasses.make_dataclass", "logging.config.*",
    )  # fmt: skip
    what = "has text interpreted: {name}"
    why = "Such a text can reach or call more than it seems."
    benign = "A template or a formula of the author's own."
    bad = ("import jinja2\n\ndef f(t):\n    return jinja2.Template(t).render()\n",)
    good = ("import string\nstring.Template('$a').substitute(a=1)\n", "import jinja2\n")


class ReachesByFormat(Rule):
    """Texts that reach into things when they are formatted."""

    code = "dynamic/format"
    severity = "high"
    names = ("?.format", "?.format_map", "builtins.str.format", "string.Formatter().*format")
    what = "formats a text that reaches into the insides of what it is given"
    why = "`format` follows attributes: a text can get at globals, and at the secrets among them."
    benign = "None that we know."
    bad = ("x = '{0.__init__.__globals__}'.format(y)\n",)
    good = ("x = '{0.name}'.format(y)\n", "x = f'{y.__class__.__name__}'\n", "x = '{self.__class__} has no f'\n")

    def judge(self, use: Use) -> Severity | None:
        """By the fields of the text, where it is known."""
        given = use.node.value if isinstance(use.node, ast.Attribute) and use.name.startswith("?") else None
        texts = use.some_constants(given if given is not None else use.given(0, "format_string"))
        return self.severity if any(isinstance(text, str) and _reaches(text) for text in texts) else None


def _reaches(text: str) -> bool:
    if "__" not in text or len(text) > 10_000:
        return False
    try:
        fields = [name for _, name, _, _ in string.Formatter().parse(text) if name]
    except ValueError:
        return False
    return any(part in name for name in fields for part in (".__", "[__"))


RULES: tuple[Rule, ...] = (ExecutesText(), InterpretsText(), ReachesByFormat())
