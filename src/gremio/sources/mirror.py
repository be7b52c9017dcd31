"""Diffusers' community folder: its mirror on the Hub by version, its GitHub repository by commit."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from difflib import get_close_matches
from pathlib import PurePosixPath

from gremio.code import CodeTree, Digest, Origin, PipelineRef
from gremio.code.libraries.packages import version_of
from gremio.code.ref import FORMS
from gremio.errors import RefNotFound, RevisionNotFound
from gremio.machine.records import Records
from gremio.machine.settings import Settings
from gremio.sources.access import Access
from gremio.sources.download import download
from gremio.sources.repository import Listing, Repository, is_commit
from gremio.sources.trees import Trees
from gremio.sources.unreachable import not_cached

COMMUNITY = "examples/community"
_SHORT_COMMIT = re.compile(r"[0-9a-f]{7,39}")
_OWN_GITHUB = "a version in place of the commit, or a copy of the Diffusers repository: set GREMIO_GITHUB"
_LARGEST = 2 * 1024 * 1024  # bytes; the largest file of the folder has about 150 kB


class MirrorSource:
    """A file ``NAME.py`` of ``examples/community``.

    A revision is a Diffusers version (``v0.30.0`` or ``0.30.0``), ``main``, or a full commit of the Diffusers
    repository. Without one it is the installed Diffusers' version if the mirror has it, else ``main``.
    """

    def __init__(self, settings: Settings, access: Access) -> None:
        self._settings = settings
        self._access = access
        self._records = Records(settings.home)
        self._repository = Repository(settings.mirror, settings=settings, access=access, kind="dataset")

    def fetch(self, ref: PipelineRef, revision: str | None) -> CodeTree:
        """The one file, as a tree of its own."""
        if revision and is_commit(revision):
            return self._at_commit(ref, revision)
        listing = self._listing(self._pinned(ref, revision))
        folder = self._folder(ref, revision, listing)
        path = f"{folder}/{ref.name}.py"
        if path not in listing.files:
            raise self._unknown(ref, folder, listing)
        data = self._repository.read(listing, [path])[path]
        origin = Origin("mirror", self._settings.mirror, listing.commit, folder, folder)
        if revision and folder != "main":
            self._records.put("versions", self._key(ref, folder), {"commit": listing.commit})
        return CodeTree({f"{ref.name}.py": data}, f"{ref.name}.py", origin)

    def trees(self, revision: str | None) -> list[CodeTree]:
        """Every file of the folder at a version, each as ``fetch`` gives it.

        Raises:
            RevisionNotFound: the mirror lacks it, or it is a commit, whose files GitHub does not list.
        """
        if revision and is_commit(revision):
            raise RevisionNotFound(
                f"the files of Diffusers' community folder can't be listed at a commit ({revision})",
                next_step="Name a version, or check that commit out and name its folder.",
            )
        listing = self._listing()
        folder = self._folder(PipelineRef("", "mirror", ""), revision, listing)
        paths = [path for path in listing.matching(f"{folder}/*.py") if path.count("/") == 1]
        found = self._repository.read(listing, paths)
        return [self._one(PurePosixPath(path).name, found[path], folder, listing) for path in paths]

    def newest(self) -> tuple[Listing, str]:
        """The whole mirror as it is now, and the folder in it that a name without a revision means.

        Raises:
            GremioError: the mirror can't be reached, or is none.
        """
        listing = self._listing()
        return listing, self._folder(PipelineRef("", "mirror", ""), None, listing)

    def read(self, listing: Listing, paths: Sequence[str]) -> dict[str, bytes]:
        """The bytes of some of its files, by path."""
        return self._repository.read(listing, paths)

    def versions(self, ref: PipelineRef) -> tuple[list[str], list[str]]:
        """The mirror's versions, oldest first and ``main`` last: all, and those that have this file.

        Raises:
            RefNotFound: none has it.
        """
        listing = self._listing()
        folders = {path.split("/")[0] for path in listing.files if path.count("/") == 1}
        ordered = list(reversed(by_age(folders)))
        having = [folder for folder in ordered if f"{folder}/{ref.name}.py" in listing.files]
        if not having:
            raise _unknown_name(ref, f"no version of Diffusers' community folder has {ref.name}.py", listing)
        return ordered, having

    def _listing(self, commit: str | None = None) -> Listing:
        try:
            return self._repository.listing(commit)
        except RefNotFound as error:
            error.message = (
                f"names are looked up in a mirror of Diffusers' community folder, and {self._access.endpoint} has none"
                f" ({self._settings.mirror})"
            )
            error.next_step = f"Set GREMIO_MIRROR to a dataset that is one. {FORMS}"
            raise

    def _one(self, file: str, data: bytes, folder: str, listing: Listing) -> CodeTree:
        name = PurePosixPath(file).stem
        ref = PipelineRef(name, "mirror", name)
        pinned = self._pinned(ref, folder) if folder != "main" else None
        if pinned and pinned != listing.commit:
            return self.fetch(ref, folder)
        origin = Origin("mirror", self._settings.mirror, listing.commit, folder, folder)
        return CodeTree({file: data}, file, origin)

    def _pinned(self, ref: PipelineRef, revision: str | None) -> str | None:
        """The mirror's commit at which this version was first loaded: a version stays what it was, with no request."""
        if revision is None or self._access.force_download:
            return None
        records = (self._records.get("versions", self._key(ref, name)) for name in (revision, f"v{revision}"))
        return next((record["commit"] for record in records if record), None)

    def _key(self, ref: PipelineRef, folder: str) -> str:
        return f"{self._access.endpoint} {self._settings.mirror} {folder}/{ref.name}"

    def _folder(self, ref: PipelineRef, revision: str | None, listing: Listing) -> str:
        folders = {PurePosixPath(path).parts[0] for path in listing.files if path.count("/") == 1}
        if revision is None:
            installed = _installed_version()
            return installed if installed in folders else "main"
        for name in (revision, f"v{revision}"):
            if name in folders:
                return name
        hint = "A commit must be written in full, 40 digits. " if _SHORT_COMMIT.fullmatch(revision) else ""
        some = _newest(folders)
        raise RevisionNotFound(
            f"Diffusers' community folder has no revision {revision!r}",
            ref=ref.text,
            next_step=f"{hint}The mirror has: {', '.join(some)}.",
            nearest=some,
        )

    def _unknown(self, ref: PipelineRef, folder: str, listing: Listing) -> RefNotFound:
        elsewhere = _newest({p.split("/")[0] for p in listing.matching(f"*/{ref.name}.py")})
        message = f"Diffusers' community folder has no {ref.name}.py at {folder}"
        if elsewhere:
            step = f"It is there at {', '.join(elsewhere)}: pass custom_revision={elsewhere[0]!r}."
            return RefNotFound(message, ref=ref.text, next_step=step, nearest=[ref.name])
        return _unknown_name(ref, message, listing)

    def _at_commit(self, ref: PipelineRef, commit: str) -> CodeTree:
        """From GitHub; kept by digest, so that a second load needs no network and gets the same bytes."""
        origin = Origin("mirror", self._settings.github, commit, commit, COMMUNITY)
        name = f"{ref.name}.py"
        trees = Trees(self._settings.home)
        key = f"{self._settings.github}@{commit}:{name}"
        known = self._records.get("github", key)
        files = trees.files(Digest.parse(known["digest"])) if known and not self._access.force_download else None
        if files:
            return CodeTree(files, name, origin)
        if self._access.local_files_only:
            raise not_cached(f"{name} at commit {commit}", self._access, ref=ref.text, own=_OWN_GITHUB)
        address = f"{self._settings.github}/{commit}/{COMMUNITY}/{name}"
        tree = CodeTree(
            {name: download(address, ref=ref.text, limit=_LARGEST, access=self._access, own=_OWN_GITHUB)}, name, origin
        )
        trees.keep(tree)
        self._records.put("github", key, {"digest": tree.digest.hex})
        return tree


def _installed_version() -> str:
    installed = version_of("diffusers")
    return f"v{installed}" if installed else "main"


def _newest(folders: set[str]) -> list[str]:
    return by_age(folders)[:9]


def by_age(folders: Collection[str]) -> list[str]:
    """The versions among the folders, newest first, ``main`` before them all."""

    def order(name: str) -> tuple[int, ...]:
        return tuple(int(n) for n in re.findall(r"\d+", name))

    versions = sorted((f for f in folders if re.fullmatch(r"v\d[\w.]*", f)), key=order, reverse=True)
    return [*(["main"] if "main" in folders else []), *versions]


def _unknown_name(ref: PipelineRef, message: str, listing: Listing) -> RefNotFound:
    names = {PurePosixPath(path).stem for path in listing.files if path.endswith(".py")}
    asked = ref.name.lower().replace("-", "_")
    inside = sorted(n for n in names if asked in n)[:3]
    near = list(dict.fromkeys([*get_close_matches(asked, sorted(names), n=3), *inside]))[:3]
    step = f"Did you mean {' or '.join(near)}? " if near else ""
    return RefNotFound(message, ref=ref.text, next_step=f"{step}{FORMS}", nearest=near)
