"""The smallest configurations with which each class runs. All text is ``WIDTH`` wide unless a kind says otherwise."""

from gremio.checking.tiny.defaults.adapters import ADAPTERS
from gremio.checking.tiny.defaults.autoencoders import AUTOENCODERS
from gremio.checking.tiny.defaults.encoders import ENCODERS
from gremio.checking.tiny.defaults.sizes import WIDTH
from gremio.checking.tiny.defaults.transformers import TRANSFORMERS
from gremio.checking.tiny.defaults.unets import UNETS

# The models of Diffusers by the name of their class.
DIFFUSERS = {**UNETS, **TRANSFORMERS, **AUTOENCODERS, **ADAPTERS}

__all__ = ["DIFFUSERS", "ENCODERS", "WIDTH"]
