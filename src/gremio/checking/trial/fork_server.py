"""A process that has imported the libraries, and forks a trial whenever it is asked.

``python -m gremio.checking.trial.fork_server SOCKET``. Most of a trial's time is the import of torch, diffusers and
transformers. A trial that is forked from here is a process of its own all the same, with its own limits, and shares
nothing that it could change. Linux only: elsewhere what these libraries have started does not survive a fork.

A client connects, sends one message, ``{"arguments": [...], "limits": [...], "folder": "/tmp/…"}`` with its own limits,
as ``resource`` tells them, and the descriptors for stdout and stderr, and gets the exit code, or the negative number of
a signal. When it hangs up, its trial is ended.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import selectors
import signal
import socket
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from typing import Any

_LONGEST = 2**20
_PAUSE = 0.02  # seconds between two looks at what has ended


class ForkServer:
    """Forks trials for the clients of one socket; ends when ``alive`` does, a pipe that nobody writes to."""

    def __init__(self, path: str, alive: int, main: Callable[[list[str]], None]) -> None:
        self._main = main
        self._alive = alive
        self._server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._server.bind(path)
        self._server.listen()
        self._trials: dict[int, socket.socket] = {}

    def serve(self) -> None:
        """Until whoever started this is gone."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._server, selectors.EVENT_READ)
            selector.register(self._alive, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select(_PAUSE):
                    if key.fd == self._alive:
                        self._end_all()
                        return
                    if key.fileobj is self._server:
                        self._begin(selector)
                    else:
                        # A client has nothing more to say: it hung up.
                        _kill(key.data)
                        selector.unregister(key.fileobj)
                self._reap(selector)

    def _begin(self, selector: selectors.BaseSelector) -> None:
        client, _ = self._server.accept()
        data, descriptors, _, _ = socket.recv_fds(client, _LONGEST, 2)
        child = os.fork()
        if child == 0:
            self._server.close()
            _become_trial(json.loads(data), descriptors, self._main)
        for descriptor in descriptors:
            os.close(descriptor)
        self._trials[child] = client
        selector.register(client, selectors.EVENT_READ, child)

    def _reap(self, selector: selectors.BaseSelector) -> None:
        for child in list(self._trials):
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                client = self._trials.pop(child)
                _kill(child)  # whatever the trial has started and left behind
                with suppress(OSError):
                    client.sendall(str(os.waitstatus_to_exitcode(status)).encode())
                with suppress(KeyError):
                    selector.unregister(client)
                client.close()

    def _end_all(self) -> None:
        for child in self._trials:
            _kill(child)


def _kill(child: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child, signal.SIGKILL)


def _become_trial(request: dict[str, Any], descriptors: list[int], main: Callable[[list[str]], None]) -> None:
    """In the new process: take the client's output, the limits and the folder, and make the trial."""
    code = 1
    try:
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for own, given in zip((1, 2), descriptors, strict=True):
            os.dup2(given, own)
        os.environ["TMPDIR"] = tempfile.tempdir = request["folder"]
        for kind, limits in request["limits"]:
            resource.setrlimit(kind, limits)
        main(request["arguments"])
        code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            with suppress(Exception):
                stream.flush()
        os._exit(code)


def _import_libraries() -> None:
    """What nearly every trial imports."""
    import diffusers
    import torch
    import transformers

    torch.set_num_threads(1)
    for name in ("StableDiffusionPipeline", "StableDiffusionXLPipeline", "UNet2DConditionModel", "AutoencoderKL"):
        getattr(diffusers, name)
    for name in ("CLIPTextModel", "CLIPTokenizer", "T5EncoderModel", "T5Tokenizer"):
        getattr(transformers, name)


def run() -> None:
    """Import, then serve; stdin is the pipe that ends it, and a line on stdout says that it is ready."""
    from gremio.checking.trial.__main__ import main

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _import_libraries()
    server = ForkServer(sys.argv[1], 0, lambda arguments: main(arguments, standalone_mode=False))
    gc.collect()
    gc.freeze()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    server.serve()


if __name__ == "__main__":
    run()
