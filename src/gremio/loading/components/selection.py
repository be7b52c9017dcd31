"""Which files of a model's repository a load needs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from gremio.errors import OptionError
from gremio.sources.model import INDEX, MODULAR_INDEX
from gremio.sources.weights import ONNX, PICKLED, SAFE, Weights, variant_of
from gremio.trust.model_files.kinds import COMPILED


@dataclass(frozen=True)
class Selection:
    """How weights are chosen: the format, the variant, ONNX or not.

    ``use_safetensors`` None prefers safetensors and takes pickles where there is nothing else, True takes nothing
    else, False takes pickles. A component that lacks ``variant`` is taken without it, as long as one has it.
    """

    variant: str | None = None
    use_safetensors: bool | None = None
    use_onnx: bool = False

    def files(
        self, paths: Iterable[str], folders: Collection[str], *, ref: str, passed: Collection[str] = ()
    ) -> list[str]:
        """The paths to have on disk for these component folders.

        Files at the root come along where they are JSON or text (the index, and configs of flat repositories); weights
        at the root only when some component has no folder. Code never does, compiled or not, nor hidden files, nor what
        leads to another model: the card, which may name a prior, and indexes of pipelines within a component. With a
        variant, nothing without an extension comes along from a component's folder.

        Raises:
            OptionError: no component has the variant, or none has the format.
        """
        everything = [p for p in paths if _is_loadable(p)]
        chosen = [p for p in everything if "/" not in p and p.endswith((".json", ".txt", ".model"))]
        have = {f for f in folders if f and any(p.startswith(f"{f}/") for p in everything)}
        varied = False
        for folder in [f for f in folders if f in have]:
            inside = [p for p in everything if p.startswith(f"{folder}/") and not self._trips_on(_below(p, folder))]
            self._check_format(folder, inside, ref)
            picked, has_variant = self._in_folder(inside)
            chosen += picked
            varied = varied or has_variant
        if set(folders) - have - set(passed):
            picked, has_variant = self._in_folder([p for p in everything if "/" not in p])
            chosen += picked
            varied = varied or has_variant
        if self.variant and not varied:
            raise self._no_variant(everything, ref)
        return sorted(set(chosen))

    def _trips_on(self, entry: str) -> bool:
        """Whether diffusers fails on a component's folder for having this file or folder in it."""
        return self.variant is not None and "." not in entry

    def _check_format(self, folder: str, inside: Sequence[str], ref: str) -> None:
        if self.use_safetensors is None or self.use_onnx:
            return
        wanted, other = (SAFE, PICKLED) if self.use_safetensors else (PICKLED, SAFE)
        if any(p.endswith(other) for p in inside) and not any(p.endswith(wanted) for p in inside):
            raise OptionError(
                f"{folder} has no {wanted[0]} weights",
                ref=ref,
                next_step=f"It has {other[0]}: pass use_safetensors={not self.use_safetensors}, or leave it out.",
            )

    def _in_folder(self, inside: Sequence[str]) -> tuple[list[str], bool]:
        weights = {path: found for path in inside if (found := Weights.of(path))}
        kinds = self._kinds(list(weights.values()))
        others = [path for path in inside if path not in weights]
        varied = [p for p, w in weights.items() if w.format in kinds and self.variant and w.variant == self.variant]
        plain = [p for p, w in weights.items() if w.format in kinds and not w.variant]
        return [*others, *(varied or plain)], bool(varied)

    def _kinds(self, weights: Sequence[Weights]) -> tuple[str, ...]:
        if self.use_onnx:
            return ONNX
        if self.use_safetensors is not None:
            return SAFE if self.use_safetensors else PICKLED
        ours = [w for w in weights if w.format in (*SAFE, *PICKLED)]
        # A variant that is there as a pickle alone is meant before plain safetensors.
        meant = [w for w in ours if w.variant == (self.variant or "")] or [w for w in ours if not w.variant]
        return SAFE if any(w.format in SAFE for w in meant) else PICKLED

    def _no_variant(self, everything: Sequence[str], ref: str) -> OptionError:
        some = sorted({v for p in everything if (v := variant_of(p))})
        hint = f"It has: {', '.join(some)}." if some else "It has none; leave out variant=."
        return OptionError(f"no component has weights of variant {self.variant!r}", ref=ref, next_step=hint)


def _below(path: str, folder: str) -> str:
    """The file or folder of ``folder`` by which a path goes on."""
    return path.removeprefix(f"{folder}/").partition("/")[0]


def _is_loadable(path: str) -> bool:
    *_, name = parts = path.split("/")
    hidden = any(part.startswith(".") for part in parts)
    return not (hidden or path.endswith((".py", *COMPILED)) or (name in (INDEX, MODULAR_INDEX) and len(parts) > 1))
