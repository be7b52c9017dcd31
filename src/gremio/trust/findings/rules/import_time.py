"""What happens while a file is imported, beyond what other rules find there.

Every rule raises what runs at that time to its ``at_import``: in a module, a class, a decorator, a default, an
annotation, a metaclass, and in the functions that these call.
"""

from __future__ import annotations

from gremio.trust.findings.finding import Severity
from gremio.trust.findings.reading.use import Use
from gremio.trust.findings.rules.rule import Rule


class CallsComputed(Rule):
    """A call, while the file is imported, of something that can't be told."""

    code = "import-time/computed-call"
    severity = "high"
    names = ("?",)
    what = "calls something that can't be told from the code"
    why = "It runs as soon as the file is imported, and nothing says what it is."
    benign = "Filling a table of classes; better written out."
    bad = ("f = [x for x in y if x][0]\nf()\n", "for f in things:\n    f()\n", "(lambda: None)\ntable['x']()\n")
    good = (
        "def f(table):\n    return table['x']()\n",
        "x = print\nx(1)\n",
        "import torch\n\n@torch.no_grad()\ndef f(): ...\n",
    )

    def judge(self, use: Use) -> Severity | None:
        """Elsewhere functions are passed around all the time, and nothing is asked of them here."""
        return self.severity if use.kind == "computed" else None


RULES: tuple[Rule, ...] = (CallsComputed(),)
