"""A signed HTTP sink for the benchmarks, a process of its own: checks nothing, counts every id (of a batch each)."""

from __future__ import annotations

import sys
import time
from typing import Any

import orjson
import uvicorn
import uvloop


class Sink:
    """Counts distinct ids and remembers when the first and the last came."""

    def __init__(self) -> None:
        self.ids: set[bytes] = set()
        self.requests = 0
        self.first = 0.0
        self.last = 0.0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Take one message, or tell the count."""
        if scope["path"] == "/count":
            facts = {"distinct": len(self.ids), "requests": self.requests, "seconds": self.last - self.first}
            await self._answer(send, orjson.dumps(facts))
            return
        if scope["path"] == "/forget":
            self.__init__()  # type: ignore[misc]
            await self._answer(send, b"{}")
            return
        body, more = [], True
        while more:
            message = await receive()
            body.append(message.get("body", b""))
            more = message.get("more_body", False)
        now = time.perf_counter()
        self.first = self.first or now
        self.last = now
        self.requests += 1
        if scope["path"] == "/batch":
            self.ids.update(one["id"].encode() for one in orjson.loads(b"".join(body)))
            await self._answer(send, b"{}")
            return
        for name, value in scope["headers"]:
            if name == b"webhook-id":
                self.ids.add(scope["raw_path"] + value)
        await self._answer(send, b"{}")

    async def _answer(self, send: Any, body: bytes) -> None:
        headers = [(b"content-length", str(len(body)).encode()), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


if __name__ == "__main__":
    config = uvicorn.Config(Sink(), port=int(sys.argv[1]), log_level="error", access_log=False, lifespan="off")
    uvloop.run(uvicorn.Server(config).serve())
