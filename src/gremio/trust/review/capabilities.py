"""From a ref to what its code is, needs, and would be able to do."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from gremio.code import CodeTree, Origin, PipelineRef
from gremio.code.review import Review, read
from gremio.errors import CodeError, EntryNotFound, UnreadableCode
from gremio.machine.settings import Settings
from gremio.sources import Access, fetch
from gremio.sources.model import FolderModel, ModelHome, code_of, open_repository
from gremio.trust.findings import Finding, by_weight, file_findings, high, scan
from gremio.trust.model_files import findings_of_model
from gremio.trust.review.packages import Package, packages

NOTE = (
    "This tells what the code would be able to do, as far as reading shows it. It proves nothing safe: run code that"
    " you don't know in the sandbox (gremio run --sandbox), in a container or on a machine without your keys."
)
_CARD = "README.md"


@dataclass(frozen=True)
class CapabilityReview:
    """What code is and needs (``code``), and what it and the files beside it would be able to do (``findings``).

    ``files`` are all that were read as code, ``size`` their bytes. ``code`` is None, and ``problem`` says why, where
    there is none, it can't be read as Python, or nothing says where it is entered; the findings are there all the same.
    """

    ref: str
    origin: str
    digest: str
    entry: str
    files: tuple[str, ...]
    size: int
    code: Review | None
    problem: str
    packages: tuple[Package, ...]
    findings: tuple[Finding, ...]
    contents: dict[str, bytes] = field(repr=False, compare=False, default_factory=dict)

    @property
    def high(self) -> tuple[Finding, ...]:
        """What a person has to look at before any of it runs."""
        return high(self.findings)

    @property
    def capabilities(self) -> dict[str, int]:
        """How many findings there are of each code."""
        return dict(Counter(finding.code for finding in self.findings))

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON, with the note that a report needs."""
        plain = {name: value for name, value in vars(self).items() if name not in ("contents", "code")}
        plain["packages"] = [asdict(package) for package in self.packages]
        plain["findings"] = [finding.as_dict() for finding in self.findings]
        return plain | {"code": self.code.as_dict() if self.code else None, "note": NOTE}


def review(
    ref: str | os.PathLike[str], *, custom_revision: str | None = None, class_name: str | None = None, **access: Any
) -> CapabilityReview:
    """What the code that ``ref`` names is, needs, and would be able to do. It is read, never run.

    Every file of the code is read, also those that the entry does not reach; of a repository or a folder, index,
    configs and card as well.

    Args:
        ref: a community pipeline's name, ``owner/repo``, or a path (``./folder``, ``folder/file.py``).
        custom_revision: a Diffusers version or commit for a name; a branch, tag or commit on the Hub.
        class_name: which class of the entry file, where it defines several.
        **access: ``token``, ``cache_dir``, ``local_files_only``, ``force_download``, ``proxies``.

    Raises:
        GremioError: it isn't there or can't be reached. Code that is no Python is a finding.
    """
    settings = Settings.from_environment()
    reach = Access.of(settings, **access)
    parsed = PipelineRef.parse(ref)
    tree, home, problem = _opened(parsed, custom_revision, reach, settings)
    code = None
    if tree is not None and not problem:
        code, problem = _read(tree, class_name)
    found = [*(scan(tree) if tree else ()), *(_beside(home) if home else ())]
    origin = tree.origin if tree else home.origin if home else None
    files = dict(tree.files) if tree else {}
    return CapabilityReview(
        ref=parsed.text,
        origin=str(origin),
        digest=str(tree.digest) if tree else "",
        entry=tree.entry if code and tree else "",
        files=tuple(files),
        size=sum(map(len, files.values())),
        code=code,
        problem=problem,
        packages=packages(code.requirements) if code else (),
        findings=by_weight(dict.fromkeys(found)),
        contents=files,
    )


def _opened(
    ref: PipelineRef, revision: str | None, access: Access, settings: Settings
) -> tuple[CodeTree | None, ModelHome | None, str]:
    """The code, the repository or folder around it, and why it can't be entered, if it can't."""
    tree: CodeTree | None
    try:
        tree = fetch(ref, revision=revision, access=access, settings=settings)
    except UnreadableCode:
        tree = _alone(Path(ref.name))
    except EntryNotFound as error:
        home = _home(ref, revision or ref.revision, access, settings)
        if home is None or ref.path is not None:
            raise
        tree = _all_of(home)
        return tree, home, error.message if tree else "there is no code: nothing but standard components"
    return tree, _home(ref, tree.origin.commit, access, settings), ""


def _all_of(home: ModelHome) -> CodeTree | None:
    """Every Python file, where none of them is the entry; a model of standard components has none."""
    python = [path for path in home.paths() if path.endswith(".py")]
    return code_of(home, python[0]) if python else None


def _alone(file: Path) -> CodeTree:
    """A file that is no Python, of which nothing that it would import can be told."""
    return CodeTree({file.name: file.read_bytes()}, file.name, Origin("local", str(file.parent.resolve())))


def _home(ref: PipelineRef, revision: str | None, access: Access, settings: Settings) -> ModelHome | None:
    if ref.source == "hub":
        return open_repository(ref.name, revision=revision, access=access, settings=settings)
    return FolderModel(Path(ref.name)) if ref.source == "local" and Path(ref.name).is_dir() else None


def _read(tree: CodeTree, class_name: str | None) -> tuple[Review | None, str]:
    try:
        return read(tree, class_name=class_name), ""
    except CodeError as error:
        return None, error.message
    except RecursionError:
        return None, "the code is nested too deeply to be read"


def _beside(home: ModelHome) -> Iterator[Finding]:
    yield from findings_of_model(home)
    if _CARD in home.paths() and not home.links([_CARD]):
        yield from file_findings(_CARD, home.read([_CARD])[_CARD])
