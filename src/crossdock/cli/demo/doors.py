"""The control doors of the sandboxes, as the demonstration uses them (loopback HTTP, no part of any vendor's API)."""

from __future__ import annotations

import asyncio
import urllib.request
from typing import Any

import orjson


class Door:
    """One sandbox's control door."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def get(self, name: str) -> Any:
        """Read one door (``state``)."""
        return await asyncio.to_thread(self._call, "GET", name, None)

    async def put(self, name: str, **values: Any) -> Any:
        """Set dials or settings."""
        return await asyncio.to_thread(self._call, "PUT", name, values)

    async def post(self, name: str, **values: Any) -> Any:
        """Let something be done (``traffic``, ``act``)."""
        return await asyncio.to_thread(self._call, "POST", name, values)

    def _call(self, method: str, name: str, values: Any) -> Any:
        body = None if values is None else orjson.dumps(values)
        asked = urllib.request.Request(  # noqa: S310 - an address of our own on this machine
            f"{self._url}/_sandbox/{name}", data=body, method=method, headers={"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(asked, timeout=60) as answer:  # noqa: S310
            return orjson.loads(answer.read())
