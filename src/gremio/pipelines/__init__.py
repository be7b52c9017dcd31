"""The facade: community classes joined with components, as ordinary diffusers pipelines. Imports torch."""

from gremio.pipelines.classes import load_class
from gremio.pipelines.facade import DiffusionPipeline
from gremio.pipelines.install import install, installed, uninstall
from gremio.pipelines.provenance import CodeProvenance, Provenance

__all__ = ["CodeProvenance", "DiffusionPipeline", "Provenance", "install", "installed", "load_class", "uninstall"]
