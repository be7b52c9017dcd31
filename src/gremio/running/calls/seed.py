"""From a seed to the randomness of one run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gremio.errors import OptionError

if TYPE_CHECKING:
    import torch

_LEAST, _MOST = -(2**63), 2**64 - 1


def generator(seed: int, device: str) -> torch.Generator:
    """A generator at this seed. On ``cpu`` a seed means the same noise on every machine, whatever draws the picture.

    Raises:
        OptionError: torch is missing, knows no such device, or takes no such seed.
    """
    if not _LEAST <= seed <= _MOST:
        raise OptionError(f"--seed {seed} is out of range", next_step="Choose one from 0 to 18446744073709551615.")
    try:
        import torch
    except ImportError as error:
        raise OptionError("--seed needs torch", next_step='pip install "gremio[run]"') from error
    try:
        return torch.Generator(device).manual_seed(seed)
    except (RuntimeError, ValueError) as error:
        raise OptionError(f"no generator can be made on the device {device!r}: {error}") from error
