"""A tree of code in one line, and a stand-in for an installed library."""

from tests.libraries.conftest import forget, make_library
from tests.reading.conftest import make_tree

__all__ = ["forget", "make_library", "make_tree"]
