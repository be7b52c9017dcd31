"""Landlock: which files this process may touch and that it may not use TCP, from now on and for good.

Linux 5.13 and later, no rights needed. What a kernel's version (its *ABI*) does not know is left out here and is the
matter of seccomp: ``docs.kernel.org/userspace-api/landlock.html`` has the numbers.
"""

from __future__ import annotations

import ctypes
import os
import stat
from collections.abc import Iterable
from pathlib import Path

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on every architecture
_VERSION_FLAG, _PATH_BENEATH = 1, 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_REMOVE_DIR, _REMOVE_FILE = 1 << 4, 1 << 5
_MAKE_DIR, _MAKE_REG = 1 << 7, 1 << 8
_MAKE_FIFO, _MAKE_SYM = 1 << 10, 1 << 12
_REFER, _TRUNCATE = 1 << 13, 1 << 14

_FS_BITS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
"""How many rights on files each ABI knows; later ones know as many as 5."""
_ALL_TCP = 0b11  # bind and connect
_ALL_SCOPES = 0b11  # abstract unix sockets, signals

READ = _READ_FILE | _READ_DIR
WRITE = READ | _WRITE_FILE | _REMOVE_DIR | _REMOVE_FILE | _MAKE_DIR | _MAKE_REG | _MAKE_FIFO | _MAKE_SYM | _TRUNCATE
"""In its own folder: everything but devices, sockets, hard links from elsewhere, and programs to execute."""
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE


class _Ruleset(ctypes.Structure):
    _fields_ = (
        ("handled_access_fs", ctypes.c_uint64),
        ("handled_access_net", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


def abi() -> int:
    """The kernel's version of Landlock; 0 where it has none or it is switched off."""
    found = int(_libc().syscall(_CREATE_RULESET, None, 0, _VERSION_FLAG))
    return max(found, 0)


def restrict(*, read: Iterable[Path], write: Iterable[Path], most: int = 1000) -> None:
    """Leave this process, and what it starts, the files below ``read`` and ``write``, and no TCP. It can't be undone.

    What isn't there is passed over. The caller has set ``no_new_privs``. ``most`` is the latest ABI to make use of.

    Raises:
        OSError: the kernel refuses, or has no Landlock.
    """
    version = min(abi(), most)
    files = (1 << _FS_BITS.get(version, 16)) - 1
    told = _Ruleset(files, _ALL_TCP if version >= 4 else 0, _ALL_SCOPES if version >= 6 else 0)
    # An older kernel takes the shorter structure that it knows.
    size = 8 if version < 4 else 16 if version < 6 else 24
    ruleset = _call(_CREATE_RULESET, ctypes.byref(told), size, 0)
    try:
        for paths, rights in ((read, READ), (write, WRITE)):
            for path in paths:
                _allow(ruleset, path, rights & files)
        _call(_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: Path, rights: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            rights &= _OF_FILES
        rule = _PathBeneath(rights, descriptor)
        _call(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(rule), 0)
    finally:
        os.close(descriptor)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _call(number: int, *arguments: object) -> int:
    found = int(_libc().syscall(ctypes.c_long(number), *arguments))
    if found < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"landlock: {os.strerror(code)}")
    return found
