"""From what a pipeline returned to files, with what made them written inside.

    artifacts = collect(pipeline(**arguments), fps=8)
    saved = save(artifacts, "hall.png", metadata={"gremio:prompt": "a guild hall"}, stem="hall")
    read_metadata(saved.paths[0])["gremio:prompt"]

Importing this loads none of torch, numpy and PIL.
"""

from gremio.running.outputs.artifact import Artifact, Kind
from gremio.running.outputs.collect import collect
from gremio.running.outputs.formats import check_suffix
from gremio.running.outputs.making import making
from gremio.running.outputs.metadata import read_metadata
from gremio.running.outputs.naming import check_out
from gremio.running.outputs.save import Saved, save

__all__ = ["Artifact", "Kind", "Saved", "check_out", "check_suffix", "collect", "making", "read_metadata", "save"]
