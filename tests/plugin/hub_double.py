"""A hub that answers what a test wrote down, on a port of its own."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.support.wordpress.door import Answered, opened


@dataclass
class HubDouble:
    """``answers``: path without query -> what answers; ``asked``: method, path with query, headers and body."""

    url: str = ""
    answers: dict[str, Callable[[], Answered]] = field(default_factory=dict)
    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)

    def says(self, path: str, value: Any, status: int = 200, **headers: str) -> None:
        """Let a path answer with JSON, or with bytes as they are."""
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        kind = "application/problem+json" if status >= 400 else "application/json"
        told = {"Content-Type": kind, **{name.replace("_", "-"): text for name, text in headers.items()}}
        self.answers[path] = lambda: (status, told, body)

    def take(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answered:
        """Note a request and answer what was written down for its path."""
        self.asked.append((method, path, headers, body))
        answer = self.answers.get(path.partition("?")[0])
        return answer() if answer else (404, {"Content-Type": "text/plain"}, b"nothing here")


@contextlib.contextmanager
def answering() -> Iterator[HubDouble]:
    """Run such a hub for the length of a block."""
    double = HubDouble()
    with opened(double.take) as double.url:
        yield double
