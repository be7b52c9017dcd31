"""Gremio's loading and saving for scripts that keep ``from diffusers import DiffusionPipeline``."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from diffusers.utils import PushToHubMixin

from gremio.errors import OptionError
from gremio.loading.pipelines.from_pipe import share_pipeline
from gremio.loading.pipelines.from_pretrained import load_pipeline
from gremio.loading.pipelines.placement import accept_placement, refuse_placement
from gremio.loading.pipelines.standard import BASE, ORIGINAL, ours
from gremio.publishing.saving import diffusers_saving

_lock = threading.Lock()
_placed: list[type] = []


def _from_pretrained(cls: type, /, pretrained_model_name_or_path: Any, **kwargs: Any) -> Any:
    return load_pipeline(cls, pretrained_model_name_or_path, kwargs)


def _from_pipe(cls: type, /, pipeline: Any, **kwargs: Any) -> Any:
    return share_pipeline(cls, pipeline, kwargs)


def _init_subclass(cls: type, /, **kwargs: Any) -> None:
    super(BASE, cls).__init_subclass__(**kwargs)
    accept_placement(cls)
    _placed.append(cls)


def _save_pretrained(self: Any, save_directory: Any, push_to_hub: bool = False, **kwargs: Any) -> None:
    from gremio.publishing.saving.save import save_pretrained

    saving = {name: kwargs.pop(name) for name in _SAVING if name in kwargs}
    folder = save_pretrained(self, save_directory, **saving)
    if push_to_hub:
        _push_to_hub(self, kwargs.pop("repo_id", Path(folder).name), **saving, **kwargs)
    elif kwargs:
        raise TypeError(f"save_pretrained() got unexpected arguments: {', '.join(sorted(kwargs))}")


def _push_to_hub(self: Any, repo_id: str, *args: Any, **kwargs: Any) -> str:
    from gremio.publishing.saving.push import push_to_hub

    given = dict(zip(_PUSHING, args, strict=False)) | kwargs
    if given.pop("subfolder", None):
        raise OptionError(
            "subfolder= would put it into a part of a repository, where its code could not be found",
            ref=repo_id,
            next_step="Give it a repository of its own.",
        )
    return push_to_hub(self, repo_id, **given).url


_SAVING = ("safe_serialization", "variant", "max_shard_size")
# The order of diffusers' own arguments after the repository.
_PUSHING = ("commit_message", "private", "token", "create_pr", "safe_serialization", "variant", "subfolder")

_REPLACEMENTS: dict[str, Any] = {
    "from_pretrained": ours(classmethod(_from_pretrained)),
    "from_pipe": ours(classmethod(_from_pipe)),
    "save_pretrained": diffusers_saving.ours(_save_pretrained),
    "__init_subclass__": classmethod(_init_subclass),
}
_ORIGINALS = {**ORIGINAL, "save_pretrained": diffusers_saving.ORIGINAL}
_ORIGINAL_PUSH = vars(PushToHubMixin)["push_to_hub"]


def install() -> None:
    """Put Gremio's ``from_pretrained``, ``from_pipe`` and ``save_pretrained`` in place on ``DiffusionPipeline``.

    And its ``push_to_hub`` on everything of diffusers that has one: pipelines, models, schedulers, modular blocks.
    Pipeline classes that are defined while it is in place take ``device_map`` and ``dtype`` in their constructors.
    Calling it twice changes nothing more.
    """
    with _lock:
        for name, method in _REPLACEMENTS.items():
            setattr(BASE, name, method)
        PushToHubMixin.push_to_hub = _push_to_hub


def uninstall() -> None:
    """Give diffusers its own methods back, and the classes defined meanwhile their own constructors."""
    with _lock:
        for name in _REPLACEMENTS:
            if name in _ORIGINALS:
                setattr(BASE, name, _ORIGINALS[name])
            elif name in vars(BASE):
                delattr(BASE, name)
        PushToHubMixin.push_to_hub = _ORIGINAL_PUSH
        while _placed:
            refuse_placement(_placed.pop())


def installed() -> bool:
    """Whether ``install`` is in effect."""
    return vars(BASE)["from_pretrained"] is _REPLACEMENTS["from_pretrained"]
