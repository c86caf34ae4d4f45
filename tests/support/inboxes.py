"""What alerts are sent to: a mail server of another author's make, and a receiver of posts that can refuse."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from email import message_from_bytes
from email.message import Message
from email.policy import default
from typing import Any

from aiohttp import web
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from tests.support.listening import close

USER, PASSWORD = "hub", "smtp-password-canary-1"


class Mailbox:
    """Takes mail; ``refuse`` answers the next so many messages with a code."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.logins = 0
        self.encrypted: list[bool] = []
        self.refuse: list[str] = []
        self.port = 0

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - its author's word
        """Keep a message, or refuse it."""
        del server
        if self.refuse:
            return self.refuse.pop(0)
        self.encrypted.append(session.ssl is not None)
        self.messages.append(message_from_bytes(envelope.content, policy=default))
        return "250 OK"

    def login(self, server: Any, session: Any, envelope: Any, mechanism: str, given: Any) -> AuthResult:
        """Let the hub in, and nobody else."""
        del server, session, envelope, mechanism
        fits = isinstance(given, LoginPassword) and (given.login, given.password) == (USER.encode(), PASSWORD.encode())
        self.logins += fits
        return AuthResult(success=fits, handled=fits)

    @property
    def subjects(self) -> list[str]:
        """Return what came, in order."""
        return [str(message["Subject"]) for message in self.messages]

    def text(self, number: int) -> str:
        """Return the text of a message."""
        return str(self.messages[number].get_content())  # type: ignore[attr-defined]


@contextlib.asynccontextmanager
async def mailbox(tls: ssl.SSLContext | None = None, *, immediately: bool = False) -> AsyncIterator[Mailbox]:
    """Serve a mailbox on a free port: STARTTLS when ``tls`` is given, TLS from the first byte when ``immediately``."""
    box = Mailbox()

    def talk() -> SMTP:
        if tls is None:
            return SMTP(box, hostname="mail.test")
        if immediately:
            return SMTP(box, hostname="mail.test", authenticator=box.login, auth_require_tls=False)
        return SMTP(box, hostname="mail.test", tls_context=tls, require_starttls=True, authenticator=box.login)

    server = await asyncio.get_running_loop().create_server(talk, "127.0.0.1", 0, ssl=tls if immediately else None)
    box.port = server.sockets[0].getsockname()[1]
    try:
        yield box
    finally:
        await close(server)


class Receiver:
    """Takes posts; ``answers`` are given first (status, headers), then 200."""

    def __init__(self) -> None:
        self.posts: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[tuple[int, dict[str, str]]] = []
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        """Keep a post, or answer what was asked for."""
        body = await request.read()
        if self.answers:
            status, headers = self.answers.pop(0)
            return web.Response(status=status, headers=headers)
        self.posts.append(({k.lower(): v for k, v in request.headers.items()}, body))
        return web.Response(text="ok")


@contextlib.asynccontextmanager
async def receiver() -> AsyncIterator[Receiver]:
    """Serve a receiver on a free port."""
    made = Receiver()
    app = web.Application()
    app.router.add_post("/{path:.*}", made.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hooks/secret-path-canary"
    try:
        yield made
    finally:
        await runner.cleanup()
