"""From what a person typed to the keyword arguments of a pipeline's own ``__call__``.

    signature = CallSignature.of(type(pipeline))
    arguments = build(signature, prompt="a guild hall", seed=7, steps=20, settings={"guidance_scale": "4"})
    pipeline(**arguments)

Standard library only; PIL is imported when a picture is read, torch when a seed becomes a generator.
"""

from gremio.calls.build import build
from gremio.calls.signature import CallSignature, Parameter
from gremio.calls.size import Size
from gremio.calls.standard import FLAGS, OptionName, find
from gremio.calls.wanted import Wanted

__all__ = ["FLAGS", "CallSignature", "OptionName", "Parameter", "Size", "Wanted", "build", "find"]
