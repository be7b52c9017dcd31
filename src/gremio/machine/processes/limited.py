"""Run by path: put limits on this process, then become the command.

``python limited.py MEGABYTES COMMAND…``; 0 megabytes is no limit. Limits belong to a process, and a process that has
threads can't safely set them between fork and exec, so this little one does.
"""

import os
import resource
import signal
import sys


def _lower(kind: int, limit: int) -> None:
    hard = resource.getrlimit(kind)[1]
    allowed = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    resource.setrlimit(kind, (allowed, allowed))


def die_with_parent() -> None:
    """Whoever started this may be killed without a chance to kill it."""
    if sys.platform == "linux":
        import ctypes

        set_parent_death_signal = 1
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)


def main(arguments: list[str]) -> None:
    """Set the limits and become the command."""
    megabytes, *command = arguments
    _lower(resource.RLIMIT_CORE, 0)
    if int(megabytes):
        # What is written to, not what is reserved: the address space of CUDA is many times its memory.
        _lower(resource.RLIMIT_DATA, int(megabytes) * 1024 * 1024)
    die_with_parent()
    os.execvp(command[0], command)  # noqa: S606


if __name__ == "__main__":
    main(sys.argv[1:])
