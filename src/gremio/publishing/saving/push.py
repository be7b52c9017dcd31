"""``gremio.push_to_hub``: save into a folder that nobody sees, publish that, prove it against what is in memory."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from gremio.machine.settings import Settings
from gremio.machine.writing import scratch
from gremio.publishing.proof.object_facts import facts_of
from gremio.publishing.publish import Published, push
from gremio.publishing.saving.save import Saving
from gremio.publishing.upload.target import Target


def push_to_hub(
    obj: Any,
    repo_id: str,
    *,
    variant: str | None = None,
    max_shard_size: int | str | None = None,
    safe_serialization: bool = True,
    **options: Any,
) -> Published:
    """Publish a pipeline, a component or modular blocks on the Hub, code included, and prove that it loads.

    Args:
        obj: a diffusers pipeline however it was built, a model, scheduler or other component, or modular blocks.
        repo_id: ``owner/name``, or ``name`` for a repository of one's own.
        variant: as in ``gremio.save_pretrained``; so are ``max_shard_size`` and ``safe_serialization``.
        max_shard_size: the largest weight file, as ``"5GB"`` or in bytes.
        safe_serialization: only True; weights are always safetensors.
        options: as in ``gremio.publish``: ``private``, ``commit_message``, ``create_pr``, ``token``, ``revision``,
            ``base_model``, ``license``, ``pipeline_tag``, ``tags``, ``replace_code``, ``verify``. The proof compares
            classes and weights with ``obj``; without ``base_model`` the card names the model that the weights were
            loaded from.

    Returns:
        The commit, the address, and the proof.

    Raises:
        GremioError: it can't be saved, holds a secret, may not be pushed, or does not load; the message says what to
            do.
    """
    if unknown := options.keys() - {each.name for each in fields(Target)}:
        raise TypeError(f"push_to_hub() got unexpected arguments: {', '.join(sorted(unknown))}")
    target = Target(repo_id, **options)
    saving = Saving(variant, max_shard_size, safe_serialization)
    saving.check(obj, ref=repo_id)
    with scratch(Settings.from_environment().home / "publishing") as folder:
        publication = saving.write(obj, folder, home=folder)
        expected = None if target.verify is False else facts_of(obj)
        return push(publication, target, ref=repo_id, expected=expected)
