"""What a limit of the kernel can't hold: a worker's memory in all, its threads, what lies in its scratch folder."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_PAUSE = 0.1  # seconds between two looks


@dataclass(frozen=True)
class Allowance:
    """Megabytes in memory, threads, megabytes in the scratch folder."""

    megabytes: int
    threads: int
    scratch_megabytes: int


def watch(pid: int, scratch: Path, allowed: Allowance, ended: threading.Event, end: Callable[[str], None]) -> None:
    """Look until the worker has ended; call ``end`` with the reason when it takes more than it is allowed."""
    while not ended.wait(_PAUSE):
        reason = excess(pid, scratch, allowed)
        if reason:
            end(reason)
            return


def excess(pid: int, scratch: Path, allowed: Allowance) -> str:
    """What the worker has too much of; empty where nothing is."""
    told = _status(pid)
    memory = told.get("VmRSS", 0) - told.get("RssFile", 0) + told.get("VmSwap", 0)
    if memory >> 10 > allowed.megabytes:
        return f"it took more than {allowed.megabytes} MB of memory"
    if told.get("Threads", 0) > allowed.threads:
        return f"it started more than {allowed.threads} threads"
    if _size(scratch) >> 20 > allowed.scratch_megabytes:
        return f"it wrote more than {allowed.scratch_megabytes} MB into its scratch folder"
    return ""


def _status(pid: int) -> dict[str, int]:
    """The numbers of ``/proc/PID/status``, memory in kB."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return {}
    pairs = (line.split(":", 1) for line in lines if ":" in line)
    return {name: int(value.split()[0]) for name, value in pairs if value.split() and value.split()[0].isdigit()}


def _size(folder: Path) -> int:
    """Bytes on disk below a folder; links are not followed, and what vanishes meanwhile counts for nothing."""
    total = 0
    waiting = [str(folder)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    told = entry.stat(follow_symlinks=False)
                    total += told.st_blocks * 512
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
        except OSError:
            continue
    return total
