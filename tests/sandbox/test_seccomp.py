"""The filter of system calls, run here as the kernel runs it."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gremio.sandbox.confinement.seccomp import program
from gremio.sandbox.confinement.syscalls import ARCHITECTURES, NUMBERS, rules

ALLOW, KILL = 0x7FFF0000, 0x80000000


def decide(filters, machine, number, arguments=()):
    """What the filter answers to a call."""
    words = {0: number, 4: ARCHITECTURES[machine][0]}
    for n, argument in enumerate([*arguments, *[0] * (6 - len(arguments))]):
        words |= {16 + 8 * n: argument & 0xFFFFFFFF, 20 + 8 * n: argument >> 32 & 0xFFFFFFFF}
    at, register = 0, 0
    while True:
        code, yes, no, operand = filters[at]
        at += 1
        if code == 0x20:
            register = words[operand]
        elif code == 0x54:
            register &= operand
        elif code in (0x15, 0x35):
            at += yes if (register == operand if code == 0x15 else register >= operand) else no
        else:
            return operand


@pytest.mark.parametrize("machine", ARCHITECTURES)
def test_what_is_not_named_is_refused(machine):
    """Every number that no name has, and all of another architecture."""
    filters = program(rules(), machine)
    column = ARCHITECTURES[machine][1]
    named = {numbers[column] for numbers in NUMBERS.values()}
    assert len(filters) < 4096
    allowed = {number for number in range(2000) if decide(filters, machine, number) == ALLOW}
    assert allowed <= named
    assert len(allowed) > 100
    if machine == "x86_64":
        assert {decide(filters, machine, 0x40000000 + number) for number in range(600)} == {KILL}


ME = os.getpid()
CASES = [
    ("clone", (0x3D0F00,), True),  # as pthread_create does
    ("clone", (17,), False),
    ("clone", (0x10100,), False),  # a thread with descriptors of its own
    ("clone", (0x3D0F00 | 0x10000000,), False),
    ("mmap", (0, 4096, 3, 0x22), True),
    ("mmap", (0, 4096, 1, 0x01, 5), True),
    ("mmap", (0, 4096, 3, 0x21), False),
    ("kill", (ME, 15), True),
    ("kill", (ME + 1, 15), False),
    ("kill", (2**64 - 1, 15), False),
    ("prlimit64", (0, 7, 0, 1), True),
    ("prlimit64", (0, 7, 1, 0), False),
    ("prlimit64", (0, 7, 1 << 32, 0), False),
    ("prctl", (15,), True),
    ("prctl", (4, 1), False),
    ("socketpair", (1, 1, 0), True),
    ("socketpair", (2, 1, 0), False),
    ("mkdir", (0, 0o777), True),
    ("mkdir", (0, 0o077), False),
    ("umask", (0o077,), True),
    ("umask", (0o777,), False),
    ("close_range", (3, 9, 4), True),
    ("close_range", (3, 9, 2), False),
    ("ioctl", (1, 0x5412), False),
    ("clone3", (0, 88), False),
]


@pytest.mark.parametrize(("name", "arguments", "good"), CASES)
def test_arguments_decide(name, arguments, good):
    """Where a call may be made in one way and not in another."""
    found = decide(program(rules(), "x86_64"), "x86_64", NUMBERS[name][0], arguments)
    assert (found == ALLOW) is good


@given(st.tuples(*[st.integers(0, 2**64 - 1)] * 6))
def test_nothing_reaches_another_process(arguments):
    """Whatever the other arguments are, calls that name a process name this one."""
    filters = program(rules(), "x86_64")
    for name in ("kill", "tgkill", "sched_setaffinity", "prlimit64"):
        found = decide(filters, "x86_64", NUMBERS[name][0], arguments)
        assert found != ALLOW or arguments[0] & 0xFFFFFFFF in (0, ME)
