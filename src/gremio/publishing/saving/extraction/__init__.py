"""A class that was made in a notebook, in the interpreter or in a script, as a module that can be published.

Such a class has no file of its own: a cell is not one, and importing a script would run it. So its statement is cut out
of the cell or the script, with all that it uses there: imports, constants, functions, other classes.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

from gremio.errors import CodeError
from gremio.publishing.saving.extraction.collecting import Collector
from gremio.publishing.saving.extraction.fitness import check_class
from gremio.publishing.saving.extraction.matching import functions_in
from gremio.publishing.saving.extraction.places import LocalModule, is_installed, local_module
from gremio.publishing.saving.extraction.sources import Texts
from gremio.publishing.saving.extraction.writing import check, write

__all__ = ["Extracted", "LocalModule", "extract", "needs_extraction"]

_MAIN = frozenset({"__main__", "__mp_main__"})
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@dataclass(frozen=True)
class Extracted:
    """A class as a module of its own.

    Attributes:
        class_name: the class.
        file: the name for the file: the class's in snake case.
        source: the complete module.
        modules: the author's own modules that it imports by their name; their files have to travel with it.
        requires: the installed packages that it imports, by import name.
        notes: what could not be known for certain, in words.
    """

    class_name: str
    file: str
    source: str = field(repr=False)
    modules: tuple[LocalModule, ...] = ()
    requires: tuple[str, ...] = ()
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
    check_class(cls)
    texts = Texts(str(getattr(sys.modules.get(cls.__module__), "__file__", None) or ""))
    collector = Collector(cls.__module__, texts)
    collector.collect(cls, _space(cls))
    file = file_name(cls.__name__)
    items = collector.items.values()
    source = write(items, collector.extra)
    check(source, file, cls.__name__)
    imported = {item.place.module for item in items if item.place} | collector.extra | _guarded(source)
    return Extracted(
        class_name=cls.__name__,
        file=file,
        source=source,
        modules=tuple(found for found in map(local_module, sorted(imported)) if found),
        requires=_packages(imported),
        notes=tuple(dict.fromkeys(collector.notes)),
    )


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


def _guarded(source: str) -> set[str]:
    """The modules that imports under conditions and in functions name."""
    from gremio.code.syntax import imports_of

    return {found.module for found in imports_of(source.encode(), "") if found.guarded and not found.level}


def _packages(modules: set[str]) -> tuple[str, ...]:
    tops = {module.partition(".")[0] for module in modules}
    return tuple(sorted(top for top in tops if top not in sys.stdlib_module_names and is_installed(top)))
