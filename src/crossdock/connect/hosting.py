"""uvicorn as a guest in its process."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import uvicorn

_KNOWN_AFTER = 3
"""Turns of the loop until a server knows of whom it accepted (the task, the transport, ``connection_made``)."""


class Host(uvicorn.Server):
    """Leaves the signals to its process, and nobody whom it accepted without an end.

    A connection that is accepted in the moment in which a server of asyncio's own loop is closed is known to nobody
    (https://github.com/python/cpython/issues/109564): its caller waits until the process ends.
    """

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none: who runs this process has its own."""
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept nobody more, and end as uvicorn does once all who were accepted are known."""
        loop = asyncio.get_running_loop()
        for listener in sockets or []:
            loop.remove_reader(listener)
        for _ in range(_KNOWN_AFTER):
            await asyncio.sleep(0)
        await super().shutdown(sockets)
