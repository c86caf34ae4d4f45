"""A receiver that checks what it gets: Standard Webhooks on every path, a Slack channel at ``/services/T/B/X``.

It verifies signatures by its own construction, refuses what a careful receiver refuses, counts by ``webhook-id`` and
keeps the order of arrival. Ground truth at ``GET /_sandbox/state``, dials at ``/_sandbox/dials``; ``DELETE
/_sandbox/state`` forgets everything, ``PUT /_sandbox/slack {"state": "no_service"}`` lets Slack answer with an error.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import time
from collections.abc import Callable
from typing import Any

import msgspec
import orjson

from crossdock.connect.sandbox import CONTROL, Asgi, FaultSwitch, Receive, Scope, Send, answer_json

SECRET = "whsec_" + base64.b64encode(b"a sandbox keeps no real secrets!").decode()
"""Secret of a sandbox that is given none."""
SLACK_PATH = "/services/T00000000/B00000000/sandboxsandboxsandboxsan"
WINDOW_S = 300
MAX_BYTES = 256_000
_BROADCAST = re.compile(r"<(![a-z]+|@[UW]\w+|#C\w+)")


class Sink:
    """The receiver's memory and its answers."""

    def __init__(self, secret: str = SECRET, *, now: Callable[[], float] = time.time, keep_bodies: bool = True) -> None:
        self._keys = [base64.b64decode(part.removeprefix("whsec_")) for part in secret.split()]
        self._now = now
        self._keep_bodies = keep_bodies
        self.forget()
        self.slack_state = "alive"
        """alive, or the plain-text error that Slack answers (``no_service``, ``channel_is_archived`` …)."""

    def forget(self) -> None:
        """Empty the memory."""
        self.by_id: dict[str, int] = {}
        self.order: list[str] = []
        self.bodies: dict[str, str] = {}
        self.refused: dict[str, int] = {}
        self.messages: list[dict[str, Any]] = []
        self.requests = 0

    def state(self) -> dict[str, Any]:
        """Return the ground truth as JSON values."""
        return {
            "requests": self.requests,
            "accepted": sum(self.by_id.values()),
            "distinct": len(self.by_id),
            "by_id": self.by_id,
            "order": self.order,
            "bodies": self.bodies,
            "refused": self.refused,
            "messages": self.messages,
            "slack_state": self.slack_state,
        }

    def take(self, headers: dict[bytes, bytes], body: bytes) -> tuple[int, bytes]:
        """Return (status, body) for a Standard Webhooks message; what is accepted is counted."""
        problem = self._signature(headers, body)
        if problem:
            return self._refuse(401, problem)
        if len(body) > MAX_BYTES:
            return self._refuse(413, "too-large")
        if headers.get(b"content-type", b"").split(b";")[0] != b"application/json":
            return self._refuse(415, "content-type")
        try:
            event = orjson.loads(body)
        except orjson.JSONDecodeError:
            return self._refuse(400, "not-json")
        if not isinstance(event, dict) or not {"type", "timestamp", "data"} <= event.keys():
            return self._refuse(422, "type, timestamp and data are required")
        message_id = headers[b"webhook-id"].decode()
        if message_id not in self.by_id:
            self.order.append(message_id)
            if self._keep_bodies:
                self.bodies[message_id] = body.decode()
        self.by_id[message_id] = self.by_id.get(message_id, 0) + 1
        return 200, b"{}"

    def _refuse(self, status: int, reason: str) -> tuple[int, bytes]:
        self.refused[reason] = self.refused.get(reason, 0) + 1
        return status, orjson.dumps({"error": reason})

    def _signature(self, headers: dict[bytes, bytes], body: bytes) -> str:
        message_id, stamp = headers.get(b"webhook-id"), headers.get(b"webhook-timestamp", b"")
        given = headers.get(b"webhook-signature", b"").split(b" ")
        if not message_id or not stamp.isdigit() or given == [b""]:
            return "unsigned"
        if abs(self._now() - int(stamp)) > WINDOW_S:
            return "stale"
        for key in self._keys:
            made = hmac.new(key, digestmod=hashlib.sha256)
            made.update(message_id + b"." + stamp + b"." + body)
            ours = b"v1," + base64.b64encode(made.digest())
            if any(hmac.compare_digest(ours, entry) for entry in given):
                return ""
        return "bad-signature"

    def slack(self, path: str, headers: dict[bytes, bytes], body: bytes) -> tuple[int, bytes]:
        """Return (status, plain text) as Slack's incoming webhooks do; a message that is taken is kept."""
        if path != SLACK_PATH:
            return 404, b"no_service"
        if self.slack_state != "alive":
            return _SLACK_STATUS.get(self.slack_state, 404), self.slack_state.encode()
        if headers.get(b"content-type", b"").split(b";")[0] != b"application/json":
            return 400, b"invalid_payload"
        try:
            message = orjson.loads(body)
        except orjson.JSONDecodeError:
            return 400, b"invalid_payload"
        if not isinstance(message, dict):
            return 400, b"invalid_payload"
        problem = _slack_problem(message)
        if problem:
            return 400, problem
        self.messages.append({"message": message, "notifies": bool(_BROADCAST.search(body.decode()))})
        return 200, b"ok"


_SLACK_STATUS = {
    "welcome": 200,
    "action_prohibited": 403,
    "channel_is_archived": 410,
    "rollup_error": 500,
    "no_service": 404,
    "no_active_hooks": 404,
    "channel_not_found": 404,
    "user_not_found": 400,
}


def _slack_problem(message: dict[str, Any]) -> bytes:
    text, blocks = message.get("text"), message.get("blocks", [])
    if not text and not blocks:
        return b"no_text"
    if not isinstance(blocks, list) or len(blocks) > 50:
        return b"invalid_blocks"
    for block in blocks:
        words = block.get("text", {}) if isinstance(block, dict) else {}
        if not isinstance(block, dict) or "type" not in block:
            return b"invalid_blocks"
        if isinstance(words, dict) and len(str(words.get("text", ""))) > 3000:
            return b"invalid_blocks"
    return b""


class Doors:
    """The ASGI application in front of a :class:`Sink`."""

    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        self.switch = FaultSwitch(self, throttled=lambda: ({"retry-after": "1"}, b"rate_limited"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        body = await _body(receive)
        if path.startswith(CONTROL):
            await self._control(scope["method"], path, body, send)
            return
        self.sink.requests += 1
        if scope["method"] != "POST":
            await _answer(send, 405 if scope["method"] != "HEAD" else 200, b"", b"text/plain")
            return
        headers = dict(scope["headers"])
        if path.startswith("/services/"):
            status, text = self.sink.slack(path, headers, body)
            await _answer(send, status, text, b"text/plain")
            return
        status, text = self.sink.take(headers, body)
        await _answer(send, status, text, b"application/json")

    async def _control(self, method: str, path: str, body: bytes, send: Send) -> None:
        part = path.removeprefix(CONTROL)
        if part == "dials":
            if method == "PUT":
                try:
                    self.switch.turn(orjson.loads(body))
                except (msgspec.ValidationError, orjson.JSONDecodeError, TypeError) as problem:
                    await answer_json(send, 400, {"error": str(problem)})
                    return
            await answer_json(send, 200, msgspec.structs.asdict(self.switch.dials))
        elif part == "state":
            if method == "DELETE":
                self.sink.forget()
            await answer_json(send, 200, self.sink.state())
        elif part == "slack" and method == "PUT":
            self.sink.slack_state = str(orjson.loads(body)["state"])
            await answer_json(send, 200, {"state": self.sink.slack_state})
        else:
            await answer_json(send, 404, {"error": "there are /_sandbox/state, /_sandbox/dials and /_sandbox/slack"})


def app(secret: str = SECRET, *, keep_bodies: bool = True) -> Asgi:
    """Return a fresh receiver behind its fault switch, ready for ``serving``."""
    return Doors(Sink(secret, keep_bodies=keep_bodies)).switch


async def _body(receive: Receive) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body"):
        message = await receive()
        body += message.get("body", b"")
    return body


async def _answer(send: Send, status: int, body: bytes, content_type: bytes) -> None:
    headers = [(b"content-type", content_type), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
