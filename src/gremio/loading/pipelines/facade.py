"""``from gremio import DiffusionPipeline``: the one line that changes."""

from __future__ import annotations

import os
from typing import Any

from gremio.errors import OptionError
from gremio.loading.pipelines.classes import named_class
from gremio.loading.pipelines.from_pipe import share_pipeline
from gremio.loading.pipelines.from_pretrained import load_pipeline
from gremio.loading.pipelines.guarded import guarded
from gremio.loading.pipelines.request import CodeChoice
from gremio.loading.pipelines.standard import BASE, is_explicit, ours
from gremio.machine.settings import Settings
from gremio.sources import Access


class _Facade(type(BASE)):  # type: ignore[misc]
    """Every diffusers pipeline is an instance of the facade, as it is of the class that the facade stands for."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, BASE) if not is_explicit(cls) else super().__instancecheck__(instance)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, BASE) if not is_explicit(cls) else super().__subclasscheck__(subclass)


class DiffusionPipeline(BASE, metaclass=_Facade):  # type: ignore[misc]
    """diffusers' ``DiffusionPipeline`` with Gremio's loading; what it returns are ordinary diffusers pipelines."""

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: str | os.PathLike[str], **kwargs: Any) -> Any:
        """Load a model into its own pipeline class, or into a community class.

        Args:
            pretrained_model_name_or_path: a repository on the Hub, or a folder, in diffusers' layout.
            **kwargs: ``custom_pipeline`` names the code: a community pipeline's name, ``owner/repo``, or a path
                (``./folder``, ``folder/file.py``); ``custom_revision`` its version, branch, tag or commit;
                ``class_name`` which of its classes.
                ``trust_remote_code`` says what may run: True for what this call names as code (``custom_pipeline`` if
                given, else the model's repository), or a list of repo ids and digests. ``revision`` pins the model.
                ``mend=False`` runs it as written, imports apart.
                ``dtype`` (or ``torch_dtype``), ``device_map``, ``variant``, ``token``, ``cache_dir``,
                ``local_files_only`` and everything else mean what they mean in diffusers.

        Returns:
            An instance of the community class; ``pipe.gremio`` says which code and which commits it is made of.

        Raises:
            GremioError: it can't be found, may not run, or can't be loaded; the message says what to do.
        """
        return load_pipeline(cls, pretrained_model_name_or_path, kwargs)

    @classmethod
    def from_pipe(cls, pipeline: Any, **kwargs: Any) -> Any:
        """Another pipeline over the same components: no weights are loaded, copied, cast or moved.

        Args:
            pipeline: any diffusers pipeline. Nothing of it changes; its scheduler is copied.
            **kwargs: ``custom_pipeline``, ``custom_revision``, ``class_name`` and ``trust_remote_code`` as in
                ``from_pretrained``; components that replace the source's; settings of the new class.

        Raises:
            SharingError: a dtype or device is asked for that the shared components don't have.
            ComponentMissing: the class needs a component that the source lacks.
        """
        return share_pipeline(cls, pipeline, kwargs)

    @classmethod
    def from_single_file(cls, pretrained_model_link_or_path: str, **kwargs: Any) -> Any:
        """Load a checkpoint file into a community class that can read one.

        Raises:
            OptionError: no class is named, or the class can't load single files.
        """
        settings = Settings.from_environment()
        choice = CodeChoice.take(kwargs)
        if choice.ref is None:
            raise OptionError(
                "from_single_file was not told which class to make",
                next_step="Call it on the class: StableDiffusionPipeline.from_single_file(…); a community class"
                " comes with custom_pipeline=, or afterwards with from_pipe.",
            )
        community: Any = named_class(choice, access=Access.take(dict(kwargs), settings), settings=settings).cls
        if not callable(getattr(community, "from_single_file", None)):
            raise OptionError(
                f"{community.__name__} can't load single files",
                ref=choice.ref.text,
                next_step="Load the file with diffusers' own class, then DiffusionPipeline.from_pipe(pipe,"
                f" custom_pipeline={choice.ref.text!r}).",
            )
        with guarded():
            return community.from_single_file(pretrained_model_link_or_path, **kwargs)


ours(vars(DiffusionPipeline)["from_pretrained"])
