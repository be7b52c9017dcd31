"""The facade: community classes joined with components, as ordinary diffusers pipelines. Imports torch."""

from gremio.loading.modules.provenance import CodeProvenance, Provenance
from gremio.loading.pipelines.classes import load_class
from gremio.loading.pipelines.facade import DiffusionPipeline

__all__ = ["CodeProvenance", "DiffusionPipeline", "Provenance", "load_class"]
