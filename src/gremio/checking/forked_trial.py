"""Run by path, not imported: have a fork server make a trial, and end as that ended.

``python forked_trial.py SOCKET ARGUMENTS…``. What the trial prints goes where this process's output goes, and its
limits are this process's. Ending this process ends the trial.
"""

import json
import os
import resource
import signal
import socket
import sys


def main(socket_path: str, *arguments: str) -> None:
    """Ask, wait, end alike."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.connect(socket_path)
        limits = [(kind, resource.getrlimit(kind)) for kind in (resource.RLIMIT_CORE, resource.RLIMIT_DATA)]
        request = {"arguments": arguments, "limits": limits, "folder": os.environ["TMPDIR"]}
        socket.send_fds(server, [json.dumps(request).encode()], [1, 2])
        answer = server.recv(32)
    code = int(answer or b"1")
    if code < 0:
        signal.signal(-code, signal.SIG_DFL) if -code not in (signal.SIGKILL, signal.SIGSTOP) else None
        os.kill(os.getpid(), -code)
    sys.exit(code)


if __name__ == "__main__":
    main(*sys.argv[1:])
