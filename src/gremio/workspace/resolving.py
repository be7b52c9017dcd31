"""From what a person asks for to a lock entry: one resolution, a digest of the code, a hash per file of the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from gremio.code import CodeTree, PipelineRef
from gremio.code.libraries.packages import version_of
from gremio.code.review import has_blocks_alone, requirements
from gremio.errors import LockError, UnreadableCode
from gremio.loading.components import ModelIndex, Selection, custom_components
from gremio.machine.paths import expanded
from gremio.sources import fetch
from gremio.sources.model import FolderModel, HubModel, ModelHome, code_of, open_model, read_index
from gremio.sources.trees import Trees
from gremio.trust import CodeRequest, Grant
from gremio.trust.approvals import Approval, Approvals
from gremio.trust.gate import reason_for
from gremio.trust.request import Role
from gremio.workspace.entry import LockedCode, LockedModel, LockEntry
from gremio.workspace.hashing import Hashes
from gremio.workspace.project import Project

_ALWAYS = ("diffusers", "torch", "transformers")


@dataclass(frozen=True)
class Resolver:
    """Resolves the entries of one project."""

    project: Project

    def resolve(self, asked: LockEntry) -> tuple[LockEntry, tuple[CodeTree, ...]]:
        """The entry with code and weights as they are now, unapproved where no rule approves; and its trees of code.

        Raises:
            GremioError: the ref, the model or a revision of them can't be found, reached or read.
        """
        trees = []
        code = None
        if asked.ref:
            tree = self.code(asked)
            if has_blocks_alone(tree):
                raise LockError(
                    f"{asked.ref} has modular blocks, and a lock holds pipelines and components only",
                    ref=asked.name,
                    next_step="Pin them where they are called: `gremio run … --revision COMMIT`.",
                )
            trees.append(tree)
            code = self._code(tree, asked.ref, "named")
        weights = None
        if asked.model:
            weights, found = self._model(asked)
            trees += found
        if code is None and weights is None:
            raise LockError(
                "it names neither code nor a model", ref=asked.name, next_step="Give it a ref, a model or both."
            )
        return replace(asked, code=code, weights=weights), tuple(trees)

    def code(self, asked: LockEntry) -> CodeTree:
        """The code that an entry's ref names now."""
        ref = PipelineRef.parse(asked.ref)
        if ref.source == "local":
            ref = PipelineRef.parse(self.project.folder / ref.name)
        return fetch(ref, revision=asked.revision or None, access=self.project.access, settings=self.project.settings)

    def judged(self, entry: LockEntry) -> LockEntry:
        """An entry that was locked elsewhere, its code approved by what holds here and by nobody else."""
        kept = Trees(self.project.settings.home)

        def judge(code: LockedCode, ref: str, role: Role) -> LockedCode:
            tree = code.tree(kept.files(code.digest) or {}, self.project.absolute(code.origin))
            return replace(code, approval=self._approval(tree, ref, role))

        weights = entry.weights
        if weights and weights.code:
            weights = replace(weights, code=judge(weights.code, entry.model, "found"))
        return replace(entry, code=judge(entry.code, entry.ref, "named") if entry.code else None, weights=weights)

    def model_home(self, model: LockedModel) -> ModelHome:
        """The repository or folder of a model, at its commit."""
        place = self.project.folder / model.repo if model.is_local else model.repo
        return self._opened(place, model.commit)

    def _code(self, tree: CodeTree, ref: str, role: Role) -> LockedCode:
        origin = tree.origin
        if origin.source == "local":
            origin = replace(origin, repo=self.project.relative(origin.repo))
        locked = LockedCode.of(tree, packages_of(tree), self._approval(tree, ref, role))
        return replace(locked, origin=origin)

    def _approval(self, tree: CodeTree, ref: str, role: Role) -> Approval | None:
        """What holds for this code without asking anybody: an approval from before, or the policy."""
        known = Approvals(self.project.settings).get(tree.digest)
        reason = reason_for(CodeRequest(ref, tree, Grant(), role=role), self.project.settings)
        return known or (Approval.now(tree.digest, by=f"the policy ({reason})") if reason else None)

    def _model(self, asked: LockEntry) -> tuple[LockedModel, list[CodeTree]]:
        home = self._open(asked)
        index = ModelIndex.parse(read_index(home), ref=home.name)
        wanted = [name for name, entry in index.components.items() if not entry.is_null]
        paths = Selection(asked.variant or None).files(home.paths(), wanted, ref=home.name)
        tree = self._own_code(index, home, wanted)
        local = isinstance(home, FolderModel)
        repo = self.project.relative(home.origin.repo) if local else home.origin.repo
        code = self._code(tree, asked.model, "found") if tree else None
        return LockedModel(repo, home.origin.commit, self._hashes(home, paths), asked.variant, code), [
            tree
        ] if tree else []

    def _open(self, asked: LockEntry) -> ModelHome:
        local = _is_path(asked.model)
        place = self.project.folder / expanded(asked.model) if local else asked.model
        return self._opened(place, asked.model_revision)

    def _opened(self, place: str | Path, revision: str) -> ModelHome:
        project = self.project
        return open_model(place, revision=revision or None, access=project.access, settings=project.settings)

    def _own_code(self, index: ModelIndex, home: ModelHome, wanted: list[str]) -> CodeTree | None:
        """The code of the model that a load of it executes, entered at its pipeline's or a component's file."""
        custom = custom_components(index, home, wanted)
        if index.module is not None:
            return code_of(home, f"{index.module.replace('.', '/')}.py")
        return code_of(home, next(iter(custom.values())).path) if custom else None

    def _hashes(self, home: ModelHome, paths: list[str]) -> dict[str, str]:
        """A hash per file. The Hub is taken at its word for large ones, which are checked when they are fetched."""
        said: dict[str, str] = {}
        if isinstance(home, HubModel):
            files = home.listing.files
            said = {path: f"sha256:{sha256}" for path in paths if (sha256 := files[path].sha256)}
        rest = [path for path in paths if path not in said]
        folder, hashes = home.fetch(rest), Hashes(self.project.settings)
        return said | {path: hashes.of(folder / path, again=True) for path in rest}


def packages_of(tree: CodeTree) -> dict[str, str]:
    """What the code imports, and the libraries under it, by the versions that are installed."""
    try:
        names = [item.package or item.name for item in requirements(tree)]
    except UnreadableCode:
        names = []
    return {name: version_of(name) for name in sorted({*names, *_ALWAYS})}


def drift(packages: Mapping[str, str]) -> list[str]:
    """What is installed in another version than it was when this was locked, in words."""
    now = {name: version_of(name) for name in packages}
    return [
        f"{name} {now[name] or 'missing'} (locked with {was})"
        for name, was in packages.items()
        if was and now[name] != was
    ]


def _is_path(model: str) -> bool:
    return PipelineRef.parse(model).source == "local" if model else False
