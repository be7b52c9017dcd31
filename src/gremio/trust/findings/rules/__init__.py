"""The rules, a module for each capability; each rule a class with its own samples.

In comes one use of a name, or one file; out comes how grave it is. Open ``rule.py`` for what a rule has, and add a new
one to the ``RULES`` of its module.
"""

from __future__ import annotations

from gremio.trust.findings.rules import (
    code,
    dynamic,
    environment,
    files,
    hidden,
    import_time,
    imports,
    modules,
    native,
    network,
    obfuscation,
    patching,
    pickles,
    processes,
    remote,
)
from gremio.trust.findings.rules.rule import FileRule, Place, Rule

RULES: tuple[Rule, ...] = (
    *processes.RULES,
    *network.RULES,
    *files.RULES,
    *code.RULES,
    *dynamic.RULES,
    *imports.RULES,
    *native.RULES,
    *pickles.RULES,
    *environment.RULES,
    *patching.RULES,
    *remote.RULES,
    *import_time.RULES,
    *modules.RULES,
    *hidden.RULES,
)
FILE_RULES: tuple[FileRule, ...] = (*obfuscation.FILE_RULES, *remote.FILE_RULES)

__all__ = ["FILE_RULES", "RULES", "FileRule", "Place", "Rule"]
