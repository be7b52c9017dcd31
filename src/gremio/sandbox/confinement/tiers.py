"""Which layers a sandbox promises, and which of them this machine has. What is promised and isn't there is an error."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal, get_args

from gremio.errors import OptionError, SandboxUnavailable
from gremio.sandbox.confinement import landlock, seccomp

_CORE_PATTERN = Path("/proc/sys/kernel/core_pattern")

Tier = Literal["full", "files"]
"""``full``: files, TCP, signals and abstract sockets by Landlock, all other calls by seccomp. ``files``: the same where
the kernel's Landlock is older (from Linux 6.2 on), and seccomp alone stands against TCP and signals."""


def layers() -> dict[str, bool]:
    """The layers, and whether this machine has each."""
    abi = landlock.abi() if sys.platform == "linux" else 0
    return {
        "Linux": sys.platform == "linux",
        "seccomp": sys.platform == "linux" and seccomp.is_available(),
        "crashes kept from sockets (kernel.core_pattern)": sys.platform == "linux" and not _has_core_socket(),
        "Landlock for files": abi >= 1,
        "Landlock against cutting files (Linux 6.2)": abi >= 3,
        "Landlock against TCP (Linux 6.7)": abi >= 4,
        "Landlock against signals and abstract sockets (Linux 6.12)": abi >= 6,
    }


def _has_core_socket() -> bool:
    """Whether the kernel hands each crash to a socket: from Linux 6.16 on it can, and asks no limit of the process."""
    try:
        return _CORE_PATTERN.read_text().startswith("@")
    except OSError:
        return False


LANDLOCK_ABI: dict[Tier, int] = {"full": 1000, "files": 3}
"""The latest version of Landlock that a tier makes use of: what it promises holds on the oldest kernel that has it."""
_NEEDED = {"full": 7, "files": 5}
"""How many of the layers, in their order, each tier consists of."""


def require(tier: str) -> None:
    """Refuse to promise what can't be kept.

    Raises:
        SandboxUnavailable: a layer of the tier is missing; the error names it.
        OptionError: there is no such tier.
    """
    if tier not in get_args(Tier):
        raise OptionError(f"there is no tier {tier!r}", next_step=f"Choose one of {', '.join(get_args(Tier))}.")
    missing = [name for name, there in list(layers().items())[: _NEEDED[tier]] if not there]
    if not missing:
        return
    if sys.platform != "linux":
        step = "Run it in Docker or, on Windows, in WSL2."
    else:
        weaker = [each for each in get_args(Tier) if _NEEDED[each] < _NEEDED[tier] and _has(each)]
        step = f"tier={weaker[0]!r} asks for less." if weaker else "Run it in a container or a virtual machine."
    raise SandboxUnavailable(
        f"this machine has no {', no '.join(missing)}", missing=missing, next_step=f"{step} `gremio doctor` lists all."
    )


def _has(tier: str) -> bool:
    return all(list(layers().values())[: _NEEDED[tier]])
