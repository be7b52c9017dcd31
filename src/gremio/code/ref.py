"""What a person writes to name code."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gremio.errors import RefError
from gremio.machine.paths import is_folder, lies_here

SourceName = Literal["mirror", "hub", "local"]

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_REPO = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9._-]+")
_HUB = re.compile(r"(?P<repo>[^@:]+)(?:@(?P<revision>[^:]+))?(?::(?P<path>.+))?")
FORMS = "Write a community pipeline's name, owner/repo, or a path (./folder, folder/file.py)."
"""How code is named, in one sentence: the same in every error and in the help of every command."""


@dataclass(frozen=True)
class PipelineRef:
    """A ref, parsed: which source, which name there, and optionally which revision and file.

    One text means one thing, whatever exists in the current directory:

    - ``name``: a file of Diffusers' community folder (``mirror``)
    - ``owner/repo``: a repository on the Hub (``hub``)
    - ``./folder``, ``/folder``, ``~/folder``, ``a/b/c``, ``file.py`` or any ``pathlib.Path``: local
    - ``mirror:name@revision``, ``hub:owner/repo@revision:path.py``, ``local:path``: the same, spelled out
    """

    text: str
    source: SourceName
    name: str
    revision: str | None = None
    path: str | None = None

    @classmethod
    def parse(cls, ref: str | os.PathLike[str]) -> PipelineRef:
        """Read a ref.

        Raises:
            RefError: the text can't name code anywhere.
        """
        if isinstance(ref, os.PathLike):
            return cls._local(str(os.fspath(ref)))
        if not isinstance(ref, str) or not ref.strip() or "\0" in ref:
            raise RefError("this can't name a pipeline", ref=repr(ref), next_step=FORMS)
        scheme, _, rest = ref.partition(":")
        if rest and scheme in _SCHEMES:
            return _SCHEMES[scheme](ref, rest)
        if "://" in ref:
            raise RefError("a ref is not an address", ref=ref, next_step=FORMS)
        if _looks_local(ref):
            return cls._local(ref)
        if _REPO.fullmatch(ref):
            return cls(ref, "hub", ref)
        if _NAME.fullmatch(ref):
            return cls(ref, "mirror", ref)
        raise RefError("this can't name a pipeline", ref=ref, next_step=f"{_lying_here(ref)}{FORMS}")

    @property
    def hint_at_local(self) -> str:
        """A sentence on what lies here under this name, which it does not mean; empty where nothing does."""
        return "" if self.source == "local" else _lying_here(self.name)

    @classmethod
    def _local(cls, text: str) -> PipelineRef:
        return _parse_local(text, text)

    def __str__(self) -> str:
        """What the person wrote."""
        return self.text


def _lying_here(name: str) -> str:
    for place in (Path(name), Path(f"{name}.py")):
        if lies_here(place):
            return f"A {'folder' if is_folder(place) else 'file'} of that name lies here: write ./{place}. "
    return ""


def _looks_local(text: str) -> bool:
    return (
        text.endswith(".py")
        or text.startswith(("/", "./", "../", "~", ".\\", "..\\"))
        or text in (".", "..")
        or "\\" in text
        or text.count("/") > 1
        or text.endswith("/")
        or bool(Path(text).drive)
    )


def _parse_mirror(text: str, rest: str) -> PipelineRef:
    name, _, revision = rest.partition("@")
    if not _NAME.fullmatch(name):
        raise RefError("this can't name a community pipeline", ref=text, next_step="Write mirror:name@v0.30.0.")
    return PipelineRef(text, "mirror", name, revision or None)


def _parse_hub(text: str, rest: str) -> PipelineRef:
    match = _HUB.fullmatch(rest)
    if not match or not _REPO.fullmatch(match["repo"]):
        raise RefError("this can't name a repository", ref=text, next_step="Write hub:owner/repo@revision:path.py.")
    return PipelineRef(text, "hub", match["repo"], match["revision"], match["path"])


def _parse_local(text: str, rest: str) -> PipelineRef:
    # Unlike Path's own, this leaves the home of somebody unknown as it is written: a path that isn't there.
    return PipelineRef(text, "local", str(Path(os.path.expanduser(rest))))  # noqa: PTH111


_SCHEMES = {"mirror": _parse_mirror, "hub": _parse_hub, "local": _parse_local}
