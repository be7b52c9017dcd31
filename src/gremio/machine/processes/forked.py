"""Run by path, not imported: have a fork server make a process, and end as that ended.

``python forked.py SOCKET MODULE ARGUMENTS…``. The fork has this process's streams, limits, folder and environment.
Ending this process ends it.
"""

import json
import os
import resource
import signal
import socket
import sys


def main(socket_path: str, module: str, *arguments: str) -> None:
    """Ask, wait, end alike."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.connect(socket_path)
        limits = [(kind, resource.getrlimit(kind)) for kind in (resource.RLIMIT_CORE, resource.RLIMIT_DATA)]
        folder = os.getcwd()  # noqa: PTH109  this starts sooner without pathlib
        asked = {"module": module, "arguments": arguments}
        own = {"limits": limits, "folder": folder, "environ": dict(os.environ)}
        socket.send_fds(server, [b"3"], [0, 1, 2])
        server.sendall(json.dumps(asked | own).encode() + b"\n")
        answer = server.recv(32)
    code = int(answer or b"1")
    if code < 0:
        signal.signal(-code, signal.SIG_DFL) if -code not in (signal.SIGKILL, signal.SIGSTOP) else None
        os.kill(os.getpid(), -code)
    sys.exit(code)


if __name__ == "__main__":
    main(*sys.argv[1:])
