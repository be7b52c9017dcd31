"""A class that was made in a notebook, in the interpreter or in a script, as a module that can be published.

Such a class has no file of its own: a cell is not one, and importing a script would run it. So its statement is cut out
of the cell or the script, with all that it uses there: imports, constants, functions, other classes. In comes the
class, out comes the text of a module; nothing is executed.

    cells          what linecache knows: cells and scripts, and the definitions in them
    definitions    which of them made a class or function, and whether it still is that
    used_names     which names a statement uses, and when
    imports        where a name can be imported from, and the conditions that imports stand under
    constants      values as expressions
    collecting     all that a class needs, name by name
    module_text    the module that comes of it, in order, and read once more
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

from gremio.errors import CodeError
from gremio.publishing.saving.extraction.cells import Cells
from gremio.publishing.saving.extraction.collecting import Collector
from gremio.publishing.saving.extraction.definitions import functions_in
from gremio.publishing.saving.extraction.module_text import check, written

__all__ = ["Extracted", "extract", "needs_extraction"]

_MAIN = frozenset({"__main__", "__mp_main__"})
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@dataclass(frozen=True)
class Extracted:
    """A class as a module of its own.

    Attributes:
        file: the name for the file: the class's in snake case.
        source: the complete module. The author's own modules that it imports have to travel with it.
        notes: what could not be known for certain, in words.
    """

    file: str
    source: str = field(repr=False)
    notes: tuple[str, ...] = ()


def needs_extraction(cls: type) -> bool:
    """Whether a class has no module whose file could be published as it is."""
    module = sys.modules.get(cls.__module__)
    return cls.__module__ in _MAIN or not getattr(module, "__file__", None)


def extract(cls: type) -> Extracted:
    """Cut a class out of the cell, the input or the script that made it. Nothing is executed.

    Args:
        cls: a class whose module is ``__main__``, or one without a file.

    Returns:
        The module; the class in it does the same as the one in memory.

    Raises:
        CodeError: its source is gone or has changed, the class was changed after its statement, it is made inside a
            function, or it uses something that has no source: a lambda, a tensor, an open file.
    """
    if not needs_extraction(cls):
        raise CodeError(
            f"{cls.__name__} is in the module {cls.__module__}, which has a file",
            ref=cls.__name__,
            next_step="That file is what is published: import the class from it.",
        )
    script = getattr(sys.modules.get(cls.__module__), "__file__", None)
    collector = Collector(cls.__module__, Cells(str(script or "")))
    collector.collect(cls, _space(cls))
    file = file_name(cls.__name__)
    source = written(collector.items.values(), collector.submodules)
    check(source, file, cls.__name__)
    return Extracted(file, source, tuple(dict.fromkeys(collector.notes)))


def file_name(class_name: str) -> str:
    """``MyUNet2DModel`` is ``my_unet2d_model.py``."""
    plain = class_name.strip("_").replace("UNet", "Unet").replace("LoRA", "Lora")
    return _WORDS.sub("_", plain).lower() + ".py"


def _space(cls: type) -> Mapping[str, object]:
    """The names of the module that the class was made in, as its methods see them."""
    for value in vars(cls).values():
        for function in functions_in(value):
            # What `wraps` made bears the method's name, but sees the names of the decorator's module.
            if function.__code__.co_qualname.rpartition(".")[0] == cls.__qualname__:
                return function.__globals__
    return vars(sys.modules[cls.__module__]) if cls.__module__ in sys.modules else {}
