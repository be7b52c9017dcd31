"""What there is to check: the files of Diffusers' community folder at a version, or of a folder here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gremio.checking.assembly import assembled
from gremio.code import CodeTree, PipelineRef
from gremio.code.review.classes import ClassReader
from gremio.errors import CodeError, GremioError, OptionError, RefNotFound
from gremio.machine.paths import is_folder, lies_here
from gremio.machine.settings import Settings
from gremio.sources import Access, fetch
from gremio.sources.folder import listed
from gremio.sources.mirror import MirrorSource
from gremio.sources.trees import Trees


@dataclass(frozen=True)
class CheckedFile:
    """One file to check.

    ``name`` is what a table calls it and ``version`` the column there; ``ref`` and ``revision`` are what Gremio loads,
    ``path`` is what plain diffusers does; ``digest`` is empty where the code can't be read. ``found`` is the digest of
    the code as it lies there, where a trial adds components to it.
    """

    name: str
    version: str
    ref: str
    revision: str | None
    path: str
    digest: str
    found: str = ""


def of_mirror(revision: str | None, *, access: Access, settings: Settings) -> list[CheckedFile]:
    """Every file of the community folder.

    Raises:
        GremioError: the mirror can't be reached or has no such version.
    """
    trees = MirrorSource(settings, access).trees(revision)
    store = Trees(settings.home)
    return [_mirrored(tree, store.keep(tree)) for tree in trees]


def _mirrored(tree: CodeTree, folder: Path) -> CheckedFile:
    name, version = tree.entry.removesuffix(".py"), tree.origin.path
    return CheckedFile(name, version, f"mirror:{name}", version, str(folder / tree.entry), str(tree.digest))


def of_folder(folder: Path, *, version: str | None = None, access: Access, settings: Settings) -> list[CheckedFile]:
    """Every Python file below a folder; ``version`` is what a table calls the folder, else its own name.

    Raises:
        RefNotFound: there is no such folder.
        OptionError: it has no Python files.
    """
    if not is_folder(folder):
        what = "is a file" if lies_here(folder) else "does not exist"
        step = "Name a folder, or check one file with `gremio check FILE`."
        raise RefNotFound(f"{folder} {what}", ref=str(folder), next_step=step)
    paths = [path for path in listed(folder) if path.endswith(".py") and not path.endswith("__init__.py")]
    if not paths:
        raise OptionError(f"{folder} has no Python files", next_step="Name the folder that has the pipelines' files.")
    label = version or folder.resolve().name
    return [_local(folder.resolve() / path, path.removesuffix(".py"), label, access, settings) for path in paths]


def _local(file: Path, name: str, version: str, access: Access, settings: Settings) -> CheckedFile:
    try:
        tree = fetch(PipelineRef.parse(file), revision=None, access=access, settings=settings)
        found, digest = str(tree.digest), str(_with_components(tree).digest)
    except GremioError:
        # The trial will say what is wrong with it.
        found, digest = "", ""
    return CheckedFile(name, version, f"local:{file}", None, str(file), digest, found)


def _with_components(tree: CodeTree) -> CodeTree:
    """The code that a trial will run."""
    try:
        name = ClassReader(tree).entry_class("pipeline", None)
    except CodeError:
        # A file without a pipeline, which the trial will say.
        return tree
    return assembled(tree, name).tree
