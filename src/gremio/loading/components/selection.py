"""Which files of a model's repository a load needs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from gremio.errors import OptionError
from gremio.sources.weights import ONNX, PICKLED, SAFE, WEIGHTS, variant_of


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
        at the root only when some component has no folder. Python files never do: they are code, and travel as such.
        With a variant, nothing without an extension comes along from a component's folder.

        Raises:
            OptionError: no component has the variant, or none has the format.
        """
        everything = [p for p in paths if not p.endswith(".py")]
        chosen = [
            p for p in everything if ("/" not in p and p.endswith((".json", ".txt", ".model"))) or p == "README.md"
        ]
        have = {f for f in folders if f and any(p.startswith(f"{f}/") for p in everything)}
        varied = False
        for folder in [f for f in folders if f in have]:
            inside = [p for p in everything if p.startswith(f"{folder}/") and not self.trips_on(_below(p, folder))]
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

    def trips_on(self, entry: str) -> bool:
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
        weights = [p for p in inside if p.endswith(WEIGHTS)]
        indexes = [p for p in inside if ".index." in PurePosixPath(p).name and p.endswith(".json")]
        others = [p for p in inside if p not in weights and p not in indexes]
        kinds = self._kinds(weights)
        weights = [p for p in weights if p.endswith(kinds)]
        indexes = [p for p in indexes if any(f"{kind}.index." in p for kind in kinds)]
        if not self.variant:
            return [*others, *(p for p in (*weights, *indexes) if variant_of(p) is None)], False
        varied = [p for p in (*weights, *indexes) if variant_of(p) == self.variant]
        plain = [p for p in (*weights, *indexes) if variant_of(p) is None]
        return [*others, *(varied or plain)], bool(varied)

    def _kinds(self, weights: Sequence[str]) -> tuple[str, ...]:
        if self.use_onnx:
            return ONNX
        if self.use_safetensors is not None:
            return SAFE if self.use_safetensors else PICKLED
        ours = [p for p in weights if p.endswith((*SAFE, *PICKLED))]
        # A variant that is there as a pickle alone is meant before plain safetensors.
        meant = [p for p in ours if variant_of(p) == self.variant] or [p for p in ours if variant_of(p) is None]
        return SAFE if any(p.endswith(SAFE) for p in meant) else PICKLED

    def _no_variant(self, everything: Sequence[str], ref: str) -> OptionError:
        some = sorted({v for p in everything if p.endswith(WEIGHTS) and (v := variant_of(p))})
        hint = f"It has: {', '.join(some)}." if some else "It has none; leave out variant=."
        return OptionError(f"no component has weights of variant {self.variant!r}", ref=ref, next_step=hint)


def _below(path: str, folder: str) -> str:
    """The file or folder of ``folder`` by which a path goes on."""
    return path.removeprefix(f"{folder}/").partition("/")[0]
