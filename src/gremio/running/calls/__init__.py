"""From what a person typed to the keyword arguments of a pipeline's own ``__call__``.

    signature = CallSignature.of(type(pipeline))
    arguments = build(signature, prompt="a guild hall", seed=7, steps=20, settings={"guidance_scale": "4"})
    pipeline(**arguments)

Standard library only; PIL is imported when a picture is read, NumPy when an array is, torch when a seed becomes a
generator.
"""

from gremio.running.calls.attachment import read_array
from gremio.running.calls.build import build
from gremio.running.calls.signature import CallSignature, Parameter
from gremio.running.calls.size import Size
from gremio.running.calls.standard import OptionName, find, option_for
from gremio.running.calls.tensors import as_tensors, read_tensor, wants_tensor
from gremio.running.calls.together import takes_lists, together
from gremio.running.calls.value import Given

__all__ = [
    "CallSignature",
    "Given",
    "OptionName",
    "Parameter",
    "Size",
    "as_tensors",
    "build",
    "find",
    "option_for",
    "read_array",
    "read_tensor",
    "takes_lists",
    "together",
    "wants_tensor",
]
