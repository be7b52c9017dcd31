"""What a person names and what that name stands for: refs, trees of code, digests."""

from gremio.code.difference import Difference
from gremio.code.digest import Digest
from gremio.code.ref import PipelineRef
from gremio.code.tree import CodeTree, Origin, check_path

__all__ = ["CodeTree", "Difference", "Digest", "Origin", "PipelineRef", "check_path"]
