"""How long a caller may take to say what he wants. A server's patience is finite, or a few slow callers fill it."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class Patient(HttpToolsProtocol):
    """uvicorn's protocol, which waits for ever for a request's head and body, with a deadline for both.

    The clock runs from the connection's beginning, later from a request's first byte, to its last. A request that
    comes in one piece costs no timer: it is looked at once its bytes are parsed.
    """

    request_s = 30.0

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._arriving = False
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._rest()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take a part of a request."""
        super().data_received(data)
        if not self._arriving:
            self._rest()
        elif self._deadline is None:
            self._wait()

    def on_message_begin(self) -> None:
        """Note a request's first byte."""
        self._arriving = True
        super().on_message_begin()

    def on_message_complete(self) -> None:
        """Note a request's last byte."""
        self._arriving = False
        super().on_message_complete()

    def _wait(self) -> None:
        self._deadline = self.loop.call_later(self.request_s, self._give_up)

    def _rest(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        if self.transport.is_closing():
            return
        if self.cycle is None or self.cycle.response_complete:
            self.transport.write(_TOO_SLOW)
        self.transport.close()
