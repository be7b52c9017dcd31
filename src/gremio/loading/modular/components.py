"""Components into a modular pipeline: all found and allowed, then loaded by diffusers from files that are here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import diffusers
import torch

from gremio.errors import GremioError, ModelError, OptionError
from gremio.loading.components import Selection, file_to_blame, refuse_unsafe, stage
from gremio.loading.components.library import has_known_base
from gremio.loading.modular.finding import Finder, Found
from gremio.loading.modular.options import LoadOptions
from gremio.loading.modular.places import Places
from gremio.loading.modules.provenance import CodeProvenance, Provenance, note, of
from gremio.loading.pipelines.guarded import guarded
from gremio.loading.pipelines.options import dtype_argument
from gremio.machine.settings import Settings
from gremio.sources.weights import variant_of


def load_into(
    pipeline: Any, places: Places, *, names: list[str] | str | None, workflow: str | None, arguments: Mapping[str, Any]
) -> None:
    """Load components into a modular pipeline; nothing is loaded before all of them are found and allowed.

    Raises:
        OptionError, ComponentMissing: a name that the blocks don't have, or of which nobody says where it lies.
        NotTrusted: a component needs code that wasn't granted.
        GremioError: one can't be found or loaded.
    """
    options = LoadOptions.parse(arguments, places)
    chosen, asked = _chosen(pipeline, names, workflow)
    finder = Finder(places, options)
    candidates = (finder.find(name, pipeline.get_component_spec(name), asked=asked) for name in chosen)
    found = [each for each in candidates if each is not None]
    _check_variant(found, options)
    files = {each.name: _files(each, options) for each in found}
    made = {each.name: _loaded(each, files[each.name], options, places.settings) for each in found}
    for each in found:
        # As diffusers leaves it: with the place that was meant and, where nobody said a class, the one it turned out.
        known = each.spec.type_hint is not None or each.code is not None
        spec = each.spec if known else replace(each.spec, type_hint=type(made[each.name]))
        pipeline._component_specs[each.name] = spec
        made[each.name]._diffusers_load_id = spec.load_id
    pipeline.register_components(**made)
    _note(pipeline, found, places)


def _chosen(pipeline: Any, names: list[str] | str | None, workflow: str | None) -> tuple[list[str], bool]:
    """The names to load, and whether the caller named each."""
    if names is not None and workflow is not None:
        raise OptionError("names and workflow are both given", next_step="Pass one of them.")
    known = pipeline.pretrained_component_names
    if names is not None:
        wanted = [names] if isinstance(names, str) else list(names)
        for name in wanted:
            _check_name(name, known)
        return wanted, True
    blocks = pipeline.blocks if workflow is None else pipeline.blocks.get_workflow(workflow)
    among = {spec.name for spec in blocks.expected_components}
    waiting = [name for name in known if name in among and getattr(pipeline, name, None) is None]
    return [name for name in waiting if pipeline.get_component_spec(name).pretrained_model_name_or_path], False


def _check_name(name: str, known: Sequence[str]) -> None:
    if name not in known:
        near = get_close_matches(name, known, n=1)
        step = f"{f'Did you mean {near[0]}? ' if near else ''}They have: {', '.join(known) or 'none'}."
        raise OptionError(f"the blocks have no component {name!r} to load", next_step=step)


def _check_variant(found: Sequence[Found], options: LoadOptions) -> None:
    """A component that lacks the variant is taken without it, as long as one has it."""
    wanted = options.place.get("variant")
    if isinstance(wanted, str) and found and not any(_variant(each) == wanted for each in found):
        some = sorted({variant for each in found for path in each.paths() if (variant := variant_of(path))})
        hint = f"They have: {', '.join(some)}." if some else "They have none; leave out variant=."
        raise OptionError(f"no component has weights of variant {wanted!r}", next_step=hint)


def _variant(found: Found) -> str | None:
    wanted: str | None = found.spec.variant
    return wanted if any(variant_of(path) == wanted for path in found.paths()) else None


def _files(found: Found, options: LoadOptions) -> list[str]:
    """The files that are needed, none of which is what it must not be."""
    if found.home is None:
        return []
    selection = Selection(_variant(found), options.of(found.name, options.use_safetensors))
    paths = selection.files(found.paths(), [found.folder], ref=found.home.name)
    refuse_unsafe(found.home, paths, [found.folder])
    return paths


def _loaded(found: Found, paths: Sequence[str], options: LoadOptions, settings: Settings) -> Any:
    if found.home is None:
        with _explained(found):
            return found.spec.load(**_of_hub(options), **_arguments(found, options, told=True))
    folder = found.home.fetch(paths)
    # No Python file goes there, so that nothing but what the gate let through can be executed.
    place = stage(settings.home, folder, {}, paths)
    where = {
        "pretrained_model_name_or_path": str(place),
        "subfolder": found.folder,
        "variant": _variant(found),
        "revision": None,
    }
    told = found.cls is None or issubclass(found.cls, torch.nn.Module | diffusers.AutoModel)
    with _explained(found, folder, paths):
        if found.code is not None and not has_known_base(found.cls):
            made, told = found.cls.from_pretrained(str(place / found.folder)), False
        else:
            spec = replace(found.spec, type_hint=found.cls)
            made = spec.load(**where, **_arguments(found, options, told=told))
    dtype = options.dtype_of(found.name)
    return made.to(dtype=dtype) if isinstance(made, torch.nn.Module) and dtype is not None and not told else made


def _of_hub(options: LoadOptions) -> dict[str, Any]:
    access = options.access
    return {"token": access.token, "cache_dir": access.cache_dir, "local_files_only": access.local_files_only}


def _arguments(found: Found, options: LoadOptions, *, told: bool) -> dict[str, Any]:
    """What its own ``from_pretrained`` gets; a dtype only if it can be ``told`` one."""
    arguments = options.arguments(found.name) | (dtype_argument(options.dtype_of(found.name)) if told else {})
    if not (told or found.cls.__name__.startswith("AutoModel")):
        # What has no weights would keep it as a setting, and save it.
        arguments.pop("device_map", None)
    if found.cls is not None and any(each.__module__.startswith("transformers.") for each in found.cls.__mro__):
        # Where nothing is said, it asks on the terminal.
        arguments["trust_remote_code"] = False
    return arguments


@contextmanager
def _explained(found: Found, folder: Path | None = None, paths: Sequence[str] = ()) -> Iterator[None]:
    """Say which component failed, and which file if that can be seen."""
    try:
        with guarded():
            yield
    except GremioError:
        raise
    except Exception as error:
        home = found.home
        ref = home.name if home is not None else str(found.spec.pretrained_model_name_or_path)
        blamed = file_to_blame(error, home, folder, paths) if home is not None and folder is not None else None
        if blamed is not None:
            raise blamed from error
        # A spec says that it was unable to, whatever happened.
        cause = error.__context__ or error
        what = found.cls.__name__ if found.cls is not None else "what its config says"
        raise ModelError(
            f"the component {found.name} can't be loaded as {what}: {type(cause).__name__}: {cause}",
            ref=ref,
            next_step=f"Load others alone (load_components([…])), or pass update_components({found.name}=…).",
        ) from error


def _note(pipeline: Any, found: Sequence[Found], places: Places) -> None:
    """Where the code and the files of what was loaded came from, in place of what was known of these components."""
    had = of(pipeline) or Provenance("")
    new = {each.name for each in found}
    codes = {name: code for name, code in had.components.items() if name not in new}
    weights = {name: origin for name, origin in had.weights.items() if name not in new}
    for each in found:
        home = each.home
        if home is not None:
            weights[each.name] = home.origin
        if home is not None and each.code is not None:
            before = places.recorded_before(each.name) if home is places.home else ()
            codes[each.name] = CodeProvenance.of(each.code, ref=home.name, entry=each.entry, before=before)
    note(pipeline, replace(had, components=codes, weights=weights))
