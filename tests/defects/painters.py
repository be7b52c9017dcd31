"""The code that these tests load: small pipelines that say which one they are and when they were executed."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

MIRROR = "diffusers/community-pipelines-mirror"

LOGGER = "tests.painters"
NOTED = """\
import os
with open(os.environ["RUNS"], "a") as file:
    file.write(__name__ + "\\n")
"""


def painter(
    mark: object = "",
    *,
    head: str = "",
    name: str = "Painter",
    base: str = "DiffusionPipeline",
    parts: str = "unet, scheduler",
) -> str:
    """A pipeline over a few components; every execution of the file in this process is noted.

    It is said to a logger: code of the community folder that wrote a file while it is imported would need a person.

    ``mark`` is what ``mark()`` returns; ``head`` comes first in the file and may bind what ``mark`` mentions as code
    (pass ``Code("name")``).
    """
    return f'''{head}
import logging
logging.getLogger("{LOGGER}").info(__name__)
from diffusers import DiffusionPipeline, StableDiffusionPipeline


class {name}({base}):
    """Paints."""

    def __init__(self, {parts}):
        super().__init__()
        self.register_modules({", ".join(f"{part}={part}" for part in parts.split(", "))})

    @staticmethod
    def mark():
        return {mark!r}
'''


class Code(str):
    """Text that is code, not a string literal, when a painter returns it."""

    def __repr__(self) -> str:
        return str(self)


def component(mark: object = "", *, head: str = "", name: str = "Brush") -> str:
    """A model with a layer of its own."""
    return f'''{head}
{NOTED}
import torch
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config


class {name}(ModelMixin, ConfigMixin):
    """A brush."""

    _no_split_modules = []

    @register_to_config
    def __init__(self, width: int = 2):
        super().__init__()
        self.layer = torch.nn.Linear(width, width)

    @staticmethod
    def mark():
        return {mark!r}
'''


class _Appending(logging.Handler):
    """A line a record; nothing stays open."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._file = file

    def emit(self, record: logging.LogRecord) -> None:
        with self._file.open("a") as file:
            file.write(f"{record.getMessage()}\n")


class Runs:
    """The names of the modules that were executed, in this process and its children."""

    def __init__(self, file: Path) -> None:
        self._file = file
        os.environ["RUNS"] = str(file)
        logger = logging.getLogger(LOGGER)
        logger.handlers, logger.propagate = [_Appending(file)], False
        logger.setLevel(logging.INFO)

    def __call__(self) -> list[str]:
        """One entry per execution, in order."""
        return self._file.read_text().splitlines() if self._file.exists() else []


def seen_of(brush: Any) -> tuple[object, str, str, int]:
    """What a worker process finds out about an object that it unpickled."""
    return brush.mark, type(brush).__module__, type(brush.paint).__qualname__, os.getpid()
