"""A stand-in of the hub's side door: it takes batches as the contract says, and answers as a test wants."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.support.wordpress.door import Answered, opened

Item = dict[str, Any]


@dataclass(frozen=True)
class Reply:
    """A status, headers and a JSON body; ``status`` 0 closes the connection without a word."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


def recorded(items: list[Item]) -> Reply:
    """Answer that every item was recorded."""
    return results([{"id": item["id"], "status": "recorded", "event": "evt_" + item["id"][:8]} for item in items])


def results(found: list[Item]) -> Reply:
    """Answer with a result for each item."""
    return Reply(200, {"data": {"results": found, "counts": {}}, "meta": {"request_id": "r", "time": ""}})


def problem(status: int, code: str, detail: str = "a test's problem", **headers: str) -> Reply:
    """Answer with a problem document."""
    return Reply(status, {"title": code, "status": status, "code": code, "detail": detail}, headers)


class Ears:
    """What was told, request by request, and how the next are answered."""

    def __init__(self) -> None:
        self.batches: list[list[Item]] = []
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.answer: Callable[[list[Item]], Reply] = recorded
        self.gate = threading.Event()
        self.gate.set()
        self.heard = threading.Event()
        self.url = ""

    @property
    def items(self) -> list[Item]:
        """Every item that was told, in order, those of refused requests included."""
        return [item for batch in self.batches for item in batch]

    def entities(self, kind: str) -> list[int]:
        """The ids of a kind's documents in the order in which they were told."""
        return [int(item["data"]["id"]) for item in self.items if item["kind"] == kind]

    def take(self, _method: str, path: str, headers: dict[str, str], body: bytes) -> Answered | None:
        """Hear a request, wait while the gate is shut, and answer."""
        self.requests.append((path, headers, body))
        items = json.loads(body)["items"]
        self.batches.append(items)
        self.heard.set()
        self.gate.wait(30)
        reply = self.answer(items)
        raw = b"" if reply.body is None else json.dumps(reply.body).encode()
        return (reply.status, {"Content-Type": "application/json", **reply.headers}, raw) if reply.status else None


@contextmanager
def listening() -> Iterator[Ears]:
    """Listen on a free port until the block ends."""
    ears = Ears()
    with opened(ears.take) as ears.url:
        try:
            yield ears
        finally:
            ears.gate.set()
