"""What importing costs: each in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

SCRIPT = """
import json, sys
before = set(sys.modules)
{statement}
new = {{name.partition(".")[0] for name in sys.modules.keys() - before}}
print(json.dumps(sorted(name for name in new if name not in sys.stdlib_module_names)))
"""
HEAVY = {"torch", "diffusers", "transformers", "numpy", "accelerate", "PIL", "safetensors"}


def loaded_by(statement: str, *arguments: str) -> set[str]:
    """The top-level packages, other than Python's own, that a statement loads."""
    command = [sys.executable, *arguments, "-c", SCRIPT.format(statement=statement)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return set(json.loads(done.stdout))


@pytest.mark.parametrize("statement", ["import gremio", "import gremio.errors, gremio.machine.settings, gremio.code"])
def test_importing_gremio_loads_nothing_third_party(statement):
    """``import gremio`` costs what Python's own modules cost."""
    assert loaded_by(statement) == {"gremio"}


@pytest.mark.parametrize(
    "statement",
    [
        "import gremio.sources, gremio.trust, gremio.code.review, gremio.machine, gremio.localhub",
        "from gremio import load_class, read",
        "import gremio.loading.pipelines.resolving",
        "from gremio import Workspace; import gremio.workspace.loading",
        "from gremio import batch; import gremio.cli.batch",
        "import gremio_code",
    ],
)
def test_the_managing_half_loads_no_torch(statement):
    """Finding, reading, allowing and importing code need none of what draws."""
    assert not loaded_by(statement) & HEAVY


def test_every_public_name_is_there():
    """Each name of ``__all__`` can be had, and an unknown one is an AttributeError."""
    import gremio

    assert sorted(gremio.__all__) == dir(gremio)
    assert all(getattr(gremio, name) is not None for name in gremio.__all__)
    with pytest.raises(AttributeError, match="nobody"):
        _ = gremio.nobody
