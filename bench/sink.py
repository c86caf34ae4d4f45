"""A signed HTTP sink for the benchmarks, a process of its own: checks nothing, counts every id (of a batch each).

It speaks HTTP by the parser alone: what it takes of the two cores is neither side's.
"""

from __future__ import annotations

import asyncio
import sys
import time

import httptools
import orjson
import uvloop


class Counted:
    """Distinct ids, and when the first and the last came."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew."""
        self.ids: set[bytes] = set()
        self.requests = 0
        self.first = 0.0
        self.last = 0.0

    def take(self, path: bytes, webhook_id: bytes | None, body: bytes) -> None:
        """Count one request."""
        self.last = time.perf_counter()
        self.first = self.first or self.last
        self.requests += 1
        if path == b"/batch":
            self.ids.update(one["id"].encode() for one in orjson.loads(body))
        elif webhook_id is not None:
            self.ids.add(path + webhook_id)

    def facts(self) -> bytes:
        """Return what was counted as JSON."""
        return orjson.dumps({"distinct": len(self.ids), "requests": self.requests, "seconds": self.last - self.first})


class Connection(asyncio.Protocol):
    """One connection: each message is answered as soon as it is complete."""

    def __init__(self, counted: Counted) -> None:
        self._counted = counted
        self._parser = httptools.HttpRequestParser(self)
        self._begin()

    def _begin(self) -> None:
        self._path, self._id, self._body = b"", None, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember whom to answer."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Read on."""
        self._parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        """Take the path."""
        self._path += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take the id."""
        if name.lower() == b"webhook-id":
            self._id = value

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        self._body += body

    def on_message_complete(self) -> None:
        """Count and answer."""
        path, said = self._path, b"{}"
        if path == b"/count":
            said = self._counted.facts()
        elif path == b"/forget":
            self._counted.forget()
        else:
            self._counted.take(path, self._id, self._body)
        head = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\ncontent-type: application/json\r\n\r\n" % len(said)
        self._transport.write(head + said)
        if not self._parser.should_keep_alive():
            self._transport.close()
        self._begin()


async def main(port: int) -> None:
    """Serve until killed."""
    counted = Counted()
    server = await asyncio.get_running_loop().create_server(lambda: Connection(counted), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
