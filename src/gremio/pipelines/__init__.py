"""The facade: community classes joined with components, as ordinary diffusers pipelines. Imports torch."""

from gremio.modules.provenance import CodeProvenance, Provenance
from gremio.pipelines.classes import load_class
from gremio.pipelines.facade import DiffusionPipeline
from gremio.pipelines.install import install, installed, uninstall

__all__ = ["CodeProvenance", "DiffusionPipeline", "Provenance", "install", "installed", "load_class", "uninstall"]
