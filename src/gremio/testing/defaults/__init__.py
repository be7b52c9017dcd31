"""The smallest configurations with which each class runs. All text is ``WIDTH`` wide unless a kind says otherwise."""

from gremio.testing.defaults.adapters import ADAPTERS
from gremio.testing.defaults.autoencoders import AUTOENCODERS
from gremio.testing.defaults.encoders import ENCODERS
from gremio.testing.defaults.sizes import WIDTH
from gremio.testing.defaults.transformers import TRANSFORMERS
from gremio.testing.defaults.unets import UNETS

# The models of Diffusers by the name of their class.
DIFFUSERS = {**UNETS, **TRANSFORMERS, **AUTOENCODERS, **ADAPTERS}

__all__ = ["DIFFUSERS", "ENCODERS", "WIDTH"]
