"""From the name that a person gave to the names of a folder, a module and a class."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gremio.code.libraries.library import library
from gremio.errors import OptionError

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*([-_][A-Za-z0-9]+)*")
_LONGEST = 40  # so that no line of what is made is too long
_LIBRARIES = ("diffusers", "transformers")
# Between Wide and UNet2D, 2D and Model, IDEA and Model; not within UNet or 2D.
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[a-z0-9])(?=[A-Z][a-z])|(?<=[A-Z0-9][A-Z])(?=[A-Z][a-z])")


@dataclass(frozen=True)
class Names:
    """Of ``my-idea``, a scheduler: ``snake`` is my_idea, ``module`` my_idea_scheduler."""

    name: str
    snake: str
    module: str
    class_name: str

    @classmethod
    def parse(cls, name: str, ending: str) -> Names:
        """Check a name and derive the others; ``ending`` is that of the class.

        Raises:
            OptionError: it can't be the name of a folder, a repository and a class at once.
        """
        if not _NAME.fullmatch(name) or len(name) > _LONGEST:
            raise OptionError(
                f"{name!r} is no name for a folder, a repository and a class",
                next_step="Begin with a letter; then letters and digits, with single - or _ between words, at most"
                f" {_LONGEST} in all: my-idea makes a class MyIdea{ending}. Another folder is for --output.",
            )
        snake, camel = snake_case(name), "".join(word[0].upper() + word[1:] for word in re.split("[-_]", name))
        # An ending that is there is not put there twice.
        ends = camel.endswith(ending) and camel != ending
        class_name, module = (camel, snake) if ends else (f"{camel}{ending}", f"{snake}_{ending.lower()}")
        # The loaders of a library that has this name already would take the one for the other.
        for there in filter(None, map(library, _LIBRARIES)):
            if there.has(there.name, class_name):
                raise OptionError(
                    f"{name} makes a class {class_name}, and {there.name} has one of that name",
                    next_step=f"Choose a name of its own, such as my-{name.lower()}.",
                )
        return cls(name, snake, module, class_name)


def snake_case(name: str) -> str:
    """``MyIdea2Pipeline`` and ``my-idea2-pipeline`` as ``my_idea2_pipeline``."""
    return _HUMP.sub("_", name.replace("-", "_")).lower()
