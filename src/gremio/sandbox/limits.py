"""How much a sandbox may take, as a person writes it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from gremio.errors import OptionError
from gremio.sandbox.confinement.tiers import Tier


@dataclass(frozen=True)
class Limits:
    """Of each worker: megabytes of memory and scratch folder, seconds of one call, threads of torch; and the tier.

    Of all together: how many ``workers`` there are at most, how many calls may be ``waiting`` for one, and how many
    seconds of ``patience`` each of these has.
    """

    megabytes: int
    scratch_megabytes: int
    seconds: float | None
    threads: int | None
    device: str = "cpu"
    tier: Tier = "full"
    workers: int = 1
    waiting: int = 100
    patience: float | None = 600.0

    @classmethod
    def take(cls, arguments: dict[str, Any]) -> Limits:
        """Take those arguments of ``from_pretrained`` out that are about the process.

        Raises:
            OptionError: one of them is no amount.
        """
        workers = _count("workers", arguments.pop("workers", 1), 1)
        return cls(
            _megabytes(arguments.pop("memory", None) or f"{80 / workers}%"),
            _megabytes(arguments.pop("scratch", "1GB")),
            arguments.pop("timeout", None),
            arguments.pop("threads", None) or _share_of_cores(workers),
            arguments.pop("device", "cpu"),
            arguments.pop("tier", "full"),
            workers,
            _count("waiting", arguments.pop("waiting", 100), 0),
            arguments.pop("patience", 600.0),
        )


def _count(name: str, value: object, least: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise OptionError(f"{name} is {value!r}", next_step=f"Give a whole number, {least} or more.")
    return value


def _share_of_cores(workers: int) -> int | None:
    """One alone has as many threads as torch takes by itself; several would be in each other's way with that."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, cores // workers) if workers > 1 else None


def _megabytes(value: str | int) -> int:
    """Bytes, ``"8GB"``, ``"500MB"`` or ``"80%"`` of this machine's memory, in megabytes."""
    text = str(value).strip().upper()
    units = {"GB": 1024, "G": 1024, "MB": 1, "M": 1}
    number, unit = text.rstrip("GMB% "), text[len(text.rstrip("GMB% ")) :].strip()
    try:
        amount = float(number)
    except ValueError:
        amount = -1
    if amount <= 0 or unit not in ("", "%", *units):
        raise OptionError(f"{value!r} is no amount of memory", next_step='Write "8GB", "500MB" or bytes.')
    if unit == "%":
        return int(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * amount / 100) >> 20
    return max(1, int(amount * units[unit])) if unit else max(1, int(amount) >> 20)
