"""``from_pipe``: another class over the same components; nothing copied, nothing of the source changed."""

from __future__ import annotations

import copy
import inspect
import logging
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import torch

from gremio.errors import ComponentMissing, OptionError, SharingError
from gremio.loading.components.constructor import ConstructorParameters
from gremio.loading.components.registered import registered, unchanged_config
from gremio.loading.modules.provenance import CodeProvenance, Provenance, note, of
from gremio.loading.pipelines.classes import named_class
from gremio.loading.pipelines.options import check_device, for_component, take_dtype
from gremio.loading.pipelines.request import CodeChoice
from gremio.loading.pipelines.schedulers import use_own_schedulers
from gremio.loading.pipelines.standard import BASE, is_explicit
from gremio.machine.settings import Settings
from gremio.sources import Access

log = logging.getLogger("gremio")


def share_pipeline(cls: type, source: Any, arguments: dict[str, Any], *, choice: CodeChoice | None = None) -> Any:
    """A pipeline of the class that the call means, or that was chosen before, over the components of ``source``."""
    if not isinstance(source, BASE):
        raise OptionError(f"from_pipe wants a pipeline, not a {type(source).__name__}")
    rest = dict(arguments)
    settings = Settings.from_environment()
    access = Access.take(rest, settings)
    choice = choice or CodeChoice.take(rest)
    dtype, device = take_dtype(rest), check_device(rest.pop("device_map", None))
    new_class, code = cls, None
    if choice.ref is not None:
        loaded = named_class(choice, access=access, settings=settings)
        new_class, code = loaded.cls, CodeProvenance.of(loaded, ref=choice.ref.text, entry=loaded.code.tree.entry)
    elif not is_explicit(cls):
        raise OptionError(
            "from_pipe was not told which class to make",
            next_step="Pass custom_pipeline=, or call from_pipe on the class: SomePipeline.from_pipe(pipe).",
        )
    built = _Sharing(new_class, source, rest)
    built.check(dtype, device)
    pipeline = built.pipeline()
    mends = use_own_schedulers(pipeline) if choice.mend else ()
    note(pipeline, replace(_provenance(source, code, built.shared), mends=mends))
    return pipeline


class _Sharing:
    """What goes into the new pipeline: shared components, the caller's own, copied schedulers, settings."""

    def __init__(self, cls: type, source: Any, rest: dict[str, Any]) -> None:
        self._cls = cls
        self._source = source
        self._parameters = ConstructorParameters.of(cls)
        had = registered(source)
        self._own = {name: rest.pop(name) for name in self._parameters.components if name in rest}
        self.shared = {n: c for n, c in had.items() if n in self._parameters.components and n not in self._own}
        self._settings = self._kept_settings(rest)
        self._check_rest(rest)

    def _kept_settings(self, rest: dict[str, Any]) -> dict[str, Any]:
        config = dict(self._source.config)
        kept = {}
        for name in self._parameters.settings:
            if name in rest:
                kept[name] = rest.pop(name)
            elif name in config or f"_{name}" in config:
                # A setting that an earlier class in a chain of from_pipe did not take is kept with an underscore.
                kept[name] = config.get(name, config.get(f"_{name}"))
        return kept

    def _check_rest(self, rest: dict[str, Any]) -> None:
        parameters = inspect.signature(self._cls.__init__).parameters.values()  # type: ignore[misc]
        if any(p.kind is p.VAR_KEYWORD for p in parameters):
            self._settings |= rest
        elif rest:
            takes = sorted(self._parameters.components | self._parameters.settings)
            raise OptionError(
                f"{self._cls.__name__} takes no {', '.join(sorted(rest))}", next_step=f"It takes {', '.join(takes)}."
            )

    def check(self, dtype: object, device: str | None) -> None:
        """Refuse what could only be done by changing what is shared.

        Raises:
            SharingError: a shared component has another dtype, or lies on another device.
            ComponentMissing: the class demands what neither the source nor the caller has.
        """
        lacking = self._parameters.required - self.shared.keys() - self._own.keys() - self._parameters.nullable
        if lacking:
            names = sorted(lacking)
            raise ComponentMissing(
                f"{self._cls.__name__} needs {', '.join(names)}, which {type(self._source).__name__} does not have",
                names=names,
                next_step=f"Pass {names[0]}=… to from_pipe.",
            )
        for name, module in _modules(self.shared):
            self._check_dtype(name, module, dtype)
            self._check_device(name, module, device)

    def _check_dtype(self, name: str, module: torch.nn.Module, dtype: object) -> None:
        wanted = for_component(dtype, name)
        if wanted is None:
            return
        has = {p.dtype for p in module.parameters() if p.is_floating_point()}
        if has - {wanted}:
            raise SharingError(
                f"{name} is shared and holds {', '.join(sorted(map(str, has)))}; casting it to {wanted} would change"
                " the source pipeline",
                next_step=f"Leave out dtype; or call .to({wanted}) on the source, which casts both; or load a"
                " pipeline of its own with from_pretrained.",
            )

    def _check_device(self, name: str, module: torch.nn.Module, device: str | None) -> None:
        if device is None or device == "balanced" or hasattr(module, "_hf_hook"):
            return
        lies = {p.device.type for p in module.parameters()} - {"meta"}
        if lies - {torch.device(device).type}:
            raise SharingError(
                f"{name} is shared and lies on {', '.join(sorted(lies))}; moving it to {device} would move the source",
                next_step=f'Leave out device_map, or call .to("{device}") on the source first; both then are there.',
            )

    def pipeline(self) -> Any:
        components = {**{n: _shared(c) for n, c in self.shared.items()}, **self._own}
        absent = dict.fromkeys(self._parameters.required - components.keys())
        with unchanged_config(*self.shared.values()):
            pipeline = self._cls(**components, **absent, **self._settings)
        self._carry_over(pipeline)
        return pipeline

    def _carry_over(self, pipeline: Any) -> None:
        config = dict(self._source.config)
        had = registered(self._source)
        left = {n: v for n, v in config.items() if n not in self._settings and n not in had}
        pipeline.register_to_config(**{n if n.startswith("_") else f"_{n}": v for n, v in left.items()})
        if getattr(self._source, "hf_device_map", None) is not None:
            pipeline.hf_device_map = self._source.hf_device_map
        _keep_offload(self._source, pipeline)


def _modules(components: Mapping[str, Any]) -> Iterator[tuple[str, torch.nn.Module]]:
    return ((name, c) for name, c in components.items() if isinstance(c, torch.nn.Module))


def _shared(component: Any) -> Any:
    """The component itself; a scheduler is a copy, since every run changes its state."""
    is_scheduler = hasattr(component, "set_timesteps") and not isinstance(component, torch.nn.Module)
    return copy.deepcopy(component) if is_scheduler else component


def _keep_offload(source: Any, pipeline: Any) -> None:
    """Model offload goes on in the new pipeline; other offloads live on the modules and are shared with them."""
    if not getattr(source, "_all_hooks", None):
        return
    if pipeline.model_cpu_offload_seq is None:
        log.warning(
            "%s has no model_cpu_offload_seq; its shared components stay offloaded as %s left them",
            type(pipeline).__name__,
            type(source).__name__,
        )
        return
    pipeline.enable_model_cpu_offload(device=source._offload_device)


def _provenance(source: Any, code: CodeProvenance | None, shared: Mapping[str, Any]) -> Provenance:
    had = of(source)
    if had is None:
        return Provenance(str(source.config.get("_name_or_path") or ""), "", code)
    components = {name: c for name, c in had.components.items() if name in shared}
    return Provenance(had.model, had.model_commit, code, components)
