"""What a model index names: checked, chosen, found, staged."""

from gremio.loading.components.blame import file_to_blame
from gremio.loading.components.custom import CustomComponent, check_standard, custom_components, is_standard
from gremio.loading.components.damage import damage
from gremio.loading.components.index import ComponentEntry, ModelIndex
from gremio.loading.components.moved_libraries import moved_class, moved_components, moved_repair
from gremio.loading.components.refusal import refuse_unsafe
from gremio.loading.components.selection import Selection
from gremio.loading.components.staging import stage

__all__ = [
    "ComponentEntry",
    "CustomComponent",
    "ModelIndex",
    "Selection",
    "check_standard",
    "custom_components",
    "damage",
    "file_to_blame",
    "is_standard",
    "moved_class",
    "moved_components",
    "moved_repair",
    "refuse_unsafe",
    "stage",
]
