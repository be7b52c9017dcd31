"""A pipeline whose call abuses the channel to the parent: it has the descriptor, since it lives in the same process."""

import array
import gc
import json
import os
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
    time.sleep(4)


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
    time.sleep(4)


def slowly():
    one = end()
    for byte in frame(told(value=None)):
        one.sendall(bytes([byte]))
        time.sleep(1)


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
    "half a message": lambda: raw(frame(told(value=None))[:-3]),
    "a message in single bytes": slowly,
    "hanging up": lambda: end().shutdown(socket.SHUT_RDWR) or time.sleep(4),
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
        time.sleep(4)
