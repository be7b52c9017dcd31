"""From a ref to a class: resolved, executed."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

from gremio.code import PipelineRef
from gremio.loading.modules import LoadedCode, load
from gremio.loading.pipelines.request import CodeChoice
from gremio.loading.pipelines.resolving import ApprovedClass, Kind, approve_named
from gremio.machine.settings import Settings
from gremio.sources import Access
from gremio.trust import Grant


def load_class(
    ref: str | os.PathLike[str],
    *,
    class_name: str | None = None,
    custom_revision: str | None = None,
    trust_remote_code: object = None,
    mend: bool = True,
    **access: Any,
) -> type:
    """The class that ``ref`` names, without any weights: a pipeline, or a component by ``class_name``.

    Args:
        ref: a community pipeline's name, ``owner/repo``, or a path (``./folder``, ``folder/file.py``).
        class_name: which class of the entry file, where it defines several.
        custom_revision: a Diffusers version or commit for a name; a branch, tag or commit on the Hub.
        trust_remote_code: True for the repository that ``ref`` names, or a list of repo ids and digests.
        mend: False leaves everything but the code's imports as its author wrote it.
        **access: ``token``, ``cache_dir``, ``local_files_only``, ``force_download``, ``proxies``.

    Raises:
        GremioError: the code isn't there, may not run, needs packages that aren't installed, or fails.
    """
    settings = Settings.from_environment()
    arguments = dict(access)
    choice = CodeChoice(PipelineRef.parse(ref), custom_revision, class_name, Grant.parse(trust_remote_code), mend)
    reach = Access.take(arguments, settings)
    if arguments:
        raise TypeError(f"load_class() got unexpected arguments: {', '.join(sorted(arguments))}")
    return named_class(choice, access=reach, settings=settings, kind="class").cls


def named_class(choice: CodeChoice, *, access: Access, settings: Settings, kind: Kind = "pipeline") -> LoadedCode:
    """The class of the code that the caller names with ``custom_pipeline``."""
    return execute(approve_named(choice, access=access, settings=settings, kind=kind))


def execute(found: ApprovedClass) -> LoadedCode:
    """Run the code of a class, unless this process did."""
    # Not before: these load torch, and what is refused should not wait for it.
    from gremio.loading.pipelines.placement import accept_placement
    from gremio.loading.pipelines.renamed_components import accept_left_out

    path = found.code.tree.entry
    loaded = load(found.code, found.name, path=path, ref=found.ref, mend=found.mend)
    accept_placement(loaded.cls)
    if found.mend:
        loaded = replace(loaded, mends=loaded.mends + accept_left_out(loaded.cls, file=path))
    return loaded
