"""A door on a port of this machine: every request is handed to a function, which says what is answered."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answered = tuple[int, dict[str, str], bytes]
"""Status, headers and body."""

Take = Callable[[str, str, dict[str, str], bytes], Answered | None]
"""Method, path with query, headers by their names in small letters, body; ``None`` closes the connection silently."""


@contextlib.contextmanager
def opened(take: Take) -> Iterator[str]:
    """Answer on a free port for the length of a block, which is told the address."""

    class Handler(BaseHTTPRequestHandler):
        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            answer = take(self.command, self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            if answer is None:
                self.close_connection = True
                return
            status, headers, text = answer
            # who asked may be gone, or killed
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    for verb in ("GET", "POST", "PUT"):
        setattr(Handler, f"do_{verb}", Handler._any)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
