"""HTTP for clients that keep nobody waiting: who neither sends a request nor reads an answer is hung up on."""

from __future__ import annotations

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol


def patient(seconds: float) -> type[H11Protocol]:
    """Such HTTP, with so many seconds for each."""
    return type("Patient", (_Patient,), {"patience": seconds})


class _Patient(H11Protocol):
    """Uvicorn's, with an end to how long a head may take and an answer may lie unread."""

    patience: float
    _waiting: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """The first head is awaited."""
        super().connection_made(transport)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """Part of a head, or more."""
        super().data_received(data)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more is awaited."""
        for timer in (self._waiting, self._unread):
            if timer is not None:
                timer.cancel()
        self._waiting = self._unread = None
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """The client does not read as fast as it is written to."""
        self.flow.pause_writing()
        self._unread = self.loop.call_later(self.patience, self.transport.abort)

    def resume_writing(self) -> None:
        """It does again."""
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None
        self.flow.resume_writing()

    def timeout_keep_alive_handler(self) -> None:
        """Nothing came after an answer; what of that is still unread is given up."""
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            super().timeout_keep_alive_handler()

    def _await_head(self) -> None:
        if self.conn.their_state is not h11.IDLE:
            if self._waiting is not None:
                self._waiting.cancel()
                self._waiting = None
        elif self._waiting is None:
            self._waiting = self.loop.call_later(self.patience, self.transport.abort)
