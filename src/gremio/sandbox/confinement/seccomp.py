"""seccomp: which system calls this process may make, from now on and for good, in all its threads.

The rules become a program of the kernel's small filter machine (classic BPF), a handful of instructions for each call.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Sequence

from gremio.sandbox.confinement.syscalls import ARCHITECTURES, NUMBERS, Rule, Test

_SET_MODE_FILTER, _TSYNC = 1, 1
_SECCOMP = {"x86_64": 317, "aarch64": 277}
_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_LOAD, _JUMP_EQUAL, _JUMP_GREATER_EQUAL, _AND, _RETURN = 0x20, 0x15, 0x35, 0x54, 0x06
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data
_X32 = 0x40000000

Instruction = tuple[int, int, int, int]
"""Code, jump if true, jump if false, operand."""


def is_available() -> bool:
    """Whether this kernel filters, on an architecture whose numbers are known here."""
    if platform.machine() not in ARCHITECTURES:
        return False
    # A null pointer is refused as a bad address only where filters exist.
    libc = ctypes.CDLL(None, use_errno=True)
    failed = libc.syscall(_SECCOMP[platform.machine()], _SET_MODE_FILTER, 0, None)
    return failed < 0 and ctypes.get_errno() == errno.EFAULT


def restrict(rules: Sequence[Rule]) -> None:
    """Leave this process the calls that the rules allow. The caller has set ``no_new_privs``.

    Raises:
        OSError: the kernel refuses.
    """
    code = b"".join(struct.pack("HBBI", *each) for each in program(rules, platform.machine()))
    buffer = ctypes.create_string_buffer(code, len(code))

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))

    told = Program(len(code) // 8, ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(_SECCOMP[platform.machine()], _SET_MODE_FILTER, _TSYNC, ctypes.byref(told)):
        error = ctypes.get_errno()
        raise OSError(error, f"seccomp: {os.strerror(error)}")


def program(rules: Sequence[Rule], machine: str) -> list[Instruction]:
    """The filter for one architecture: another's calls end the process, what no rule names is refused."""
    number, column = ARCHITECTURES[machine]
    found: list[Instruction] = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_JUMP_EQUAL, 1, 0, number),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
        (_JUMP_GREATER_EQUAL, 0, 1, _X32),
        (_RETURN, 0, 0, _KILL),
    ]
    for rule in rules:
        call = NUMBERS[rule.name][column]
        if call is not None:
            block = _block(rule)
            found += [(_JUMP_EQUAL, 0, len(block), call), *block]
    return [*found, (_RETURN, 0, 0, _ERRNO | errno.EPERM)]


def _block(rule: Rule) -> list[Instruction]:
    """From the rule's call being the one that is made to a decision."""
    if rule.never:
        return [(_RETURN, 0, 0, _ERRNO | rule.error)]
    block = [instruction for test in rule.tests for instruction in _test(test, rule.error)]
    return [*block, (_RETURN, 0, 0, _ALLOW)]


def _test(test: Test, error: int) -> list[Instruction]:
    """Go on behind these instructions if the argument has one of the values, else refuse."""
    refuse = (_RETURN, 0, 0, _ERRNO | error)
    low, high = _ARGUMENTS + 8 * test.argument, _ARGUMENTS + 8 * test.argument + 4
    found: list[Instruction] = []
    if test.mask >> 32:
        # All values here are small: the upper half has to be zero.
        found += [(_LOAD, 0, 0, high), (_JUMP_EQUAL, 1, 0, 0), refuse]
    found.append((_LOAD, 0, 0, low))
    if test.mask & 0xFFFFFFFF != 0xFFFFFFFF:
        found.append((_AND, 0, 0, test.mask & 0xFFFFFFFF))
    left = len(test.values)
    for value in test.values:
        # To behind the refusal, which stands after the last comparison.
        found.append((_JUMP_EQUAL, left, 0, value))
        left -= 1
    return [*found, refuse]
