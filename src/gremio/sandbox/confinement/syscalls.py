"""Which system calls a worker may make: all that Python, torch and threads need, and nothing that reaches beyond.

An allow-list: what is not named here is refused, whatever a later kernel brings. Opening, renaming and removing files
is allowed, since Landlock decides which ones.
"""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass, field
from typing import Literal

NUMBERS: dict[str, tuple[int | None, int | None]] = {
    # name: x86_64, aarch64
    "access": (21, None),
    "alarm": (37, None),
    "arch_prctl": (158, None),
    "brk": (12, 214),
    "capget": (125, 90),
    "chdir": (80, 49),
    "clock_getres": (229, 114),
    "clock_gettime": (228, 113),
    "clock_nanosleep": (230, 115),
    "clone": (56, 220),
    "clone3": (435, 435),
    "close": (3, 57),
    "close_range": (436, 436),
    "copy_file_range": (326, 285),
    "dup": (32, 23),
    "dup2": (33, None),
    "dup3": (292, 24),
    "epoll_create": (213, None),
    "epoll_create1": (291, 20),
    "epoll_ctl": (233, 21),
    "epoll_pwait": (281, 22),
    "epoll_pwait2": (441, 441),
    "epoll_wait": (232, None),
    "eventfd": (284, None),
    "eventfd2": (290, 19),
    "exit": (60, 93),
    "exit_group": (231, 94),
    "faccessat": (269, 48),
    "faccessat2": (439, 439),
    "fadvise64": (221, 223),
    "fallocate": (285, 47),
    "fchdir": (81, 50),
    "fcntl": (72, 25),
    "fdatasync": (75, 83),
    "flock": (73, 32),
    "fstat": (5, 80),
    "fstatfs": (138, 44),
    "fsync": (74, 82),
    "ftruncate": (77, 46),
    "futex": (202, 98),
    "get_mempolicy": (239, 236),
    "get_robust_list": (274, 100),
    "getcpu": (309, 168),
    "getcwd": (79, 17),
    "getdents64": (217, 61),
    "getegid": (108, 177),
    "geteuid": (107, 175),
    "getgid": (104, 176),
    "getgroups": (115, 158),
    "getitimer": (36, 102),
    "getpeername": (52, 205),
    "getpgid": (121, 155),
    "getpgrp": (111, None),
    "getpid": (39, 172),
    "getppid": (110, 173),
    "getpriority": (140, 141),
    "getrandom": (318, 278),
    "getresgid": (120, 150),
    "getresuid": (118, 148),
    "getrlimit": (97, 163),
    "getrusage": (98, 165),
    "getsid": (124, 156),
    "getsockname": (51, 204),
    "getsockopt": (55, 209),
    "gettid": (186, 178),
    "gettimeofday": (96, 169),
    "getuid": (102, 174),
    "ioctl": (16, 29),
    "kill": (62, 129),
    "lseek": (8, 62),
    "lstat": (6, None),
    "madvise": (28, 233),
    "membarrier": (324, 283),
    "mincore": (27, 232),
    "mkdir": (83, None),
    "mkdirat": (258, 34),
    "mlock": (149, 228),
    "mmap": (9, 222),
    "mprotect": (10, 226),
    "mremap": (25, 216),
    "msync": (26, 227),
    "munlock": (150, 229),
    "munmap": (11, 215),
    "nanosleep": (35, 101),
    "newfstatat": (262, 79),
    "open": (2, None),
    "openat": (257, 56),
    "pause": (34, None),
    "pipe": (22, None),
    "pipe2": (293, 59),
    "poll": (7, None),
    "ppoll": (271, 73),
    "prctl": (157, 167),
    "pread64": (17, 67),
    "preadv": (295, 69),
    "preadv2": (327, 286),
    "prlimit64": (302, 261),
    "pselect6": (270, 72),
    "pwrite64": (18, 68),
    "pwritev": (296, 70),
    "pwritev2": (328, 287),
    "read": (0, 63),
    "readlink": (89, None),
    "readlinkat": (267, 78),
    "readv": (19, 65),
    "recvfrom": (45, 207),
    "rename": (82, None),
    "renameat": (264, 38),
    "renameat2": (316, 276),
    "restart_syscall": (219, 128),
    "rmdir": (84, None),
    "rseq": (334, 293),
    "rt_sigaction": (13, 134),
    "rt_sigpending": (127, 136),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "rt_sigsuspend": (130, 133),
    "rt_sigtimedwait": (128, 137),
    "sched_get_priority_max": (146, 125),
    "sched_get_priority_min": (147, 126),
    "sched_getaffinity": (204, 123),
    "sched_getparam": (143, 121),
    "sched_getscheduler": (145, 120),
    "sched_setaffinity": (203, 122),
    "sched_yield": (24, 124),
    "select": (23, None),
    "sendfile": (40, 71),
    "sendto": (44, 206),
    "set_robust_list": (273, 99),
    "set_tid_address": (218, 96),
    "setitimer": (38, 103),
    "shutdown": (48, 210),
    "sigaltstack": (131, 132),
    "socketpair": (53, 199),
    "stat": (4, None),
    "statfs": (137, 43),
    "statx": (332, 291),
    "symlink": (88, None),
    "symlinkat": (266, 36),
    "sysinfo": (99, 179),
    "tgkill": (234, 131),
    "time": (201, None),
    "timerfd_create": (283, 85),
    "timerfd_gettime": (287, 87),
    "timerfd_settime": (286, 86),
    "times": (100, 153),
    "umask": (95, 166),
    "uname": (63, 160),
    "unlink": (87, None),
    "unlinkat": (263, 35),
    "wait4": (61, 260),
    "waitid": (247, 95),
    "write": (1, 64),
    "writev": (20, 66),
}

ARCHITECTURES: dict[str, tuple[int, int]] = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
"""What ``uname`` calls them, the number that the kernel has for them, and their column above."""


@dataclass(frozen=True)
class Test:
    """That one argument, masked, has one of these values."""

    argument: int
    values: tuple[int, ...]
    mask: int = 0xFFFFFFFFFFFFFFFF


@dataclass(frozen=True)
class Rule:
    """One system call: allowed where every test holds, else refused with ``error``."""

    name: str
    tests: tuple[Test, ...] = ()
    error: int = errno.EPERM
    never: bool = field(default=False)


_THREAD = 0x10600  # CLONE_THREAD, CLONE_FILES, CLONE_FS: one that shares its descriptors, which are counted
_NEW_NAMESPACES = 0x7E020080  # CLONE_NEW*: mount, cgroup, uts, ipc, user, pid, net, time
_ASKING_IOCTLS = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)  # is it a terminal, how wide, how much, non-blocking
_HARMLESS_FCNTL = (
    0,
    1,
    2,
    3,
    4,
    5,
    36,
    1030,
    1032,
    1033,
    1034,
)  # duplicate, flags, seals; no locks: they are not counted
_OWNER = 0o700  # what its user may do: a folder that the parent can't enter hides what is in it
# MAP_SHARED, MAP_ANONYMOUS: memory that stays where the process has let it go; MAP_GROWSDOWN: that no limit counts
_KINDS_OF_MEMORY = 0x121
_RENAMES = (0, 1, 2)  # not RENAME_WHITEOUT, which makes a device
_HARMLESS_PRCTL = (3, 15, 16, 23, 0x53564D41)  # dumpable?, names of threads, which capabilities, names of memory

Device = Literal["cpu", "cuda"]


def rules(device: Device = "cpu") -> tuple[Rule, ...]:
    """What this process may do; of calls that name a process, to itself alone."""
    me = os.getpid()
    special = {
        # A thread, never a process; glibc falls back to this from clone3, whose flags can't be looked at.
        "clone": Rule("clone", (Test(0, (_THREAD,), _THREAD | _NEW_NAMESPACES),)),
        "clone3": Rule("clone3", error=errno.ENOSYS, never=True),
        "close_range": Rule("close_range", (Test(2, (0, 4), 0xFFFFFFFF),)),
        "fcntl": Rule("fcntl", (Test(1, _HARMLESS_FCNTL, 0xFFFFFFFF),)),
        "ioctl": Rule("ioctl", (Test(1, _ASKING_IOCTLS, 0xFFFFFFFF),), errno.ENOTTY),
        "kill": Rule("kill", (Test(0, (me,), 0xFFFFFFFF),)),
        "mkdir": Rule("mkdir", (Test(1, (_OWNER,), _OWNER),)),
        "mkdirat": Rule("mkdirat", (Test(2, (_OWNER,), _OWNER),)),
        "mmap": Rule("mmap", (Test(3, (0x00, 0x01, 0x20), _KINDS_OF_MEMORY),)),
        "prctl": Rule("prctl", (Test(0, _HARMLESS_PRCTL, 0xFFFFFFFF),)),
        # Asking for one's own limits, not setting any.
        "prlimit64": Rule("prlimit64", (Test(0, (0, me), 0xFFFFFFFF), Test(2, (0,)))),
        "renameat2": Rule("renameat2", (Test(4, _RENAMES, 0xFFFFFFFF),)),
        "sched_setaffinity": Rule("sched_setaffinity", (Test(0, (0, me), 0xFFFFFFFF),)),
        "socketpair": Rule("socketpair", (Test(0, (1,), 0xFFFFFFFF),)),
        "tgkill": Rule("tgkill", (Test(0, (me,), 0xFFFFFFFF),)),
        "umask": Rule("umask", (Test(0, (0,), _OWNER),)),
    }
    if device == "cuda":
        # The driver is spoken to by ioctl; Landlock says on which devices.
        special["ioctl"] = Rule("ioctl")
    return tuple(special.get(name, Rule(name)) for name in NUMBERS)
