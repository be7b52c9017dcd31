"""A model's repository or folder: its files, and the code that lies among them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from gremio.code import CodeTree, Origin
from gremio.code.syntax.imports import data_files, may_read_files
from gremio.code.syntax.parsing import parse_source
from gremio.errors import AccessDenied, BadModelIndex, CodeError, EntryNotFound, RefNotFound, UnreadableCode
from gremio.machine.paths import expanded, is_folder
from gremio.machine.settings import Settings
from gremio.sources.access import Access
from gremio.sources.folder import LARGEST_DATA_FILE, MOST_BYTES, MOST_FILES, listed, outside, refuse_links
from gremio.sources.repository import Listing, Repository

INDEX = "model_index.json"
ENTRY = "pipeline.py"
MODULAR_INDEX = "modular_model_index.json"
MODEL_CONFIG = "config.json"
SCHEDULER_CONFIG = "scheduler_config.json"
CONFIGS = (MODEL_CONFIG, SCHEDULER_CONFIG, "tokenizer_config.json", "preprocessor_config.json")
"""The configs of components, the first of which may name their class."""
BLOCKS = "modular_config.json"
"""What a single component or blocks have at the top of their folder."""


class ModelHome(Protocol):
    """Where a model lies: on the Hub at one commit, or in a folder."""

    name: str
    origin: Origin

    def __hash__(self) -> int:
        """By identity: one call opens a model once."""

    def paths(self) -> list[str]:
        """Every file, as POSIX paths, sorted."""

    def size(self, path: str) -> int | None:
        """Bytes, where known."""

    def links(self, paths: Iterable[str]) -> dict[str, str]:
        """Which of some files or folders are links out of the model, and where they lead."""

    def read(self, paths: Iterable[str]) -> dict[str, bytes]:
        """The contents of some files."""

    def fetch(self, paths: Iterable[str]) -> Path:
        """Have some files on disk, under the folder that is returned."""


class HubModel:
    """A model repository at the commit that one request resolved."""

    def __init__(self, repository: Repository, listing: Listing) -> None:
        self._repository = repository
        self.listing = listing
        self.name = repository.repo_id
        self.origin = Origin("hub", repository.repo_id, listing.commit, listing.revision)

    def paths(self) -> list[str]:
        """Every file of the repository, or what the cache has of it."""
        return sorted(self.listing.files)

    def size(self, path: str) -> int | None:
        """Bytes, as the Hub says."""
        return self.listing.files[path].size

    def links(self, paths: Iterable[str]) -> dict[str, str]:
        """None: what comes from the Hub are files, and links of its cache lead to files of its cache."""
        return {}

    def read(self, paths: Iterable[str]) -> dict[str, bytes]:
        """The contents, checked against the repository's own hashes."""
        return self._repository.read(self.listing, paths)

    def fetch(self, paths: Iterable[str]) -> Path:
        """Download what the cache lacks."""
        return self._repository.fetch(self.listing, paths)


class FolderModel:
    """A folder on this machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._paths: list[str] | None = None
        self.name = str(folder)
        self.origin = Origin("local", str(self._folder))

    def paths(self) -> list[str]:
        """Every file that is not hidden, looked up once."""
        if self._paths is None:
            self._paths = listed(self._folder)
        return list(self._paths)

    def size(self, path: str) -> int | None:
        """Bytes on disk."""
        return (self._folder / path).stat().st_size

    def links(self, paths: Iterable[str]) -> dict[str, str]:
        """Those that lead out of the folder."""
        found = ((path, outside(self._folder, self._folder / path)) for path in paths)
        return {path: str(target) for path, target in found if target is not None}

    def read(self, paths: Iterable[str]) -> dict[str, bytes]:
        """The contents.

        Raises:
            UnsafePath: a link among them leads out of the folder.
        """
        wanted = list(paths)
        refuse_links(self.links(wanted), self.name)
        return {path: (self._folder / path).read_bytes() for path in wanted}

    def fetch(self, paths: Iterable[str]) -> Path:
        """Everything is there already."""
        return self._folder


def open_model(model: str | Path, *, revision: str | None, access: Access, settings: Settings) -> ModelHome:
    """Find a model: a folder that exists, else a repository on the Hub.

    Raises:
        RefNotFound: neither; the error says which of the two the text reads as.
    """
    folder = expanded(model)
    if is_folder(folder):
        return FolderModel(folder)
    if isinstance(model, Path) or reads_as_path(str(model)):
        raise RefNotFound(
            f"there is no folder at {folder.absolute()}",
            ref=str(model),
            next_step="Check the path; a model on the Hub is written owner/repo.",
        )
    try:
        return open_repository(str(model), revision=revision, access=access, settings=settings)
    except AccessDenied:
        raise
    except RefNotFound as error:
        error.message += f" (and no folder {model!r} here)"
        raise


def open_repository(repo_id: str, *, revision: str | None, access: Access, settings: Settings) -> HubModel:
    """Find a model on the Hub, whatever lies here.

    Raises:
        RefNotFound: there is no such repository.
    """
    repository = Repository(repo_id, settings=settings, access=access)
    return HubModel(repository, repository.listing(revision))


def reads_as_path(text: str) -> bool:
    """Whether a text can only mean a folder, and no repository."""
    return text.startswith(("/", "./", "../", "~")) or text.count("/") > 1 or "\\" in text or text.endswith("/")


def read_index(home: ModelHome) -> bytes:
    """The bytes of ``model_index.json``.

    Raises:
        BadModelIndex: there is none, or a link to something else.
    """
    if target := home.links([INDEX]).get(INDEX):
        raise BadModelIndex(
            f"{INDEX} is a link to {target}, outside of the model", ref=home.name, next_step="Put a copy of it there."
        )
    if INDEX not in home.paths():
        step = "If it is a single component or a checkpoint file, load it with diffusers and pass it in."
        if {MODULAR_INDEX, BLOCKS} & set(home.paths()):
            step = "It is a modular pipeline: call ModularPipeline.from_pretrained."
        raise BadModelIndex(
            f"there is no {INDEX}, so this is not a pipeline's model",
            ref=home.name,
            next_step=step,
        )
    return home.read([INDEX])[INDEX]


def code_of(home: ModelHome, entry: str | None = None, *, ref: str = "") -> CodeTree:
    """All Python files of a model or a code repository, with the data files that they declare.

    Without ``entry`` it is ``pipeline.py``, else the module that the model index names as the pipeline's. Without an
    index it may be the folder of a single component, or of blocks, entered at the module that its config names.

    Raises:
        EntryNotFound: there is no such file.
        CodeError: there is more code than anybody could review.
    """
    everything = home.paths()
    python = [path for path in everything if path.endswith(".py")]
    entry, meant = (entry, "") if entry else _entry(home, everything)
    if entry not in python:
        raise _no_entry(entry, python, ref or home.name, modular=MODULAR_INDEX in everything)
    _check_amount(home, python, ref or home.name)
    return _all_code(home).with_entry(entry, meant)


def code_of_blocks(home: ModelHome) -> CodeTree | None:
    """The code of the modular blocks that a repository or folder brings, entered where its config says; None if none.

    Raises:
        BadModelIndex: the config names a file that isn't there.
    """
    config = config_of_blocks(home)
    pair = next(mapped_files(config), None)
    if pair is None:
        return None
    try:
        return code_of(home, pair[0]).with_entry(*pair)
    except EntryNotFound as error:
        step = "Ask the author to upload the file."
        message = f"its config names the blocks {pair[1]} of {pair[0]}, and there is no such file"
        raise BadModelIndex(message, ref=home.name, next_step=step) from error


def config_of_blocks(home: ModelHome) -> dict[str, Any]:
    """What a repository says of its blocks; empty if it has none. The first of them said it in ``config.json``."""
    paths = home.paths()
    if BLOCKS in paths:
        return document(home, BLOCKS)
    found = document(home, MODEL_CONFIG) if MODEL_CONFIG in paths else {}
    mapping = found.get("auto_map")
    return found if isinstance(mapping, dict) and "ModularPipelineBlocks" in mapping else {}


@lru_cache(maxsize=2)
def _all_code(home: ModelHome) -> CodeTree:
    """Read once for what one call opened, where the pipeline's class and its components' lie in one repository."""
    everything = home.paths()
    python = [path for path in everything if path.endswith(".py")]
    files = home.read(python)
    files |= home.read(declared(files, everything, home.size))
    return CodeTree(files, python[0], home.origin)


def declared(files: dict[str, bytes], everything: Iterable[str], size: Callable[[str], int | None]) -> list[str]:
    """The data files, among ``everything``, that the Python ``files`` name as theirs."""
    readers = {path: source for path, source in files.items() if may_read_files(source)}
    # Lists of folders can be long, and few files read any other.
    data = [p for p in everything if not p.endswith(".py") and (size(p) or 0) <= LARGEST_DATA_FILE] if readers else []
    found: set[str] = set()
    for path, source in readers.items():
        try:
            found.update(data_files(parse_source(source, path), path, data))
        except UnreadableCode:
            # Whether that file matters is known when the entry is read, which says where it is broken.
            continue
    return sorted(found)


def _entry(home: ModelHome, everything: list[str]) -> tuple[str, str]:
    """The file to enter, and the class in it that is meant, where an index or a config names one."""
    if INDEX in everything:
        named = document(home, INDEX).get("_class_name")
        pair = named if isinstance(named, list) and len(named) == 2 and all(isinstance(n, str) for n in named) else None
        if pair and (ENTRY not in everything or f"{pair[0]}.py" == ENTRY):
            return f"{pair[0].replace('.', '/')}.py", pair[1]
    if ENTRY in everything or INDEX in everything:
        return ENTRY, ""
    configs = (document(home, path) for path in (*CONFIGS, BLOCKS) if path in everything)
    mapped = (pair for config in configs for pair in mapped_files(config))
    return next((pair for pair in mapped if pair[0] in everything), (ENTRY, ""))


def document(home: ModelHome, path: str) -> dict[str, Any]:
    """A JSON file; nothing where it is none, for then it names no code either."""
    try:
        found = json.loads(home.read([path])[path])
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def mapped_files(config: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The files and classes that an ``auto_map`` names as ``module.Class``; the config's own class first."""
    mapping = config.get("auto_map")
    values = mapping.values() if isinstance(mapping, dict) else ()
    # A tokenizer's entry is a pair, slow and fast.
    listed = [each for value in values for each in (value if isinstance(value, list) else [value])]
    targets = [each for each in listed if isinstance(each, str)]
    own = config.get("_class_name")
    for target in sorted(targets, key=lambda each: each.rpartition(".")[2] != own):
        *module, class_name = target.split(".")
        # A plain dotted name: neither a path nor, with --, another repository.
        if module and all(part.isidentifier() for part in target.split(".")):
            yield f"{'/'.join(module)}.py", class_name


def _no_entry(entry: str, python: list[str], ref: str, *, modular: bool) -> EntryNotFound:
    if modular and not python:
        step = (
            "It has no Python file: a modular pipeline of diffusers' own blocks, for ModularPipeline.from_pretrained."
        )
    elif python:
        step = f"It has {', '.join(python[:8])}. Name one: folder/file.py, or hub:owner/repo:file.py on the Hub."
    else:
        step = "It has no Python file: a model with nothing but standard components, of which nothing would run."
    return EntryNotFound(f"there is no {entry}", ref=ref, next_step=step, nearest=python)


def _check_amount(home: ModelHome, python: list[str], ref: str) -> None:
    size = sum(home.size(path) or 0 for path in python)
    if len(python) > MOST_FILES or size > MOST_BYTES:
        raise CodeError(
            f"{len(python)} Python files with {size} bytes are more than a community pipeline's code",
            ref=ref,
            next_step="Name the one file that is meant (folder/file.py); what it imports comes along.",
        )
