"""One call of ``from_pretrained``, its arguments parsed, but for those about numbers and machines."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gremio.code import CodeTree, PipelineRef
from gremio.errors import OptionError, RefError
from gremio.loading.components import Selection
from gremio.machine.settings import Settings
from gremio.sources import Access
from gremio.trust import Grant


@dataclass(frozen=True)
class CodeChoice:
    """Which code the caller names, at which revision, which class of it, what may run, and whether to mend it.

    ``tree`` is that code where it was found before, as a lock has it.
    """

    ref: PipelineRef | None
    revision: str | None
    class_name: str | None
    grant: Grant
    mend: bool = True
    tree: CodeTree | None = None

    @classmethod
    def take(cls, arguments: dict[str, Any], named_by: str = "custom_pipeline") -> CodeChoice:
        """Take the argument that names code, ``custom_revision``, ``class_name``, ``trust_remote_code``, ``mend`` out.

        Raises:
            RefError, OptionError: one of them can't be what it is.
        """
        named = arguments.pop(named_by, None)
        revision = arguments.pop("custom_revision", None)
        if revision is not None and named is None:
            raise OptionError(
                f"custom_revision is given without {named_by}",
                next_step=f"revision= pins the model and the code in it; custom_revision= pins {named_by}.",
            )
        return cls(
            PipelineRef.parse(named) if named is not None else None,
            revision,
            arguments.pop("class_name", None),
            Grant.parse(arguments.pop("trust_remote_code", None)),
            bool(arguments.pop("mend", True)),
        )


@dataclass(frozen=True)
class LoadRequest:
    """``rest`` is what diffusers and the pipeline class get as it is, components among it."""

    model: str | Path
    revision: str | None
    code: CodeChoice
    selection: Selection
    access: Access
    settings: Settings
    rest: dict[str, Any] = field(repr=False)

    @classmethod
    def parse(cls, model: str | os.PathLike[str], arguments: dict[str, Any]) -> LoadRequest:
        """Read the arguments of one call.

        Raises:
            RefError, OptionError: one of them can't work, said before anything is fetched.
        """
        rest = dict(arguments)
        settings = Settings.from_environment()
        access = Access.take(rest, settings)
        selection = Selection(rest.get("variant"), rest.get("use_safetensors"), bool(rest.pop("use_onnx", False)))
        return cls(
            model_of(model),
            rest.pop("revision", None),
            CodeChoice.take(rest),
            selection,
            access,
            settings,
            rest,
        )


def model_of(model: object) -> str | Path:
    """The model that a caller names.

    Raises:
        RefError: it can name none.
    """
    if isinstance(model, os.PathLike):
        return Path(model)
    if not isinstance(model, str) or not model.strip():
        raise RefError("this can't name a model", ref=repr(model), next_step="Pass owner/repo or a folder.")
    return model
