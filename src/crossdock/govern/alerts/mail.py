"""Mail by SMTP (RFC 5321) with TLS from the first byte or by STARTTLS (RFC 3207), behind the egress guard.

The standard library's client speaks it, in a thread of its own; the connection goes to an address that the guard has
looked at. A message keeps its id through every attempt, so that a reader's mail program shows it once.
"""

from __future__ import annotations

import asyncio
import contextlib
import smtplib
import socket
import ssl
from collections.abc import Sequence
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP as POLICY
from email.utils import format_datetime
from typing import Any

import msgspec

from crossdock.connect.egress import EgressRefused, Guard
from crossdock.kit.redact import text

TIMEOUT_S = 15.0
"""For each step of the conversation."""
WHOLE_S = 45.0
"""For all of it: a server that answers a byte at a time holds nobody up."""


class NotSent(Exception):
    """A notice did not get through; it is tried again. ``after_s``: the other side said how long to wait."""

    def __init__(self, problem: str, after_s: float | None = None) -> None:
        super().__init__(problem)
        self.problem, self.after_s = text(problem)[:400], after_s


class MailServer(msgspec.Struct, frozen=True):
    """Where mail is handed in. ``security`` is tls, starttls or none. Its repr shows no password."""

    host: str
    port: int
    security: str
    user: str
    password: str

    def __repr__(self) -> str:
        return f"MailServer({self.host}:{self.port})"


class Mail(msgspec.Struct, frozen=True):
    """One message."""

    message_id: str
    """Without brackets and domain; the same for every attempt."""
    sender: str
    to: Sequence[str]
    subject: str
    body: str
    at: datetime


def message_of(mail: Mail) -> EmailMessage:
    """Return the message. Raises ``ValueError`` for a header that would become two."""
    message = EmailMessage(policy=POLICY)
    message["From"], message["To"] = mail.sender, ", ".join(mail.to)
    message["Subject"] = " ".join(mail.subject.split())
    message["Date"] = format_datetime(mail.at)
    message["Message-ID"] = f"<{mail.message_id}@{_domain(mail.sender)}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.body)
    return message


def _domain(address: str) -> str:
    return address.rpartition("@")[2].rstrip(">") or "localhost"


async def send(server: MailServer, mail: Mail, guard: Guard, tls: ssl.SSLContext | None) -> str:
    """Hand one message in; returns a remark when not all recipients were taken.

    Raises :class:`NotSent`; then it may have been taken all the same.
    """
    talk = _Talk(server, guard, tls or ssl.create_default_context())
    try:
        async with asyncio.timeout(WHOLE_S):
            return await asyncio.to_thread(talk.send, message_of(mail), _domain(mail.sender))
    except TimeoutError:
        talk.cut()
        raise NotSent("the mail server is too slow") from None
    except asyncio.CancelledError:
        talk.cut()
        raise


class _Talk:
    """One conversation, in a thread; :meth:`cut` ends it from outside."""

    def __init__(self, server: MailServer, guard: Guard, tls: ssl.SSLContext) -> None:
        self._server, self._guard, self._tls = server, guard, tls
        self._socket: socket.socket | None = None

    def cut(self) -> None:
        """Cut the line, whatever is under way."""
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def send(self, message: EmailMessage, own_name: str) -> str:
        """Return what is to be said of a message that was taken. Raises :class:`NotSent`."""
        try:
            with self._opened(own_name) as smtp:
                if self._server.security == "starttls":
                    smtp.starttls(context=self._tls)
                if self._server.user:
                    smtp.login(self._server.user, self._server.password)
                refused = smtp.send_message(message)
        except (OSError, smtplib.SMTPException, EgressRefused, ValueError) as problem:
            raise NotSent(_said(problem)) from None
        # sent again it would reach the others twice
        return f"{len(refused)} of the recipients were refused" if refused else ""

    def _opened(self, own_name: str) -> smtplib.SMTP:
        kind = _Tls if self._server.security == "tls" else _Plain
        return kind(self, self._server.host, self._server.port, own_name, self._tls)

    def connect(self, host: str, port: int) -> socket.socket:
        """Connect to an address that the guard has looked at. Raises ``EgressRefused`` or ``OSError``."""
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))
        self._guard.check_resolved(host, addresses)
        problem: OSError = OSError("the name has no address")
        for address in addresses:
            self._guard.check_address(address)
            try:
                self._socket = socket.create_connection((address, port), TIMEOUT_S)
            except OSError as refused:
                problem = refused
            else:
                return self._socket
        raise problem


class _Plain(smtplib.SMTP):
    def __init__(self, talk: _Talk, host: str, port: int, own_name: str, tls: ssl.SSLContext) -> None:
        del tls
        self._talk = talk
        super().__init__(host, port, local_hostname=own_name, timeout=TIMEOUT_S)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        del timeout
        return self._talk.connect(host, port)


class _Tls(smtplib.SMTP_SSL):
    def __init__(self, talk: _Talk, host: str, port: int, own_name: str, tls: ssl.SSLContext) -> None:
        self._talk, self._context = talk, tls
        super().__init__(host, port, local_hostname=own_name, timeout=TIMEOUT_S, context=tls)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        del timeout
        return self._context.wrap_socket(self._talk.connect(host, port), server_hostname=host)


_WORDS: tuple[tuple[type[Exception], str], ...] = (
    (EgressRefused, "the mail server's address is refused: {0}"),
    (smtplib.SMTPAuthenticationError, "the mail server refuses user or password"),
    (smtplib.SMTPSenderRefused, "the mail server refuses the sender"),
    (smtplib.SMTPRecipientsRefused, "the mail server refuses all recipients"),
    (smtplib.SMTPNotSupportedError, "the mail server cannot do what is asked for: {0}"),
    (smtplib.SMTPServerDisconnected, "the mail server hung up"),
    (ssl.SSLCertVerificationError, "the mail server's certificate is not trusted"),
    (ssl.SSLError, "no encrypted connection to the mail server (is the port one of TLS or of STARTTLS?)"),
    (TimeoutError, "the mail server does not answer in time"),
    (socket.gaierror, "the mail server's name is not known"),
    (OSError, "the mail server cannot be reached"),
)


def _said(problem: Exception) -> str:
    """Return what went wrong, with the server's code where it gave one, without addresses and credentials."""
    words: Any = next((said for kind, said in _WORDS if isinstance(problem, kind)), f"{type(problem).__name__}")
    said: str = words.format(problem)
    code = getattr(problem, "smtp_code", None)
    return f"{said} (it says {code})" if code else said
