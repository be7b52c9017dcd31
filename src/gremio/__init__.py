"""Gremio: community pipelines and community components of Diffusers, found, read, pinned, run, shared and published.

``from gremio import DiffusionPipeline`` is the one line that changes.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from gremio.version import __version__

if TYPE_CHECKING:
    from gremio.batching.batch import batch
    from gremio.loading.modular import ModularPipeline, load_blocks
    from gremio.loading.modules.provenance import Provenance
    from gremio.loading.pipelines import DiffusionPipeline, load_class
    from gremio.publishing.install import install, installed, uninstall
    from gremio.publishing.publish import publish
    from gremio.publishing.saving.push import push_to_hub
    from gremio.publishing.saving.save import save_pretrained
    from gremio.sandbox.host import Sandbox
    from gremio.sources.reading import read
    from gremio.trust.review import review
    from gremio.workspace import Workspace

# Nothing here is imported before it is asked for: `import gremio` must not cost what torch costs.
_PLACES = {
    "batch": "gremio.batching.batch",
    "DiffusionPipeline": "gremio.loading.pipelines",
    "ModularPipeline": "gremio.loading.modular",
    "Provenance": "gremio.loading.modules.provenance",
    "install": "gremio.publishing.install",
    "installed": "gremio.publishing.install",
    "load_blocks": "gremio.loading.modular",
    "load_class": "gremio.loading.pipelines",
    "publish": "gremio.publishing.publish",
    "push_to_hub": "gremio.publishing.saving.push",
    "save_pretrained": "gremio.publishing.saving.save",
    "uninstall": "gremio.publishing.install",
    "read": "gremio.sources.reading",
    "review": "gremio.trust.review",
    "Workspace": "gremio.workspace",
    "Sandbox": "gremio.sandbox.host",
}

__all__ = [
    "DiffusionPipeline",
    "ModularPipeline",
    "Provenance",
    "Sandbox",
    "Workspace",
    "__version__",
    "batch",
    "install",
    "installed",
    "load_blocks",
    "load_class",
    "publish",
    "push_to_hub",
    "read",
    "review",
    "save_pretrained",
    "uninstall",
]


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module 'gremio' has no attribute {name!r}")
    value = getattr(importlib.import_module(_PLACES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
