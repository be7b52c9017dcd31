"""``from gremio import ModularPipeline, load_blocks``."""

from __future__ import annotations

import functools
import os
from typing import Any

import diffusers

from gremio.code import PipelineRef
from gremio.errors import ComponentMissing, OptionError
from gremio.loading.modular.blocks import made
from gremio.loading.modular.components import load_into
from gremio.loading.modular.from_pretrained import PLACES, load_modular
from gremio.loading.modular.places import Places
from gremio.loading.modular.resolving import approve_blocks
from gremio.loading.pipelines.request import CodeChoice
from gremio.machine.settings import Settings
from gremio.sources import Access
from gremio.trust import Grant


class ModularPipeline(diffusers.ModularPipeline):  # type: ignore[misc]
    """diffusers' ``ModularPipeline`` with Gremio's loading: of its blocks, and of each component later."""

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: str | os.PathLike[str] | None, **kwargs: Any) -> Any:
        """Make the pipeline that a model describes; its components are loaded by ``load_components``.

        Args:
            pretrained_model_name_or_path: a repository on the Hub, or a folder: with blocks and their code, with a
                modular index, with an ordinary model index, or with several of these.
            **kwargs: ``blocks`` takes the place of the model's own: what ``load_blocks`` returns, other blocks, or a
                ref for code; ``custom_revision`` its version, branch, tag or commit; ``class_name`` which class.
                ``trust_remote_code`` says what may run: True for what this call names as code (``blocks`` if given,
                else the model's repository, with components that lie there), or a list of repo ids and digests.
                ``revision`` pins the model. ``mend=False`` runs code as written, imports apart.
                ``dtype`` (or ``torch_dtype``), ``variant``, ``use_safetensors`` and ``device_map`` are what
                ``load_components`` takes if it isn't told otherwise. ``components_manager``, ``collection``,
                ``workflow``, ``token``, ``cache_dir``, ``local_files_only`` and the like are diffusers'.

        Returns:
            An instance of diffusers' class for these blocks; ``pipe.gremio`` says which code it is made of.

        Raises:
            GremioError: it can't be found, may not run, or can't be loaded; the message says what to do.
        """
        return load_modular(cls, pretrained_model_name_or_path, kwargs)

    def load_components(self, names: list[str] | str | None = None, workflow: str | None = None, **kwargs: Any) -> None:
        """Load components from where their specs say: of each repository the one commit, its code through the gate.

        Args:
            names: which ones; all that have a place and are not loaded yet if not given.
            workflow: those of one workflow of the blocks.
            **kwargs: for all components, or by name in a dict (``"default"`` for the others): ``dtype``, ``variant``,
                ``revision``, ``subfolder``, ``pretrained_model_name_or_path`` and what ``from_pretrained`` of their
                classes takes. ``trust_remote_code`` as in ``from_pretrained``: True is about the model's own repository
                and no other; those with code are named one by one. ``token``, ``cache_dir`` and the like are those of
                ``from_pretrained`` if not given.

        Raises:
            NotTrusted: a component needs code of a repository that wasn't granted; nothing was loaded.
            GremioError: one can't be found or loaded; those that were there before are still there.
        """
        places = vars(self).get(PLACES) or Places.unknown()
        load_into(self, places, names=names, workflow=workflow, arguments=kwargs)

    def __call__(self, state: Any = None, output: str | list[str] | None = None, **kwargs: Any) -> Any:
        """Run the blocks, as diffusers does.

        Raises:
            ComponentMissing: it failed for want of components that are not loaded.
        """
        try:
            return super().__call__(state, output, **kwargs)
        except (AttributeError, TypeError) as error:
            missing = self._missing(kwargs) if "None" in str(error) else []
            if not missing:
                raise
            raise ComponentMissing(
                f"{type(self.blocks).__name__} failed without {', '.join(missing)}: {error}",
                names=missing,
                ref=vars(self).get("_pretrained_model_name_or_path") or "",
                next_step=self._remedy(missing),
            ) from error

    def _missing(self, arguments: dict[str, Any]) -> list[str]:
        """The components that are not there, of the blocks that run for these arguments."""
        try:
            blocks = self.blocks.get_execution_blocks(**arguments)
        except (AttributeError, NotImplementedError, TypeError):
            # Only blocks that are made of others can tell, and not in every version of diffusers.
            blocks = self.blocks
        expected = {spec.name for spec in blocks.expected_components}
        return [name for name in self.null_component_names if name in expected]

    def _remedy(self, missing: list[str]) -> str:
        placed = [name for name in missing if self.get_component_spec(name).pretrained_model_name_or_path]
        others = [name for name in missing if name not in placed]
        steps = [f"Call load_components() first: it loads {', '.join(placed)}."] if placed else []
        if others:
            steps.append(f"Nothing says where {', '.join(others)} lies: pass update_components({others[0]}=…).")
        return " ".join(steps)


def load_blocks(
    ref: str | os.PathLike[str],
    *,
    class_name: str | None = None,
    custom_revision: str | None = None,
    trust_remote_code: object = None,
    mend: bool = True,
    **kwargs: Any,
) -> Any:
    """Modular blocks with their own code: an instance, to be put among others or made into a pipeline.

    Its ``init_pipeline`` takes what ``ModularPipeline.from_pretrained`` takes. Where it was put among blocks of
    diffusers, ``ModularPipeline.from_pretrained(model, blocks=those)`` makes a pipeline that goes through the gate.

    Args:
        ref: ``owner/repo``, a path to a folder or ``.py`` file, or a community name. In a repository or folder it is
            the class that ``modular_config.json`` names.
        class_name: which class of the file, where it defines several.
        custom_revision: a branch, tag or commit on the Hub; a Diffusers version or commit for a name.
        trust_remote_code: True for the repository that ``ref`` names, or a list of repo ids and digests.
        mend: False leaves everything but the code's imports as its author wrote it.
        **kwargs: ``token``, ``cache_dir``, ``local_files_only``, ``force_download``, ``proxies``; the rest is for the
            constructor of the blocks.

    Returns:
        The blocks; ``blocks.gremio`` says where their code came from.

    Raises:
        GremioError: the code isn't there, may not run, has no blocks, or fails.
    """
    settings = Settings.from_environment()
    if "revision" in kwargs:
        raise OptionError("revision= is of a model", ref=str(ref), next_step="custom_revision= pins code.")
    choice = CodeChoice(PipelineRef.parse(ref), custom_revision, class_name, Grant.parse(trust_remote_code), mend)
    access = Access.take(kwargs, settings)
    blocks = made(approve_blocks(choice, access=access, settings=settings), kwargs)
    vars(blocks)["init_pipeline"] = functools.partial(_init_pipeline, blocks)
    return blocks


def _init_pipeline(
    blocks: Any,
    pretrained_model_name_or_path: str | os.PathLike[str] | None = None,
    components_manager: Any = None,
    collection: str | None = None,
    **kwargs: Any,
) -> Any:
    given = {"components_manager": components_manager, "collection": collection, **kwargs, "blocks": blocks}
    return load_modular(ModularPipeline, pretrained_model_name_or_path, given)
