"""``gremio.push_to_hub``: save into a folder that nobody sees, publish that, prove it against what is in memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gremio.machine.settings import Settings
from gremio.machine.writing import scratch
from gremio.publishing.one_step import CardFacts, Published, push
from gremio.publishing.proof.object_facts import facts_of
from gremio.publishing.saving.save import Saving
from gremio.publishing.upload.upload import Target


def push_to_hub(
    obj: Any,
    repo_id: str,
    *,
    private: bool | None = None,
    commit_message: str | None = None,
    create_pr: bool = False,
    token: str | bool | None = None,
    revision: str | None = None,
    variant: str | None = None,
    max_shard_size: int | str | None = None,
    safe_serialization: bool = True,
    base_model: str | None = None,
    license: str | None = None,  # noqa: A002  what model cards call it
    pipeline_tag: str | None = None,
    tags: Sequence[str] = (),
    replace_code: bool = False,
    verify: bool | None = None,
) -> Published:
    """Publish a pipeline, a component or modular blocks on the Hub, code included, and prove that it loads.

    Args:
        obj: a diffusers pipeline however it was built, a model, scheduler or other component, or modular blocks.
        repo_id: ``owner/name``, or ``name`` for a repository of one's own.
        private: whether a new repository is private; None is the Hub's default.
        commit_message: of the one commit.
        create_pr: open a pull request in place of committing to the branch.
        token: as with the Hub's client; None for who is logged in.
        revision: the branch; made if it isn't there.
        variant: goes into the names of the weight files: ``fp16``.
        max_shard_size: the largest weight file, as ``"5GB"`` or in bytes.
        safe_serialization: only True; weights are always safetensors.
        base_model: the model that this one was made from; None tells it from where the weights were loaded.
        license: of all of it, as the Hub names licences: ``apache-2.0``.
        pipeline_tag: the task, as the Hub names tasks: ``text-to-image``.
        tags: more tags for the card.
        replace_code: delete Python files of the repository that are no part of this.
        verify: load the pushed commit in a clean process, by Gremio and by plain diffusers, and compare classes and
            weights with ``obj``. None leaves out what was proven before with what is installed now; True proves it
            again; False proves nothing.

    Returns:
        The commit, the address, and the proof.

    Raises:
        GremioError: it can't be saved, holds a secret, may not be pushed, or does not load; the message says what to
            do.
    """
    target = Target(repo_id, token, private, commit_message, create_pr, revision, replace_code)
    facts = CardFacts(base_model, license, pipeline_tag, tags)
    saving = Saving(variant, max_shard_size, safe_serialization)
    saving.check(obj, ref=repo_id)
    with scratch(Settings.from_environment().home / "publishing") as folder:
        publication = saving.write(obj, folder, home=folder)
        expected = None if verify is False else facts_of(obj)
        return push(publication, target, facts, ref=repo_id, verify=verify, expected=expected)
