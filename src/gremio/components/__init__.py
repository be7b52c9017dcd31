"""What a model index names: checked, chosen, found, staged."""

from gremio.components.custom import CustomComponent, custom_components, is_standard
from gremio.components.damage import damage
from gremio.components.index import ComponentEntry, ModelIndex
from gremio.components.moved import moved_class, moved_components, moved_repair
from gremio.components.selection import Selection
from gremio.components.staging import stage

__all__ = [
    "ComponentEntry",
    "CustomComponent",
    "ModelIndex",
    "Selection",
    "custom_components",
    "damage",
    "is_standard",
    "moved_class",
    "moved_components",
    "moved_repair",
    "stage",
]
