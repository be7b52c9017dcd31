"""What a limit of the kernel can't hold: a worker's memory in all, its threads, what it has written and holds."""

from __future__ import annotations

import os
import stat
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gremio.sandbox import scratch

_PAUSE = 0.1  # seconds between two looks
_SHARE = 0.1  # of the time, at most, is spent looking
_THOROUGH = 10  # looks, of which one is thorough
_ENDING = 0.5  # seconds in which all threads of a process that ends are gone


@dataclass(frozen=True)
class Allowance:
    """Megabytes in memory, threads, megabytes on disk."""

    megabytes: int
    threads: int
    scratch_megabytes: int


def watch(pid: int, folder: Path, allowed: Allowance, ended: threading.Event, end: Callable[[str], None]) -> None:
    """Look until the worker has ended; call ``end`` with the reason when it takes more than it is allowed."""
    pause, looks = _PAUSE, 0
    while not ended.wait(pause):
        started, looks = time.monotonic(), looks + 1
        reason = excess(pid, folder, allowed, thorough=looks % _THOROUGH == 0)
        if reason and not ended.is_set():
            end(reason)
            return
        pause = max(_PAUSE, (time.monotonic() - started) / _SHARE)


def excess(pid: int, folder: Path, allowed: Allowance, *, thorough: bool) -> str:
    """What the worker has too much of; empty where nothing is. ``thorough`` also reads what it maps, which is long."""
    told = _status(pid)
    # The tables of pages too: looking at memory that was never written takes nothing else.
    memory = sum(_number(told, name) for name in ("VmRSS", "VmSwap", "VmPTE")) - _number(told, "RssFile")
    if memory >> 10 > allowed.megabytes:
        return f"it took more than {allowed.megabytes} MB of memory"
    threads = _number(told, "Threads")
    if threads > allowed.threads:
        return f"it started more than {allowed.threads} threads"
    if _is_headless(told):
        time.sleep(_ENDING)
        if _is_headless(_status(pid)):
            return "it went on without its main thread"
    most = allowed.scratch_megabytes << 20
    try:
        if scratch.size(folder, most) + _deleted(pid) > most:
            return f"it wrote more than {allowed.scratch_megabytes} MB into its scratch folder"
        if thorough and _maps_deleted(pid, folder):
            return "it kept a file that it had deleted"
    except (FileNotFoundError, ProcessLookupError):
        return ""  # it has ended
    except OSError as error:
        return f"what it wrote can't be told: {error.strerror or error}"
    return ""


def _status(pid: int) -> dict[str, str]:
    """``/proc/PID/status``; memory is in kB."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return {}
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def _is_headless(told: dict[str, str]) -> bool:
    """Whether its first thread has ended and others have not; for a moment that is so of all that end."""
    return told.get("State", "").startswith("Z") and _number(told, "Threads") > 1


def _number(told: dict[str, str], name: str) -> int:
    words = told.get(name, "").split()
    return int(words[0]) if words and words[0].isdigit() else 0


def _deleted(pid: int) -> int:
    """Bytes of files that are open there and lie in no folder any more."""
    return sum({(told.st_dev, told.st_ino): told.st_blocks * 512 for told in _opened(pid)}.values())


def _opened(pid: int) -> Iterator[os.stat_result]:
    for opened in Path(f"/proc/{pid}/fd").iterdir():
        try:
            told = opened.stat()
        except FileNotFoundError:
            continue
        if stat.S_ISREG(told.st_mode) and not told.st_nlink:
            yield told


def _maps_deleted(pid: int, folder: Path) -> bool:
    """Whether a file that lies in no folder any more is kept as memory; how large it is can't be seen then."""
    start, end = f"{folder}/".encode(), b" (deleted)"
    lines = Path(f"/proc/{pid}/maps").read_bytes().splitlines()
    return any(line.endswith(end) and start in line for line in lines)
