"""The peer of the ingest benchmark: an endpoint that only inserts the body and commits, one row a request."""

from __future__ import annotations

import sys
from typing import Any

import asyncpg
import uvicorn
import uvloop


async def main(url: str, port: int) -> None:
    """Serve until killed."""
    pool = await asyncpg.create_pool(url, min_size=10, max_size=10, statement_cache_size=100)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        if scope["method"] == "POST":
            async with pool.acquire() as conn:
                await conn.execute("INSERT INTO bench_insert_only (body) VALUES ($1)", body)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"{}"})

    config = uvicorn.Config(app, port=port, log_level="error", access_log=False, lifespan="off")
    await uvicorn.Server(config).serve()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], int(sys.argv[2])))
