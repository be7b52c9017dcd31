"""Fills the templates in and makes the folder."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from string import Template

from gremio.code.libraries.packages import version_of
from gremio.errors import OptionError
from gremio.machine.writing import building
from gremio.publishing.starting.kinds import ENDINGS, Pattern, StartKind, pattern
from gremio.publishing.starting.names import Names

_OLDEST = "0.36.0"  # of Diffusers, for which the code is written where none is installed


@dataclass(frozen=True)
class Started:
    """What was made: the folder, its files, the class, and the file to begin with."""

    folder: Path
    files: tuple[str, ...]
    class_name: str
    code: str


def start(kind: StartKind, name: str, *, like: str | None = None, folder: Path | None = None) -> Started:
    """Make a folder with code that works, its tests and a README.

    Args:
        kind: what to start.
        name: of the folder; the class's name is made from it.
        like: the family or the kind of component; see ``likes``.
        folder: what to make instead of ``./name``.

    Raises:
        OptionError: a name that can't be, nothing like that, or a folder that has something in it.
        StoreError: the folder can't be written; nothing of it is there then.
    """
    names, chosen = Names.parse(name, ENDINGS[kind]), pattern(kind, like)
    place = (folder or Path(name)).expanduser()
    _check_free(place)
    code = "pipeline.py" if kind == "pipeline" else f"{names.module}.py"
    made = _contents(chosen, names, code)
    with building(place.absolute()) as unfinished:
        for path, text in made.items():
            (unfinished / path).write_text(text, encoding="utf-8")
    return Started(place, tuple(sorted(made)), names.class_name, code)


def _contents(chosen: Pattern, names: Names, code: str) -> dict[str, str]:
    module = code.removesuffix(".py")
    values = {**chosen.values, "class_name": names.class_name, "name": names.name, "module": module}
    templates = {code: chosen.code, f"test_{names.snake}.py": chosen.test, "README.md": chosen.readme}
    texts = files("gremio.publishing.starting").joinpath("templates")
    found = {
        path: Template(texts.joinpath(f"{template}.txt").read_text(encoding="utf-8")).substitute(values)
        for path, template in templates.items()
    }
    if chosen.config:
        config = {
            "_class_name": names.class_name,
            "_diffusers_version": version_of("diffusers") or _OLDEST,
            "auto_map": {chosen.auto: f"{module}.{names.class_name}"},
        }
        found[chosen.config] = json.dumps(config, indent=2) + "\n"
    return found


def _check_free(place: Path) -> None:
    if place.is_dir() and not any(place.iterdir()):
        return
    if place.exists() or place.is_symlink():
        what = "has files in it already" if place.is_dir() else "is a file"
        step = "Choose another name, or another folder with --output; nothing was changed."
        raise OptionError(f"{place} {what}", next_step=step)
