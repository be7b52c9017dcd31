"""Every file that could execute, by logical path, and where it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType

from gremio.code.digest import Digest
from gremio.errors import EntryNotFound, UnsafePath


def check_path(path: str) -> str:
    """Return ``path`` if it is a clean relative POSIX path.

    Raises:
        UnsafePath: it is empty, absolute, climbs, or has characters that a file system may read otherwise.
    """
    parts = path.split("/")
    clean = all(part not in ("", ".", "..") for part in parts)
    if not clean or "\\" in path or "\0" in path or ":" in parts[0]:
        raise UnsafePath(f"{path!r} is not a path inside the repository")
    return path


@dataclass(frozen=True)
class Origin:
    """Where a tree came from.

    ``source`` is ``mirror``, ``hub`` or ``local``; ``repo`` a repo id or a folder; ``commit`` the 40-hex commit (empty
    for a local folder); ``revision`` what was asked for; ``path`` the tree's root inside the repository.
    """

    source: str
    repo: str
    commit: str = ""
    revision: str = ""
    path: str = ""

    @property
    def remote(self) -> bool:
        """Whether the code came over the network."""
        return self.source != "local"

    def __str__(self) -> str:
        """``hub owner/repo@commit:path`` with what is known."""
        at = f"@{self.commit}" if self.commit else ""
        inside = f":{self.path}" if self.path else ""
        return f"{self.source} {self.repo}{at}{inside}"


@dataclass(frozen=True)
class CodeTree:
    """Files by logical path (POSIX, relative), the entry among them, and their origin.

    ``meant`` is the class of the entry file that the repository's own index or config names, if it names one. Two trees
    with the same files have the same digest, whatever their entry or origin.
    """

    files: Mapping[str, bytes] = field(repr=False)
    entry: str
    origin: Origin
    meant: str = ""

    def __post_init__(self) -> None:
        """Refuse unsafe paths, then freeze the mapping."""
        for path in self.files:
            check_path(path)
        object.__setattr__(self, "files", MappingProxyType(dict(sorted(self.files.items()))))
        if self.entry not in self.files:
            raise EntryNotFound(
                f"there is no {self.entry} in {self.origin}", nearest=[p for p in self.files if p.endswith(".py")]
            )

    @cached_property
    def digest(self) -> Digest:
        """The digest of all files."""
        return Digest.of_files(self.files)

    @cached_property
    def python_files(self) -> tuple[str, ...]:
        """The logical paths of the Python files, sorted."""
        return tuple(path for path in self.files if path.endswith(".py"))

    def with_entry(self, entry: str, meant: str = "") -> CodeTree:
        """The same files, entered elsewhere; in the same place what is meant stays."""
        return replace(self, entry=entry, meant=meant or (self.meant if entry == self.entry else ""))

    def __getstate__(self) -> dict[str, object]:
        """A mapping proxy does not pickle; a dict does."""
        return {"files": dict(self.files), "entry": self.entry, "origin": self.origin, "meant": self.meant}

    def __setstate__(self, state: dict[str, object]) -> None:
        """Restore and freeze again."""
        for name, value in state.items():
            object.__setattr__(self, name, value)
        self.__post_init__()
