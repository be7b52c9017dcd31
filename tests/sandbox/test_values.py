"""What travels, and what is refused when it claims to be something else."""

import math
import socket
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gremio.sandbox.channel import BadFrame, Channel, ChannelClosed, Message, TimedOut
from gremio.sandbox.values import BadValue, Generator, decode, encode

plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**62), 2**62) | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    max_leaves=20,
)


@given(plain)
def test_plain_values_come_back(value):
    """Equal and of the same kinds, through JSON."""
    import json

    told, blobs = encode(value)
    assert decode(json.loads(json.dumps(told)), blobs) == value


DTYPES = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64"]


@pytest.mark.parametrize("dtype", [*DTYPES, "bfloat16"])
def test_tensors_and_arrays_come_back(dtype):
    """To the last bit, whatever their layout."""
    values = torch.arange(24).reshape(2, 3, 4).to(getattr(torch, dtype)).transpose(0, 2)
    found = decode(*encode(values))
    assert found.dtype == values.dtype
    assert torch.equal(found, values)
    if dtype != "bfloat16":
        array = decode(*encode(values.numpy()))
        assert array.dtype == values.numpy().dtype
        assert np.array_equal(array, values.numpy())


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I", "F", "CMYK"])
def test_pictures_come_back(mode):
    """In their mode, or in RGB where it is one that few have."""
    picture = Image.new(mode, (5, 3), 1)
    found = decode(*encode(picture))
    assert found.size == (5, 3)
    assert found.tobytes() == picture.convert(found.mode).tobytes()


def test_outputs_generators_and_numbers():
    """A pipeline's output by attribute, name and position; a generator by its seed; nan as nan."""
    from diffusers.pipelines.stable_diffusion import StableDiffusionPipelineOutput

    output = StableDiffusionPipelineOutput(images=[1], nsfw_content_detected=None)
    found = decode(*encode(output, outputs=True))
    assert (found.images, found[0], found["images"], found.nsfw_content_detected) == ([1], [1], [1], None)
    with pytest.raises(AttributeError):
        _ = found.nothing
    assert decode(*encode(torch.Generator().manual_seed(7))).initial_seed() == 7
    assert decode(*encode(Generator(7))).initial_seed() == 7
    assert math.isnan(decode(*encode(math.nan)))
    assert decode(*encode(-math.inf)) == -math.inf
    assert decode(*encode(np.float32(2.5))) == 2.5
    assert decode(*encode(torch.float16)) is torch.float16


@pytest.mark.parametrize(
    "value", [object(), {1: 2}, 2**70, lambda: 0, np.array(["a"]), np.array([object()]), {1}, Message("a", 1), "\udcff"]
)
def test_what_does_not_travel_is_refused(value):
    """Nothing is pickled to make it travel, and nothing becomes something else on the way."""
    with pytest.raises(BadValue):
        encode(value)


def nested(depth):
    """A list in a list in a list …"""
    told = None
    for _ in range(depth):
        told = {"$": "list", "items": [told]}
    return told


LIES = {
    "an unknown kind": ({"$": "pickle", "blob": 0}, [b"x"]),
    "no kind": ({}, []),
    "a bare list": ([1], []),
    "a method for a kind": ({"$": "value"}, []),
    "a shape that is too large": ({"$": "array", "dtype": "uint8", "shape": [2**39], "blob": 0}, [b"x"]),
    "a shape that overflows": ({"$": "array", "dtype": "uint8", "shape": [2**39] * 9, "blob": 0}, [b""]),
    "a negative shape": ({"$": "array", "dtype": "uint8", "shape": [-1], "blob": 0}, [b"x"]),
    "a shape of booleans": ({"$": "array", "dtype": "uint8", "shape": [True], "blob": 0}, [b"x"]),
    "many dimensions": ({"$": "array", "dtype": "uint8", "shape": [1] * 40, "blob": 0}, [b"x"]),
    "an object array": ({"$": "array", "dtype": "object", "shape": [1], "blob": 0}, [b"x" * 8]),
    "a structured array": ({"$": "array", "dtype": "u1,O", "shape": [1], "blob": 0}, [b"x" * 9]),
    "a dtype that is no text": ({"$": "tensor", "dtype": ["uint8"], "shape": [1], "blob": 0}, [b"x"]),
    "a picture larger than its bytes": ({"$": "image", "mode": "RGB", "size": [9, 9], "blob": 0}, [b"x"]),
    "a picture of many pixels": ({"$": "image", "mode": "L", "size": [2**30, 2**30], "blob": 0}, [b"x"]),
    "a picture without pixels": ({"$": "image", "mode": "L", "size": [0, 0], "blob": 0}, [b""]),
    "a picture in a file format": ({"$": "image", "mode": "PNG", "size": [1, 1], "blob": 0}, [b"x"]),
    "a blob twice": ({"$": "list", "items": [{"$": "bytes", "blob": 0}] * 2}, [b"x"]),
    "a blob that there isn't": ({"$": "bytes", "blob": 1}, [b"x"]),
    "a blob before the first": ({"$": "bytes", "blob": -1}, [b"x"]),
    "a blob that nothing speaks of": (None, [b"x"]),
    "deep lists": (nested(100), []),
    "many values": ({"$": "list", "items": [None] * 300_000}, []),
    "a dict that is none": ({"$": "dict", "items": [["a"]]}, []),
    "a key that is no text": ({"$": "dict", "items": [[1, 2]]}, []),
    "a float that is code": ({"$": "float", "value": "1 or x"}, []),
    "a seed that is none": ({"$": "generator", "seed": "1"}, []),
    "a dtype of another kind": ({"$": "dtype", "value": "__class__"}, []),
    "a device that is none": ({"$": "device", "value": "x:y"}, []),
    "a large number": (10**30, []),
    "text of half characters": ("\udcff", []),
    "a shape beyond all numbers": ({"$": "array", "dtype": "uint8", "shape": [0, 2**39, 2**39], "blob": 0}, [b""]),
}


@pytest.mark.parametrize("told", LIES.values(), ids=LIES)
def test_lies_are_refused(told):
    """Before anything is made of them."""
    with pytest.raises(BadValue):
        decode(*told)


def test_the_parent_needs_no_torch():
    """Arrays in place of tensors, a bfloat16 as the float32 it stands for; nothing heavy is imported."""
    code = (
        "import sys\n"
        "from gremio.sandbox.values import decode\n"
        "t = {'$': 'tensor', 'dtype': 'bfloat16', 'shape': [2], 'blob': 0}\n"
        "print(decode(t, [b'\\x80\\x3f\\x00\\xc0']).tolist(), 'torch' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[1.0, -2.0] False"


@pytest.fixture
def ends():
    """Two ends; the second receives little."""
    one, two = socket.socketpair()
    channels = Channel(one), Channel(two, most_header=1000, most_payload=10_000)
    yield (*channels, one)
    for channel in channels:
        channel.close()


def soon():
    """A moment from now."""
    return time.monotonic() + 0.5


def test_messages_come_as_they_were_sent(ends):
    """Header and blobs, several in a row, larger than the socket holds."""
    first, second, _ = ends
    first.send(Message("call", 3, {"a": [1]}, [b"xy", b"", bytearray(b"z")]))
    first.send(Message("end", 4))
    found = second.receive(deadline=soon())
    assert (found.kind, found.id, found.body, [bytes(b) for b in found.blobs]) == (
        "call",
        3,
        {"a": [1]},
        [b"xy", b"", b"z"],
    )
    assert second.receive(deadline=soon()).kind == "end"
    large = bytes(5_000_000)
    sender = threading.Thread(target=lambda: second.send(Message("big", 1, blobs=[large])))
    sender.start()
    assert bytes(first.receive().blobs[0]) == large
    sender.join()


def frame(header: bytes, units: int = 0, payload: bytes = b"", length: int | None = None) -> bytes:
    """Bytes that may be a message."""
    import struct

    return struct.pack("!II", len(header) if length is None else length, units) + header + payload


FRAMES = {
    "a huge header": frame(b"", length=2**31),
    "a huge payload": frame(b'{"kind": "a", "id": 1, "blobs": []}', units=2**31),
    "no JSON": frame(b"\x80\x04."),
    "no object": frame(b"[1]"),
    "deep JSON": frame(b"[" * 999),
    "no id": frame(b'{"kind": "a", "blobs": []}'),
    "an id that is no number": frame(b'{"kind": "a", "id": true, "blobs": []}'),
    "no kind": frame(b'{"id": 1, "blobs": []}'),
    "no blobs": frame(b'{"kind": "a", "id": 1}'),
    "negative blobs": frame(b'{"kind": "a", "id": 1, "blobs": [-5, 5]}'),
    "blobs beyond the payload": frame(b'{"kind": "a", "id": 1, "blobs": [5000]}', 1, bytes(1024)),
    "a payload beyond the blobs": frame(b'{"kind": "a", "id": 1, "blobs": []}', 1, bytes(1024)),
    "not UTF-8": frame(b'{"kind": "\xff", "id": 1, "blobs": []}'),
}


@pytest.mark.parametrize("data", FRAMES.values(), ids=FRAMES)
def test_what_is_no_message_is_refused(ends, data):
    """Before memory is taken for it."""
    _, second, raw = ends
    raw.send(data)
    with pytest.raises(BadFrame):
        second.receive(deadline=soon())


def test_slow_ends_and_ends_that_are_gone(ends):
    """A deadline holds for the whole message; half a message from an end that hung up is none."""
    first, second, raw = ends
    raw.send(frame(b"{}", length=500))
    with pytest.raises(TimedOut):
        second.receive(deadline=soon())
    first.close()
    with pytest.raises(ChannelClosed):
        second.receive(deadline=soon())
    with pytest.raises(ChannelClosed):
        second.send(Message("a", 1, blobs=[bytes(1 << 20)]), deadline=soon())
