"""Messages between the parent and a worker: one JSON object and any number of raw pieces of bytes.

    8 bytes    lengths of the header and of the payload, big-endian: 4 of the one, 4 of the other in KiB, rounded up
    header     UTF-8 JSON: {"id": 3, "kind": "call", …, "blobs": [1048576, 12]}
    payload    the blobs, one after the other, then zeros up to the length that was said

Both ends check everything before they believe it: lengths before they read, JSON before they look into it. Nothing is
ever unpickled. Whatever is wrong is a ``BadFrame``, after which the channel can't be used again.
"""

from __future__ import annotations

import json
import select
import socket
import struct
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_LENGTHS = struct.Struct("!II")
_UNIT = 1024
_CHUNK = 1 << 20
_MOST_BLOBS = 100_000

Blob = bytes | bytearray | memoryview


class ChannelClosed(Exception):
    """The other end is gone."""


class BadFrame(Exception):
    """What came is no message."""


class TimedOut(Exception):
    """Nothing came, or could be sent, in time."""


@dataclass(frozen=True)
class Message:
    """``kind`` says what it is, ``id`` which request it belongs to; ``body`` has the rest of the header."""

    kind: str
    id: int
    body: Mapping[str, Any] = field(default_factory=dict)
    blobs: Sequence[Blob] = field(default=(), repr=False)


class Channel:
    """One end of a connected stream socket, for one thread at a time in each direction."""

    def __init__(self, end: socket.socket, *, most_header: int = 4 << 20, most_payload: int = 4 << 30) -> None:
        """``most_header`` and ``most_payload`` are bytes that this end is willing to receive."""
        end.setblocking(False)
        self._end = end
        self._most_header = most_header
        self._most_payload = most_payload

    def fileno(self) -> int:
        """For ``select``."""
        return self._end.fileno()

    def close(self) -> None:
        """Hang up."""
        self._end.close()

    def send(self, message: Message, *, deadline: float | None = None) -> None:
        """Send one message; ``deadline`` is a time of ``time.monotonic``.

        Raises:
            ChannelClosed, TimedOut: the other end is gone, or does not read.
            ValueError: the message is larger than any end reads.
        """
        sizes = [memoryview(blob).nbytes for blob in message.blobs]
        header = json.dumps({**message.body, "id": message.id, "kind": message.kind, "blobs": sizes}).encode()
        units = -(-sum(sizes) // _UNIT)
        if units > 0xFFFFFFFF or len(header) > 0xFFFFFFFF:
            raise ValueError("a message of more than 4 TiB")
        padding = bytes(units * _UNIT - sum(sizes))
        for piece in (_LENGTHS.pack(len(header), units), header, *message.blobs, padding):
            self._send(memoryview(piece).cast("B"), deadline)

    def receive(self, *, deadline: float | None = None) -> Message:
        """The next message.

        Raises:
            ChannelClosed, TimedOut: the other end is gone, or sends nothing, or too slowly.
            BadFrame: it is none, or larger than this end is willing to read.
        """
        header_length, units = _LENGTHS.unpack(self._receive(_LENGTHS.size, deadline))
        if header_length > self._most_header:
            raise BadFrame(f"a header of {header_length} bytes")
        if units * _UNIT > self._most_payload + _UNIT:
            raise BadFrame(f"a payload of {units} KiB")
        header = _header(bytes(self._receive(header_length, deadline)))
        sizes = _sizes(header.pop("blobs", None), units)
        payload = memoryview(self._receive(units * _UNIT, deadline))
        kind, number = header.pop("kind", None), header.pop("id", None)
        if not isinstance(kind, str) or not isinstance(number, int) or isinstance(number, bool):
            raise BadFrame("a message without kind or id")
        blobs, at = [], 0
        for size in sizes:
            blobs.append(payload[at : at + size])
            at += size
        return Message(kind, number, header, blobs)

    def _send(self, piece: memoryview, deadline: float | None) -> None:
        while piece:
            self._wait(deadline, write=True)
            try:
                sent = self._end.send(piece[:_CHUNK])
            except BlockingIOError:
                continue
            except OSError as error:
                raise ChannelClosed(str(error)) from error
            piece = piece[sent:]

    def _receive(self, length: int, deadline: float | None) -> bytearray:
        # Grows with what really comes: a length alone costs its sender nothing and must cost us nothing.
        found = bytearray()
        while len(found) < length:
            self._wait(deadline, write=False)
            try:
                piece = self._end.recv(min(_CHUNK, length - len(found)))
            except BlockingIOError:
                continue
            except OSError as error:
                raise ChannelClosed(str(error)) from error
            if not piece:
                raise ChannelClosed("the other end hung up")
            found += piece
        return found

    def _wait(self, deadline: float | None, *, write: bool) -> None:
        if self._end.fileno() < 0:
            raise ChannelClosed("this end hung up")
        left = None if deadline is None else max(0.0, deadline - time.monotonic()) * 1000
        # Not select, which knows no descriptor beyond the first thousand.
        ready = select.poll()
        ready.register(self._end, select.POLLOUT if write else select.POLLIN)
        if not ready.poll(left):
            raise TimedOut


def _header(data: bytes) -> dict[str, Any]:
    try:
        header = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BadFrame("a header that is no JSON") from error
    if not isinstance(header, dict):
        raise BadFrame("a header that is no object")
    return header


def _sizes(told: object, units: int) -> list[int]:
    if not isinstance(told, list) or len(told) > _MOST_BLOBS:
        raise BadFrame("no list of blobs")
    if not all(isinstance(size, int) and not isinstance(size, bool) and size >= 0 for size in told):
        raise BadFrame("a blob of no size")
    if -(-sum(told) // _UNIT) != units:
        raise BadFrame("blobs that don't fill the payload")
    return told
