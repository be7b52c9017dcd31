"""Many files are read in several processes, to the same entries as in one."""

from __future__ import annotations

import subprocess
import sys

MANY = """
import os, signal
from multiprocessing import active_children
from tests.catalog.pages import PAINTER, WALKER
from gremio.catalog import readers as module
from gremio.catalog.reading import About, Code
from gremio.code import CodeTree, Origin

os.cpu_count = lambda: 2
texts = [(PAINTER if number % 2 else WALKER) + f"# {number}" for number in range(40)]
trees = [CodeTree({"pipeline.py": text.encode()}, "pipeline.py", Origin("local", "here")) for text in texts]
codes = [Code(tree, About(str(number), "local", str(number))) for number, tree in enumerate(trees)]
with module.readers(3) as alone:
    expected = alone.begin(codes)()
    assert active_children() == []
assert [entry.ref for entry in expected] == [str(number) for number in range(40)]
with module.readers(len(codes)) as several:
    assert several.begin(codes[:20])() == expected[:20]
    first, _ = active_children()
    os.kill(first.pid, signal.SIGKILL)
    assert several.begin(codes)() == expected
assert active_children() == []
"""


def test_several_processes_give_what_one_gives_and_nothing_is_lost_with_one():
    """A process of its own, since one with threads is never forked; nothing is left of those that read."""
    subprocess.run([sys.executable, "-c", MANY], check=True)
