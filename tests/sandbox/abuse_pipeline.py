"""A pipeline whose call abuses the channel to the parent: it has the descriptor, since it lives in the same process.

What an abuse returns is answered after it, as an answer to any call: one more that the parent must not believe.
"""

import array
import gc
import json
import math
import os
import signal
import socket
import struct
import time

from diffusers import DiffusionPipeline

KIB = 1024


def worker():
    """What answers for this process, with the request that is being answered."""
    return next(each for each in gc.get_objects() if type(each).__name__ == "Worker")


def end():
    """The raw socket."""
    return socket.socket(fileno=os.dup(worker()._channel.fileno()))


def raw(data):
    one = end()
    one.setblocking(True)
    one.sendall(data)


def frame(header, units=0, payload=b"", length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("!II", len(text) if length is None else length, units) + text + payload


def told(kind="done", number=None, blobs=(), **body):
    return {**body, "kind": kind, "id": worker()._request if number is None else number, "blobs": list(blobs)}


def answer(value, data=b""):
    units = -(-len(data) // KIB)
    raw(frame(told(value=value, blobs=[len(data)] if data else []), units, data.ljust(units * KIB, b"\0")))


def descriptors():
    """Descriptors sent along: the parent must not end up with them."""
    files = [os.open("/dev/null", os.O_RDONLY) for _ in range(50)]
    end().sendmsg([frame(told(value=None))], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", files))])


def twice():
    """An answer too many, which the next call must not take for its own."""
    one = end()
    one.sendall(frame(told(value="first")))
    one.sendall(frame(told(value="second", number=worker()._request + 1)))


def slowly():
    one = end()
    for byte in frame(told(value=None)):
        one.sendall(bytes([byte]))
        time.sleep(0.2)


def half():
    """And nothing more."""
    raw(frame(told(value=None))[:-3])
    time.sleep(60)


def progress(**body):
    raw(frame(told("progress", **body)))


def endless():
    one = end()
    one.setblocking(True)
    data = frame(told("progress", done=1, total=2)) * 100
    while True:
        one.sendall(data)


def steered():
    raise ValueError("\x1b]0;owned\x07\x1b[2J\u202e\udcff" * 5000)


def printed():
    print("\x1b[2J\u202e" * 100_000, flush=True)
    os._exit(1)


ABUSES = {
    "bytes that are nothing": lambda: raw(os.urandom(4096)),
    "a pickle": lambda: raw(frame(b"\x80\x04cos\nsystem\n(S'true'\ntR.")),
    "a header of gigabytes": lambda: raw(frame(b"", length=2**32 - 1)),
    "a payload of gigabytes": lambda: raw(frame(told(blobs=[2**41]), units=2**31)),
    "deep JSON": lambda: raw(frame(b"[" * 1_000_000)),
    "an answer to another request": lambda: raw(frame(told(number=10**9, value=None))),
    "an unknown kind": lambda: raw(frame(told("eval", value="1"))),
    "a failure without words": lambda: raw(frame(told("failed", error=[1], text={"a": 1}, traceback=None))),
    "progress in words": lambda: progress(done="many"),
    "progress that is true": lambda: progress(done=True),
    "progress with blobs": lambda: raw(frame(told("progress", blobs=[1]), 1, bytes(KIB))),
    "progress without end": endless,
    "a value of unknown kind": lambda: answer({"$": "pickle", "blob": 0}, b"x"),
    "an array of objects": lambda: answer({"$": "array", "dtype": "object", "shape": [1], "blob": 0}, bytes(8)),
    "an array larger than its bytes": lambda: answer(
        {"$": "array", "dtype": "int8", "shape": [2**40], "blob": 0}, b"x"
    ),
    "a picture larger than its bytes": lambda: answer(
        {"$": "image", "mode": "RGB", "size": [60_000, 60_000], "blob": 0}, b"x"
    ),
    "a value nested deeply": lambda: raw(
        frame(
            b'{"kind": "done", "id": %d, "blobs": [], "value": %s}'
            % (worker()._request, b'{"$": "list", "items": [' * 500 + b"]}" * 500)
        )
    ),
    "half a message": half,
    "a message in single bytes": slowly,
    "hanging up": lambda: end().shutdown(socket.SHUT_RDWR),
    "an answer, then hanging up": lambda: raw(frame(told(value=None))) or end().shutdown(socket.SHUT_RDWR),
    "stopping itself": lambda: os.kill(os.getpid(), signal.SIGSTOP),
    "a number of many digits": lambda: raw(frame(b'{"kind": "done", "blobs": [], "id": %s}' % (b"9" * 100_000))),
    "two numbers": lambda: raw(frame(b'{"kind": "done", "blobs": [], "id": %d, "id": 1}' % worker()._request)),
    "text that is none": lambda: raw(frame(b'{"kind": "\xff\xfe", "blobs": [], "id": 1}')),
    "a message that is a list": lambda: raw(frame(b"[1, 2]")),
    "a kind that is a number": lambda: raw(frame({**told(value=None), "kind": 7})),
    "blobs of less than nothing": lambda: raw(frame({**told(value=None), "blobs": [-1, 1]})),
    "more blobs than anybody has": lambda: raw(frame({**told(value=None), "blobs": [0] * 200_000})),
    "progress to no end": lambda: progress(done=1, total=1.5),
    "progress of less than nothing": lambda: progress(done=-1, total=2),
    "progress of a large number": lambda: progress(done=2**70, total=2**71),
    "progress to infinity": lambda: raw(frame(json.dumps(told("progress", step=1, timestep=math.inf)).encode())),
    "a value that is a list": lambda: answer([1, 2]),
    "half characters in a name": lambda: answer({"$": "output", "items": [["\udcff", 1]]}),
    "a large number": lambda: answer(2**80),
    "a shape of truth": lambda: answer({"$": "array", "dtype": "int8", "shape": [True], "blob": 0}, b"x"),
    "a shape of nothing": lambda: answer({"$": "tensor", "dtype": "int8", "shape": [math.nan], "blob": 0}, b"x"),
    "a dtype that is a list": lambda: answer({"$": "array", "dtype": ["int8"], "shape": [1], "blob": 0}, b"x"),
    "a blob from the end": lambda: answer({"$": "bytes", "blob": -1}, b"x"),
    "a blob that nothing speaks of": lambda: answer(None, b"x"),
    "a generator without end": lambda: answer({"$": "generator", "seed": 2**64}),
    "a picture of no kind": lambda: answer({"$": "image", "mode": "XYZ", "size": [1, 1], "blob": 0}, b"x"),
    "an answer too many": twice,
    "descriptors": descriptors,
    "an error that steers terminals": steered,
    "words that steer terminals": printed,
}


class Abuse(DiffusionPipeline):
    """Does one of them."""

    def __init__(self, scheduler):
        super().__init__()
        self.register_modules(scheduler=scheduler)

    def __call__(self, abuse=None):
        """The abuse, or a number."""
        if abuse is None:
            return 7
        ABUSES[abuse]()
