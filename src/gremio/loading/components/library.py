"""Custom classes as a library that diffusers can load components from.

``diffusers.DiffusionPipeline.from_pretrained`` takes a component's class from the library that the index names, where
that is a module which this process has imported. So each custom class gets a module of its own that holds the class
and, under the names that diffusers compares with, the base classes. Loading then goes the way it goes for every
component: device maps, dtype, variants, quantisation.
"""

from __future__ import annotations

import sys
from types import ModuleType

from gremio.errors import BadModelIndex


class _Library(ModuleType):
    """Has one class of its own, and the public names of diffusers and transformers."""

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        import diffusers
        import transformers

        for library in (diffusers, transformers):
            found = getattr(library, name, None)
            if found is not None:
                return found
        raise AttributeError(name)


def as_library(cls: type, *, digits: str, path: str, ref: str) -> str:
    """The name of a module in ``sys.modules`` that holds ``cls``; stable for the same code.

    Raises:
        BadModelIndex: the class can't be loaded as a component, or is a whole pipeline.
    """
    from diffusers import DiffusionPipeline

    if issubclass(cls, DiffusionPipeline):
        raise BadModelIndex(
            f"{cls.__name__} in {path} is a whole pipeline where a component is meant",
            ref=ref,
            next_step="Load that pipeline by itself and pass what is needed of it.",
        )
    if not callable(getattr(cls, "from_pretrained", None)):
        raise BadModelIndex(
            f"{cls.__name__} in {path} has no from_pretrained, so it is not a component",
            ref=ref,
            next_step="A component derives from ModelMixin, SchedulerMixin or a class of transformers.",
        )
    stem = path.removesuffix(".py").replace("/", "_").replace(".", "_")
    name = f"gremio_component_{digits[:16]}_{stem}_{cls.__name__}"
    if name not in sys.modules:
        module = _Library(name, f"{cls.__name__} of {path}")
        setattr(module, cls.__name__, cls)
        sys.modules[name] = module
    return name


def library_name(cls: type) -> str:
    """What an index has to name for a class of diffusers: the package where that of a pipeline alone exports it.

    For a package that diffusers has moved since, that is the name which it had.
    """
    import diffusers

    if hasattr(diffusers, cls.__name__) or not cls.__module__.startswith("diffusers.pipelines."):
        return "diffusers"
    return cls.__module__.split(".")[-2]


def has_known_base(cls: type) -> bool:
    """Whether diffusers can load the class itself, by one of the bases it knows."""
    import diffusers
    import transformers

    known = (
        (diffusers, ("ModelMixin", "SchedulerMixin", "OnnxRuntimeModel")),
        (transformers, ("PreTrainedTokenizer", "PreTrainedTokenizerFast", "PreTrainedModel")),
        (transformers, ("FeatureExtractionMixin", "ProcessorMixin", "ImageProcessingMixin")),
    )
    bases = tuple(b for library, names in known for n in names if isinstance(b := getattr(library, n, None), type))
    return issubclass(cls, bases)
