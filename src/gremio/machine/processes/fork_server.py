"""A process that has imported the libraries, and forks one that runs a module whenever it is asked.

``python -m gremio.machine.processes.fork_server SOCKET``. Most of the time of a trial or a proof is the import of
torch, diffusers and transformers. What is forked from here is a process of its own all the same, with its own limits;
it shares nothing that it could change, and nothing but those libraries was run before it. What they read of the
environment when they are imported stays as it was here. Linux only: elsewhere what these libraries have started does
not survive a fork.

A client connects, sends a byte with the descriptors for stdin, stdout and stderr, then a line, ``{"module": "…",
"arguments": [...], "limits": [...], "folder": "/tmp/…", "environ": {...}}``, with its own limits as ``resource`` tells
them, and gets the exit code, or the negative number of a signal. When it hangs up, its fork is ended.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import runpy
import selectors
import signal
import socket
import sys
import tempfile
from contextlib import suppress
from typing import NoReturn

from gremio.machine.processes.limited import die_with_parent

_PAUSE = 0.02  # seconds between two looks at what has ended


class ForkServer:
    """Forks for the clients of one socket; ends when ``alive`` does, a pipe that nobody writes to."""

    def __init__(self, path: str, alive: int) -> None:
        self._alive = alive
        self._server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._server.bind(path)
        self._server.listen()
        self._forks: dict[int, socket.socket] = {}

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
                        _end(key.data)
                        selector.unregister(key.fileobj)
                self._reap(selector)

    def _begin(self, selector: selectors.BaseSelector) -> None:
        client, _ = self._server.accept()
        _, descriptors, _, _ = socket.recv_fds(client, 1, 3)
        with client.makefile() as lines:
            request = lines.readline()
        # Without an end the client was ended while it asked.
        child = os.fork() if request.endswith("\n") else None
        if child == 0:
            self._server.close()
            _become(request, descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        if child is None:
            client.close()
            return
        self._forks[child] = client
        selector.register(client, selectors.EVENT_READ, child)

    def _reap(self, selector: selectors.BaseSelector) -> None:
        for child in list(self._forks):
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                client = self._forks.pop(child)
                _end_group(child)  # whatever it has started and left behind
                with suppress(OSError):
                    client.sendall(str(os.waitstatus_to_exitcode(status)).encode())
                with suppress(KeyError):
                    selector.unregister(client)
                client.close()

    def _end_all(self) -> None:
        for child in self._forks:
            _end(child)


def _end(child: int) -> None:
    """It and all that it has started; it has no group of its own yet when it has only just begun."""
    _end_group(child)
    with suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)


def _end_group(child: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child, signal.SIGKILL)


def _become(line: str, descriptors: list[int]) -> NoReturn:
    """In the new process: take what the client has, and run the module as ``python -m`` would."""
    code = 1
    try:
        request = json.loads(line)
        os.setsid()
        die_with_parent()
        for own, given in enumerate(descriptors):
            os.dup2(given, own)
        os.chdir(request["folder"])
        os.environ.clear()
        os.environ.update(request["environ"])
        tempfile.tempdir = None
        for kind, limits in request["limits"]:
            resource.setrlimit(kind, limits)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.argv = [request["module"], *request["arguments"]]
        runpy.run_module(request["module"], run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            with suppress(Exception):
                stream.flush()
        os._exit(code)


def import_libraries() -> int:
    """What nearly every pipeline needs, so that forks have it; how many threads torch would have taken."""
    # Otherwise asking for a GPU opens the driver, which no fork could use after that.
    os.environ["PYTORCH_NVML_BASED_CUDA_CHECK"] = "1"
    import diffusers
    import torch
    import transformers
    from diffusers.pipelines.pipeline_loading_utils import LOADABLE_CLASSES

    threads = torch.get_num_threads()
    # A pool of threads does not survive a fork, and none is made for one.
    torch.set_num_threads(1)
    for name in ("StableDiffusionPipeline", "StableDiffusionXLPipeline", "UNet2DConditionModel", "AutoencoderKL"):
        getattr(diffusers, name)
    # Whatever kind a component is of, every load asks for each of these.
    for name in LOADABLE_CLASSES["diffusers"]:
        getattr(diffusers, name, None)
    for name in ("CLIPTextModel", "CLIPTokenizer", "T5EncoderModel", "T5Tokenizer"):
        getattr(transformers, name)
    # Each of them asks for all others that can take its place.
    diffusers.DDIMScheduler._get_compatibles()
    return threads


def run() -> None:
    """Import, then serve; stdin is the pipe that ends it, and a line on stdout says that it is ready."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What an import makes stays: looking for garbage all the while is a seventh of the time.
    gc.disable()
    import_libraries()
    server = ForkServer(sys.argv[1], 0)
    gc.collect()
    gc.freeze()
    gc.enable()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    server.serve()


if __name__ == "__main__":
    run()
