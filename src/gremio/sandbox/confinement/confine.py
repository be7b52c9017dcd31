"""All layers on one process, in the order in which they can be put on; from then on nothing takes them off."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gremio.sandbox.confinement import landlock, seccomp
from gremio.sandbox.confinement.syscalls import Device, rules

_PR_SET_PDEATHSIG, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS, _PR_SET_THP_DISABLE, _PR_CAP_AMBIENT = 1, 24, 38, 41, 47
_LAST_CAPABILITY = 63


@dataclass(frozen=True)
class Bounds:
    """What a worker is left.

    ``read`` and ``write`` are files and folders; ``megabytes`` of private memory; ``file_megabytes`` for one file;
    ``descriptors`` as a number; ``landlock_abi`` the latest version of Landlock that the tier counts on.
    """

    read: tuple[Path, ...]
    write: tuple[Path, ...]
    megabytes: int
    file_megabytes: int = 1024
    descriptors: int = 256
    device: Device = "cpu"
    landlock_abi: int = 1000


def confine(bounds: Bounds, parent: int) -> None:
    """Confine this process, before any foreign code is in it. It has one thread, or its threads are confined too.

    Raises:
        OSError: a layer can't be put on; the caller ends the process.
    """
    _limit(bounds)
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        raise OSError("the parent is gone already")
    _drop_capabilities()
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    # What was forked from has large pages, so that a fork is cheap; in what a worker adds of its own they are waste.
    _prctl(_PR_SET_THP_DISABLE, 1)
    landlock.restrict(read=bounds.read, write=bounds.write, most=bounds.landlock_abi)
    seccomp.restrict(rules(bounds.device))


def _limit(bounds: Bounds) -> None:
    limits: Sequence[tuple[int, int]] = (
        (resource.RLIMIT_DATA, bounds.megabytes << 20),
        (resource.RLIMIT_FSIZE, bounds.file_megabytes << 20),
        (resource.RLIMIT_NOFILE, bounds.descriptors),
        # With 0 a program that the system may have for cores would still be started, outside of all this; 1 is the one
        # value that keeps the kernel from that, and no file is so small. Sockets for cores are the matter of the tier.
        (resource.RLIMIT_CORE, 1),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
    )
    for kind, most in limits:
        _, hard = resource.getrlimit(kind)
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (least, least))


def _drop_capabilities() -> None:
    """Of root: everything that root may do beyond others, for good. Others have nothing to drop."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_CAP_AMBIENT, 4, 0, 0, 0)  # clear all; kernels before 4.3 have none
    for capability in range(_LAST_CAPABILITY + 1):
        # Not there, or not ours to drop: then it is not in the sets below either.
        libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    empty = (ctypes.c_uint32 * 6)()
    number = 126 if os.uname().machine == "x86_64" else 91
    if libc.syscall(number, ctypes.byref(header), ctypes.byref(empty)):
        error = ctypes.get_errno()
        raise OSError(error, f"capset: {os.strerror(error)}")


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, value, 0, 0, 0):
        error = ctypes.get_errno()
        raise OSError(error, f"prctl {option}: {os.strerror(error)}")
