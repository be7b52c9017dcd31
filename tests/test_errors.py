"""The tree of errors."""

from __future__ import annotations

import ast
import inspect
import pickle
import re

import pytest

from gremio import errors
from gremio.errors import GremioError

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, GremioError)]
FIELDS = {
    "UnreadableCode": {"path": "a.py", "line": 3},
    "SeveralClasses": {"names": ["A", "B"]},
    "MissingPackages": {"packages": ["torchsde"]},
    "CodeChanged": {"digest": "sha256:0", "diff": "-a\n+b"},
    "ComponentMissing": {"names": ["vae"]},
    "NotFound": {"nearest": ["a", "b"]},
    "NotTrusted": {"digest": "sha256:0"},
}


def made(kind: type[GremioError]) -> GremioError:
    """One of that kind, with all its fields."""
    return kind("it broke", ref="owner/repo", next_step="Mend it.", **FIELDS.get(kind.__name__, {}))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_error_survives_pickle(kind):
    """Type, text and every field come through, so that a worker can hand it to its parent."""
    error = made(kind)
    copied = pickle.loads(pickle.dumps(error))
    assert type(copied) is kind
    assert vars(copied) == vars(error)
    assert (str(copied), copied.args) == (str(error), error.args)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_error_says_what_to_which_ref_and_what_next(kind):
    """The ref leads, the next step has a line of its own."""
    assert str(made(kind)) == "owner/repo: it broke\n  Mend it."
    assert kind.__doc__


def test_the_docstring_draws_the_whole_tree():
    """Every class stands in the module's docstring, below its base."""
    lines = [line for line in (errors.__doc__ or "").splitlines() if re.search(r"[├└]── |GremioError$", line)]
    drawn: dict[str, str | None] = {}
    above: list[tuple[int, str]] = []
    for line in lines:
        name = re.search(r"[A-Z]\w+", line)
        assert name
        above = [(column, other) for column, other in above if column < name.start()]
        drawn[name.group()] = above[-1][1] if above else None
        above.append((name.start(), name.group()))
    real = {kind.__name__: kind.__bases__[0].__name__ for kind in KINDS if kind is not GremioError}
    assert drawn == {"GremioError": None, **real}


def test_the_module_imports_nothing():
    """Anything may import it, so it imports nothing that is not Python's."""
    tree = ast.parse(inspect.getsource(errors))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported == {"__future__", "collections.abc"}
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Import)]
