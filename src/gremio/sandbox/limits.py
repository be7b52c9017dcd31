"""How much a worker may take, as a person writes it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from gremio.errors import OptionError
from gremio.sandbox.confinement.tiers import Tier


@dataclass(frozen=True)
class Limits:
    """Of one worker: megabytes of memory and scratch folder, seconds of one call, threads of torch; and the tier."""

    megabytes: int
    scratch_megabytes: int
    seconds: float | None
    threads: int | None
    device: str = "cpu"
    tier: Tier = "full"

    @classmethod
    def take(cls, arguments: dict[str, Any]) -> Limits:
        """Take those arguments of ``from_pretrained`` out that are about the process.

        Raises:
            OptionError: one of them is no amount.
        """
        return cls(
            _megabytes(arguments.pop("memory", None) or "80%"),
            _megabytes(arguments.pop("scratch", "1GB")),
            arguments.pop("timeout", None),
            arguments.pop("threads", None),
            arguments.pop("device", "cpu"),
            arguments.pop("tier", "full"),
        )


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
