"""What a worker is to load, found and read in the parent without torch: the model's files, the code as bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gremio.code import CodeTree, Origin
from gremio.code.review import entry_class, has_blocks_alone
from gremio.code.review.classes import ClassReader
from gremio.code.review.signatures import SignatureReader
from gremio.errors import CodeError, NotTrusted, OptionError
from gremio.loading.components import ModelIndex, Selection, custom_components, refuse_unsafe
from gremio.loading.modules.provenance import CodeProvenance, Provenance
from gremio.loading.pipelines.request import CodeChoice, LoadRequest
from gremio.machine.settings import Settings
from gremio.running.calls import CallSignature
from gremio.sandbox.channel import Blob
from gremio.sandbox.values import BadValue, encode
from gremio.sources import Access, fetch
from gremio.sources.model import BLOCKS, INDEX, MODULAR_INDEX, ModelHome, code_of, open_model, read_index


@dataclass(frozen=True)
class Part:
    """A component that the libraries load by themselves: its class, and its safetensors files by path."""

    library: str
    class_name: str
    weights: tuple[str, ...]


@dataclass(frozen=True)
class Order:
    """``body`` and ``blobs`` go to the worker; ``read`` are the files that it may read for it.

    ``made`` says what the pipeline is made of, ``signature`` what it takes, as far as reading its class tells;
    ``parts`` are the model's standard components by name.
    """

    body: Mapping[str, Any]
    blobs: tuple[Blob, ...]
    read: tuple[Path, ...]
    made: Provenance
    signature: CallSignature | None
    parts: Mapping[str, Part] = field(default_factory=dict)


def order(request: LoadRequest, home: ModelHome | None = None) -> Order:
    """From a call of ``from_pretrained``; ``home`` is the model where it was opened before, as a lock has it.

    Raises:
        GremioError: something can't be found, reaches out of the model, or no code may run at all here.
        OptionError: an argument can't go into a sandbox.
    """
    _require_leave(request.settings)
    given = _encoded(_plain(request), str(request.model))
    home = home or open_model(
        request.model, revision=request.revision, access=request.access, settings=request.settings
    )
    tree = _named(request.code, request.access, request.settings)
    _refuse_modular(home, tree)
    index = ModelIndex.parse(read_index(home), ref=home.name)
    wanted = [name for name, entry in index.components.items() if not entry.is_null]
    own = _own_code(index, home, wanted)
    paths = request.selection.files(home.paths(), wanted, ref=home.name)
    # Before the worker is let read what they lead to.
    refuse_unsafe(home, paths, wanted)
    folder = home.fetch(paths)
    places = _places(home, folder, own)
    code = tree or (own if index.module else None)
    name = entry_class(code, "pipeline", request.code.class_name) if code else index.class_name
    body = {
        "model": {
            "name": home.name,
            "origin": vars(home.origin),
            "files": {path: str(place) for path, place in places.items()},
            "code": list(own.files) if own else [],
        },
        "arguments": given,
        **code_body(request.code, tree, own),
    }
    blobs = tuple(data for each in (tree, own) if each for data in each.files.values())
    ref = request.code.ref.text if request.code.ref else home.name
    made = Provenance(home.name, home.origin.commit, _provenance(code, name, ref) if code else None)
    parts = _parts(index, home, wanted, [path for path in paths if path in places])
    return Order(body, blobs, tuple(places.values()), made, _signature(code, name), parts)


def share_order(arguments: dict[str, Any]) -> Order:
    """From the arguments of ``from_pipe``."""
    settings = Settings.from_environment()
    _require_leave(settings)
    access = Access.take(arguments, settings)
    choice = CodeChoice.take(arguments)
    if choice.ref is None:
        raise OptionError("from_pipe was not told which class to make", next_step="Pass custom_pipeline=.")
    tree = _named(choice, access, settings)
    body = {"arguments": _encoded(arguments, choice.ref.text), **code_body(choice, tree, None)}
    assert tree is not None
    name = entry_class(tree, "pipeline", choice.class_name)
    made = Provenance("", "", _provenance(tree, name, choice.ref.text))
    return Order(body, tuple(tree.files.values()), (), made, _signature(tree, name))


def code_body(choice: CodeChoice, tree: CodeTree | None, own: CodeTree | None) -> dict[str, Any]:
    """How the code is told: what it is and where it came from; its bytes are blobs, in the order of ``paths``."""
    told = None
    if tree is not None:
        told = {"paths": list(tree.files), "entry": tree.entry, "meant": tree.meant, "origin": dict(vars(tree.origin))}
    return {
        "code": told,
        "ref": choice.ref.text if choice.ref else "",
        "class_name": choice.class_name,
        "mend": choice.mend,
        "digests": [str(each.digest) for each in (tree, own) if each is not None],
    }


def _require_leave(settings: Settings) -> None:
    if settings.policy == "never":
        raise NotTrusted("the policy is that no community code runs", next_step="Set GREMIO_POLICY=default.")


def _refuse_modular(home: ModelHome, tree: CodeTree | None) -> None:
    """Before anything is downloaded."""
    is_modular = INDEX not in (files := home.paths()) and bool({MODULAR_INDEX, BLOCKS} & set(files))
    if is_modular or (tree and has_blocks_alone(tree)):
        step = "Run it without the sandbox, in a container or a virtual machine if you don't trust its code."
        raise OptionError("a modular pipeline does not run in a sandbox", ref=home.name, next_step=step)


def _named(choice: CodeChoice, access: Access, settings: Settings) -> CodeTree | None:
    if choice.ref is None or choice.tree is not None:
        return choice.tree
    return fetch(choice.ref, revision=choice.revision, access=access, settings=settings)


def _own_code(index: ModelIndex, home: ModelHome, wanted: list[str]) -> CodeTree | None:
    custom = custom_components(index, home, wanted)
    if index.module is not None:
        return code_of(home, f"{index.module.replace('.', '/')}.py")
    return code_of(home, next(iter(custom.values())).path) if custom else None


def _plain(request: LoadRequest) -> dict[str, Any]:
    selection: Selection = request.selection
    found = {"variant": selection.variant, "use_safetensors": selection.use_safetensors}
    return {**request.rest, **{name: value for name, value in found.items() if value is not None}}


def _encoded(arguments: Mapping[str, Any], ref: str) -> Any:
    try:
        told, blobs = encode(dict(arguments))
    except BadValue as error:
        raise OptionError(
            f"an argument can't go into a sandbox: {error}",
            ref=ref,
            next_step="Components can't be passed; numbers, text and names of dtypes can.",
        ) from error
    if blobs:
        raise OptionError("tensors and pictures are no arguments of loading", ref=ref)
    return told


def _parts(index: ModelIndex, home: ModelHome, wanted: list[str], paths: list[str]) -> dict[str, Part]:
    custom = custom_components(index, home, wanted)
    found = {}
    for name in wanted:
        entry = index.components[name]
        if name not in custom and entry.library in ("diffusers", "transformers") and entry.class_name:
            weights = tuple(path for path in paths if path.startswith(f"{name}/") and path.endswith(".safetensors"))
            found[name] = Part(entry.library, entry.class_name, weights)
    return found


def _places(home: ModelHome, folder: Path, own: CodeTree | None) -> dict[str, Path]:
    """Where the files of a model lie that are here and are its own; its code travels as bytes."""
    paths = [path for path in home.paths() if not own or path not in own.files]
    there = [path for path in paths if (folder / path).is_file()]
    elsewhere = home.links(there)
    return {path: (folder / path).resolve() for path in there if path not in elsewhere}


def _provenance(tree: CodeTree, name: str, ref: str) -> CodeProvenance:
    origin = tree.origin
    return CodeProvenance(
        ref=ref,
        source=origin.source,
        repo=origin.repo,
        commit=origin.commit,
        revision=origin.revision,
        entry=tree.entry,
        class_name=name,
        digest=tree.digest,
        reason="confined in a sandbox",
    )


def _signature(tree: CodeTree | None, name: str) -> CallSignature | None:
    """What a call takes; None where the class can't be read, and only the worker knows."""
    code = tree or CodeTree({"nothing.py": b""}, "nothing.py", Origin("local", ""))
    reader = SignatureReader(ClassReader(code))
    full = name if tree else f"diffusers.{name}"
    try:
        return CallSignature.of_code(reader, full)
    except CodeError:
        return None
