"""From pipelines and components in memory to folders that can be published: weights, index, code. Imports torch."""

from gremio.saving.push import push_to_hub
from gremio.saving.save import save_pretrained

__all__ = ["push_to_hub", "save_pretrained"]
