"""The class that a trial is about: read, then loaded by Gremio or as plain diffusers loads it."""

from __future__ import annotations

import sys
import types
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gremio.checking.trial.options import Options
from gremio.checking.trial.report import Kind
from gremio.checking.trial.target import Read
from gremio.code.review import ComponentSlot
from gremio.code.review import read as review_of
from gremio.code.review.component_classes import ComponentClass
from gremio.errors import GremioError, OptionError

_ROOTS = ("gremio_code.", "diffusers_modules.")


@dataclass(frozen=True)
class Subject:
    """A loaded class, with what reading its code told."""

    cls: type
    read: Read
    digest: str = ""
    relocations: tuple[str, ...] = ()
    mends: tuple[str, ...] = ()

    @property
    def slots(self) -> tuple[ComponentSlot, ...]:
        """The components that it takes."""
        return self.read.review.components

    @property
    def kind(self) -> Kind:
        """What it is."""
        return self.read.kind

    @property
    def package(self) -> str:
        """The package in which the code's modules lie."""
        return ".".join(self.cls.__module__.split(".")[:2])

    @property
    def file(self) -> str:
        """The name of the module that defines the class."""
        return self.cls.__module__.rpartition(".")[2]

    @property
    def family(self) -> str:
        """What tells the kind of model beside the slots: names of the class, its bases and its file, its docstring.

        The docstring of the call is left out: it speaks of many things, such as what is repainted.
        """
        names = [each.__name__ for each in self.cls.__mro__ if each is not object]
        return "\n".join([*names, self.file, self.cls.__doc__ or ""])

    def is_own(self, thing: object) -> bool:
        """Whether a class or function is the community code's."""
        module = getattr(thing, "__module__", None) or ""
        return module.startswith(_ROOTS) and (module == self.package or module.startswith(f"{self.package}."))

    def own_methods(self) -> tuple[str, ...]:
        """The methods that the code itself defines, of the class and of those it inherits from."""
        found: dict[str, None] = {}
        for each in filter(self.is_own, self.cls.__mro__):
            found |= dict.fromkeys(name for name, value in vars(each).items() if _is_code(value))
        return tuple(found)

    def own_classes(self) -> Mapping[str, type]:
        """Every class that the code's modules define, by name and by module and name: a component may be of one."""
        found: dict[str, type] = {}
        package, inside_it = self.package, f"{self.package}."
        for name, module in list(sys.modules.items()):
            if name == package or name.startswith(inside_it):
                inside = name.removeprefix(package).strip(".")
                own = {key: each for key, each in vars(module).items() if isinstance(each, type) and self.is_own(each)}
                found |= own | {f"{inside}.{key}": each for key, each in own.items()}
        return found


def load_subject(options: Options, read: Read) -> Subject:
    """Load the class.

    Raises:
        GremioError: the code isn't there, may not run, or fails.
        Exception: whatever plain diffusers raises when it is asked to load.
    """
    if options.loader == "diffusers":
        return _plain(options, read)
    for each in read.components.values():
        # First, so that what is mended in them is in the report; why one can't be had is told when it is to be built.
        with suppress(GremioError):
            component_class(options, read, each)
    kind = "pipeline" if read.kind == "pipeline" else "class"
    loaded = _loaded(options, read, read.tree.entry, read.class_name, kind=kind)
    return Subject(
        loaded.cls,
        read,
        str(loaded.code.digest),
        tuple(f"{each.old} → {each.new} ({each.file}:{each.line})" for each in loaded.relocations),
        tuple(map(str, getattr(loaded, "mends", ()))),
    )


def component_class(options: Options, read: Read, found: ComponentClass) -> type | None:
    """The class of a component whose code lies in the tree; None for one of the libraries, or if diffusers loads it.

    Raises:
        GremioError: its code may not run, lacks packages, or fails.
    """
    if not found.path or options.loader == "diffusers":
        return None
    cls: type = _loaded(options, read, found.path, found.name, kind="class").cls
    return cls


def _loaded(options: Options, read: Read, path: str, class_name: str | None, *, kind: Any) -> Any:
    from gremio.loading.pipelines.resolving import approve
    from gremio.machine.settings import Settings
    from gremio.trust import CodeRequest, Grant

    request = CodeRequest(options.ref, read.tree, Grant.parse(options.trust_remote_code))
    settings = Settings.from_environment()
    approved = approve(request, path, class_name, settings=settings, kind=kind, mend=options.mend)
    # Imports torch, which a refusal need not wait for.
    from gremio.loading.pipelines.classes import execute

    return execute(approved)


def _plain(options: Options, read: Read) -> Subject:
    """As ``DiffusionPipeline.from_pretrained(custom_pipeline=path)`` gets its class."""
    from diffusers.utils.dynamic_modules_utils import get_class_from_dynamic_module

    place = local_place(options.ref)
    folder, file = (place.parent, place.name) if place.suffix == ".py" else (place, read.tree.entry)
    # Naming a file of one's own is the permission to run it, as it is for Gremio.
    cls = get_class_from_dynamic_module(
        str(folder), module_file=file, class_name=read.class_name, trust_remote_code=True
    )
    if not isinstance(cls, type):
        raise OptionError("plain diffusers found no pipeline class in it", ref=options.ref)
    if cls.__name__ != read.review.class_name or not read.review.components:
        read = replace(read, review=review_of(read.tree, class_name=cls.__name__))
    return Subject(cls, read)


def local_place(ref: str) -> Path:
    """The path that plain diffusers takes for a local ref.

    Raises:
        OptionError: the ref is not local; plain diffusers would read something else than what was read here.
    """
    from gremio.code import PipelineRef

    parsed = PipelineRef.parse(ref)
    if parsed.source != "local":
        raise OptionError(
            "plain diffusers is tried on local code only",
            ref=ref,
            next_step="Pass a folder or a .py file, or use --loader gremio.",
        )
    return Path(parsed.name).absolute()


def _is_code(value: object) -> bool:
    return isinstance(value, (types.FunctionType, staticmethod, classmethod, property))
