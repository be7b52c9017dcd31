"""A tree of code in one line, and a stand-in for an installed library."""

from tests.code.libraries.conftest import forget, make_library
from tests.code.syntax.conftest import make_tree

__all__ = ["forget", "make_library", "make_tree"]
