"""A hub that answers what a test wrote down, on a port of its own."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answered = tuple[int, dict[str, str], bytes]


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


@contextlib.contextmanager
def answering() -> Iterator[HubDouble]:
    """Run such a hub for the length of a block."""
    double = HubDouble()

    class Door(BaseHTTPRequestHandler):
        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            double.asked.append((self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            answer = double.answers.get(self.path.partition("?")[0])
            status, headers, text = answer() if answer else (404, {"Content-Type": "text/plain"}, b"nothing here")
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    for verb in ("GET", "POST", "PUT"):
        setattr(Door, f"do_{verb}", Door._any)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    double.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield double
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
