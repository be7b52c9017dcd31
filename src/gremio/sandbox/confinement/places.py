"""What every worker may read: Python, the libraries, what tells about the processor; never a home or a project."""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path

_SYSTEM = (
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/usr/share/zoneinfo",
    "/usr/share/fonts",
    "/lib",
    "/lib64",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/dev/null",
    "/dev/zero",
    "/dev/urandom",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/stat",
    "/sys/devices/system/cpu",
    "/sys/devices/system/node",
)
_CUDA = (
    "/dev/nvidiactl",
    "/dev/nvidia-uvm",
    "/dev/nvidia-uvm-tools",
    "/dev/nvidia-modeset",
    "/dev/nvidia-caps",
    "/proc/driver/nvidia",
    "/sys/bus/pci",
    "/sys/devices/pci0000:00",
    "/sys/module/nvidia",
)


def python_places(device: str = "cpu") -> tuple[Path, ...]:
    """Folders and files that Python and the installed packages consist of, and for ``cuda`` what its driver reads."""
    installed = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    prefixes = {sys.prefix, sys.base_prefix} - {"/usr", "/"}
    sites = {entry for entry in sys.path if Path(entry).name in ("site-packages", "dist-packages")}
    ours = Path(__file__).parents[2]
    own = [str(ours), str(ours.with_name("gremio_code"))]
    cuda = [*_CUDA, *map(str, sorted(Path("/dev").glob("nvidia[0-9]*")))] if device.startswith("cuda") else []
    return tuple(map(Path, sorted({*installed, *prefixes, *sites, *own, *_SYSTEM, *cuda})))
