"""``gremio.publish``: read, looked through, uploaded in one commit, and proven to load."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from gremio.code.review import complaint
from gremio.errors import CodeError
from gremio.machine.paths import expanded
from gremio.machine.settings import Settings
from gremio.machine.writing import link, scratch, store_errors
from gremio.publishing.card.card import card
from gremio.publishing.folder import read_folder
from gremio.publishing.folder.blocks import at_repository
from gremio.publishing.proof.cache import RememberedProofs
from gremio.publishing.proof.exchange import ProofSubject
from gremio.publishing.proof.facts import Facts
from gremio.publishing.proof.loads import Loads
from gremio.publishing.proof.proof import NAMES, Proof
from gremio.publishing.proof.proving import facts_of_folder, prove
from gremio.publishing.publication import Publication
from gremio.publishing.secrets.secrets import require_no_secrets
from gremio.publishing.upload.target import Branch, Target
from gremio.publishing.upload.upload import Pushed, upload

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Published:
    """What was published, where it is, and whether it loads; ``proof`` is None where none was asked for."""

    publication: Publication = field(repr=False)
    pushed: Pushed
    proof: Proof | None = None

    @property
    def repo_id(self) -> str:
        """``owner/name``."""
        return self.pushed.repo_id

    @property
    def commit(self) -> str:
        """The 40 hex digits that pin it."""
        return self.pushed.commit

    @property
    def url(self) -> str:
        """Where people see it."""
        return self.pushed.url

    @property
    def digest(self) -> str:
        """Of the code, ``sha256:…``; empty where there is none."""
        return str(self.publication.tree.digest) if self.publication.tree else ""

    def lines(self) -> list[str]:
        """For people."""
        pushed = self.pushed
        sent = f"{len(pushed.uploaded)} files were sent, {len(pushed.unchanged)} were there"
        facts = {
            "commit": pushed.commit if pushed.uploaded or pushed.deleted else f"{pushed.commit}, as it was",
            "tag": pushed.tag,
            "pull request": pushed.pull_request,
            "code": self.digest,
            "files": f"{sent}, {len(pushed.deleted)} were deleted" if pushed.deleted else sent,
        }
        proof = self.proof.lines() if self.proof else ["not proven"]
        return [f"{name:<12} {value}" for name, value in facts.items() if value] + proof

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        proof = self.proof.as_dict() if self.proof else None
        return {**asdict(self.pushed), "digest": self.digest, "proof": proof}


def publish(
    folder: str | os.PathLike[str],
    repo_id: str | None = None,
    *,
    private: bool | None = None,
    commit_message: str | None = None,
    create_pr: bool = False,
    token: str | bool | None = None,
    revision: str | None = None,
    class_name: str | None = None,
    include: Sequence[str] = (),
    base_model: str | None = None,
    license: str | None = None,  # noqa: A002  what model cards call it
    pipeline_tag: str | None = None,
    tags: Sequence[str] = (),
    replace_code: bool = False,
    verify: bool | None = None,
    tell: Tell | None = None,
) -> Published:
    """Publish a folder, or one ``.py`` file, as a repository on the Hub: code, weights if there are any, a card.

    Args:
        folder: what to publish. It stays as it is.
        repo_id: ``owner/name``, or ``name`` for a repository of one's own; the folder's name if None.
        private: whether a new repository is private; None is the Hub's default.
        commit_message: of the one commit.
        create_pr: open a pull request in place of committing to the branch.
        token: as with the Hub's client; None for who is logged in.
        revision: the branch; made if it isn't there.
        class_name: which class, where the file defines several.
        include: patterns of further files of the folder.
        base_model: the model that a pipeline without weights is for; goes into the card.
        license: of all of it, as the Hub names licences: ``apache-2.0``.
        pipeline_tag: the task, as the Hub names tasks: ``text-to-image``.
        tags: more tags for the card.
        replace_code: delete Python files of the repository that are no part of this.
        verify: load the pushed commit in a clean process, by Gremio and by plain diffusers, and compare. None leaves
            out what was proven before with what is installed now; True proves it again; False proves nothing.
        tell: called with what is being done; None shows a progress bar.

    Returns:
        The commit, the address, and the proof.

    Raises:
        GremioError: it can't be read, holds a secret, may not be pushed, or does not load; the message says what to do.
    """
    place = expanded(folder)
    target = Target(
        repo_id or name_of(place),
        *(token, private, commit_message, create_pr, revision, replace_code),
        *(base_model, license, pipeline_tag, tags, verify),
    )
    publication = read_folder(place, class_name=class_name, include=include)
    return push(publication, target, ref=str(folder), tell=tell)


def push(
    publication: Publication, target: Target, *, ref: str, expected: Facts | None = None, tell: Tell | None = None
) -> Published:
    """Upload a publication and have it proven, unless that was done before.

    ``expected`` is what it has to be when it is loaded; None has the folder itself loaded first.

    Raises:
        SecretsFound: it holds a secret; nothing was uploaded.
        NotProven: it does not load, or is something else.
    """
    settings = Settings.from_environment()
    branch = target.found(settings)
    publication = at_repository(publication, branch.repo_id)
    require_no_secrets(publication, ref)
    proofs = RememberedProofs(publication, branch.repo_id, settings)
    with _telling(tell) as say, Loads(settings) as loads:
        before, loaded = (proofs.find() if target.verify is None else None) or (None, None)
        if target.verify is not False:
            _require_provable(publication, ref)
            expected = expected or loaded or _loaded_here(publication, loads, say)
        text = card(
            publication,
            repo_id=branch.repo_id,
            existing=branch.card() if publication.card is None else publication.card,
            endpoint=settings.endpoint,
            tagged=not target.is_pull_request,
            **target.for_card,
        )
        say(f"Uploading to {branch.repo_id} …")
        pushed = upload(publication, text, branch)
        if target.verify is False or expected is None:
            return Published(publication, pushed)
        if before and before.subject.revision == pushed.commit and loaded == expected:
            return Published(publication, pushed, before)
        proof = _proven(publication, pushed, expected, branch, loads, say)
        proofs.keep(proof, expected)
    return Published(publication, pushed, proof)


@contextmanager
def _telling(tell: Tell | None) -> Iterator[Tell]:
    """``tell`` itself; else a line with the time that has passed, where progress bars are wanted."""
    if tell is not None:
        yield tell
        return
    from huggingface_hub.utils.tqdm import are_progress_bars_disabled
    from tqdm import tqdm

    # None leaves it to tqdm, which shows nothing where there is no terminal.
    disabled = True if are_progress_bars_disabled() else None
    with tqdm(bar_format="{desc} {elapsed}", disable=disabled, leave=False) as bar:
        yield bar.set_description_str


def _loaded_here(publication: Publication, loads: Loads, say: Tell) -> Facts:
    """What it is before it is sent, as a process of its own loads it from a folder with its files."""
    say("Loading it as it will be published …")
    with scratch(loads.settings.home / "publishing") as folder:
        with store_errors(folder):
            for path, content in publication.files.items():
                _put(folder / path, content)
        return facts_of_folder(_subject(publication, str(folder)), loads)


def _put(place: Path, content: bytes | Path) -> None:
    """Weights are linked, not copied."""
    if isinstance(content, Path):
        link(content.resolve(), place)
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)


def _proven(
    publication: Publication, pushed: Pushed, expected: Facts, branch: Branch, loads: Loads, say: Tell
) -> Proof:
    """The proof that the commit is what was meant; NotProven where it isn't, or does not load."""
    proof = prove(
        _subject(publication, pushed.repo_id, pushed.commit),
        expected,
        loads,
        limits=publication.limits,
        mended=bool(publication.review and publication.review.mends),
        token=branch.token,
        before=lambda loader: say(f"Loading {pushed.repo_id} at {pushed.commit[:12]} by {NAMES[loader]} …"),
    )
    proof.require()
    return proof


def _require_provable(publication: Publication, ref: str) -> None:
    """Before anything is sent: what reading tells already, packages that are missing and names that are gone."""
    review = publication.review
    if review is None:
        return
    if review.missing:
        error = complaint(review.missing, ref=ref)
        error.message += "; so it can't be proven to load, and nothing was published"
        error.next_step += "\n  Or publish it without the proof: verify=False (--no-verify)."
        raise error
    lost = [f"{each.name} ({each.file}, line {each.line})" for each in review.unresolved if not each.guarded]
    if lost:
        raise CodeError(
            f"it imports what the libraries installed here don't have: {', '.join(lost)}. Nothing was published",
            ref=ref,
            next_step="Correct that, or publish it without the proof: verify=False (--no-verify).",
        )


def _subject(publication: Publication, name: str, revision: str = "") -> ProofSubject:
    code = (tree.entry, str(tree.digest)) if (tree := publication.tree) else ("", "")
    return ProofSubject(name, publication.kind, revision, publication.class_name, *code)


def name_of(place: Path) -> str:
    """What a repository is called whose name was not given."""
    resolved = place.resolve()
    return resolved.stem if resolved.suffix == ".py" else resolved.name
