"""HTTP outwards: one transport a process, one small client a connection.

Neither retries, sleeps or logs, and redirects are never followed. An answer of any status is a :class:`Reply`; no
answer is :class:`CallFailed`, which says whether the request may have taken effect. No text here holds a URL, a header
or a body: a URL can be a credential (Slack, Teams).
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from importlib.metadata import version
from types import TracebackType
from typing import Any, Self

import aiohttp
import msgspec
import orjson
from yarl import URL

from crossdock.connect.auth import Auth, NoAuth, Outgoing
from crossdock.connect.auth.bearer import Bearer
from crossdock.connect.auth.tokens import Tokens
from crossdock.connect.budget import Board, Budget, Budgets, Spent
from crossdock.connect.composing import Params, compose, full
from crossdock.connect.egress import EgressRefused, Guard, GuardedResolver, guarded_socket
from crossdock.connect.limits import Limits
from crossdock.connect.manifest import Manifest
from crossdock.connect.tls_words import said_of
from crossdock.connect.waits import retry_after_s
from crossdock.kit.clock import SystemClock
from crossdock.kit.failpoints import NONE, Failpoints
from crossdock.model.connection import Connection
from crossdock.model.outcome import Outcome, Retry, Throttled

USER_AGENT = f"Crossdock/{version('crossdock')}"
_TOO_MANY = 429
_REFUSED = 401
MAX_BODY = 32_000_000
"""Largest answer that is read, in bytes after decompression."""

Observer = Callable[[str, int], None]


class FailKind(StrEnum):
    """Why there was no answer."""

    REFUSED = "refused"
    TIMEOUT = "timeout"
    CUT = "cut"
    EGRESS = "egress"
    TLS = "tls"
    DNS = "dns"
    REDIRECT = "redirect"
    OVERSIZE = "oversize"
    ANSWER = "answer"
    """There was an answer, but not the one that was asked for: ``outcome`` says what it means."""


class CallFailed(Exception):
    """No usable answer came. ``sent`` False: the vendor surely saw nothing; True: it may have taken effect.

    A source raises it of kind ``answer`` when the vendor answered something else than what was read for (429, 401,
    500 …): ``outcome`` then says what that means (:meth:`~crossdock.connect.outcomes.Outcomes.expect`).
    """

    def __init__(
        self, kind: FailKind | str, sent: bool, reason: str, remedy: str = "", outcome: Outcome | None = None
    ) -> None:
        super().__init__(reason)
        self.kind, self.sent, self.reason, self.remedy = FailKind(kind), sent, reason, remedy
        self.outcome = outcome
        self.method = ""
        self.path = ""
        """What was asked, as in :class:`Reply`."""


class Reply(msgspec.Struct, frozen=True):
    """An answer. ``headers`` is case-insensitive; ``took_ms`` is the time from the call to its last byte."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    took_ms: float
    method: str = ""
    path: str = ""
    """What was asked, below the account's address; empty where the address itself is a secret."""

    def __repr__(self) -> str:
        return f"Reply({self.status}, {len(self.body)} bytes)"

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    @property
    def redirected(self) -> bool:
        """Whether the vendor points elsewhere; nobody goes there."""
        return 300 <= self.status < 400

    def json(self) -> Any:
        """Parse the body. Raises ``ValueError`` without a word of its content."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            raise ValueError(f"the answer (status {self.status}) is not JSON") from None


class Transport:
    """The process's one HTTP session: pooled connections behind the egress guard, no cookies, no proxies.

    Use as ``async with Transport(guard) as transport``. ``observe(connector, status)`` is told of every call made by
    a :class:`VendorClient`; status 0 means no answer. Connections are limited for each host alone: under a limit for
    all, some dead hosts could make every other wait.
    """

    def __init__(
        self,
        guard: Guard,
        *,
        observe: Observer | None = None,
        max_body: int = MAX_BODY,
        per_host: int = 64,
        tls: ssl.SSLContext | None = None,
        failpoints: Failpoints = NONE,
        board: Board | None = None,
    ) -> None:
        self.guard = guard
        self.failpoints = failpoints
        self.tls = tls
        """Whose certificates are believed; None: those of the system."""
        self.observe = observe
        self.budgets = Budgets(SystemClock(), board)
        self._max_body = max_body
        self._per_host = per_host
        self._session: aiohttp.ClientSession | None = None
        self._timeouts: dict[float, aiohttp.ClientTimeout] = {}

    async def __aenter__(self) -> Self:
        self._open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            connector = aiohttp.TCPConnector(
                resolver=GuardedResolver(self.guard),
                socket_factory=guarded_socket(self.guard),
                limit=0,
                limit_per_host=self._per_host,
                ttl_dns_cache=30,
                keepalive_timeout=20,
                ssl=self.tls or True,
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": USER_AGENT},
                trust_env=False,
                auto_decompress=True,
            )
            # aiohttp repeats an idempotent call once when a pooled connection was cut; a repeat is the flow's to
            # decide, and it publishes no switch for that
            self._session._retry_connection = False  # noqa: SLF001
        return self._session

    async def close(self) -> None:
        """Close all connections."""
        self.budgets.close()
        if self._session is not None:
            await self._session.close()
            self._session = None

    def checked(self, url: str, *, hosts: Sequence[str] = (), plain_http: bool = False) -> URL:
        """Return a URL ready for :meth:`send` after the guard has read it. Raises ``CallFailed`` (egress)."""
        try:
            self.guard.check_url(url, hosts=hosts, plain_http=plain_http)
        except EgressRefused as problem:
            raise CallFailed(FailKind.EGRESS, False, problem.problem, problem.remedy) from None
        return URL(url, encoded=True)

    def _timeout(self, seconds: float) -> aiohttp.ClientTimeout:
        known = self._timeouts.get(seconds)
        if known is None:
            # connecting gets less than the whole, so that a timeout after it means "sent"
            connect = min(10.0, seconds * 0.8)
            known = aiohttp.ClientTimeout(total=seconds, connect=connect, sock_connect=connect)
            if len(self._timeouts) < 64:
                self._timeouts[seconds] = known
        return known

    async def send(
        self, method: str, url: URL, headers: Mapping[str, str], body: bytes, timeout_s: float, path: str = ""
    ) -> Reply:
        """Make one call to a :meth:`checked` URL; ``path`` is how it is told to people. Raises :class:`CallFailed`."""
        session = self._session or self._open()
        began = time.perf_counter()
        try:
            async with session.request(
                method,
                url,
                data=body or None,
                headers=headers,
                allow_redirects=False,
                timeout=self._timeout(timeout_s),
            ) as response:
                received = await self._read(response)
                took = (time.perf_counter() - began) * 1000
                return Reply(response.status, response.headers, received, took, method, path)
        except (aiohttp.ClientError, TimeoutError, OSError, EgressRefused, ValueError) as problem:
            raise _failed(problem) from None

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        length = response.content_length
        if length is not None and length <= self._max_body and "Content-Encoding" not in response.headers:
            return await response.read()
        parts, size = [], 0
        async for part in response.content.iter_any():
            size += len(part)
            if size > self._max_body:
                response.close()
                raise CallFailed(FailKind.OVERSIZE, True, f"the answer is larger than {self._max_body} bytes")
            parts.append(part)
        return b"".join(parts)


def _failed(problem: Exception) -> CallFailed:
    """Name what went wrong, from our side's words alone."""
    if isinstance(problem, aiohttp.ClientConnectorCertificateError):
        reason, remedy = said_of(problem.certificate_error)
        return CallFailed(FailKind.TLS, False, reason, remedy)
    for kinds, kind, sent, reason in _FAILURES:
        if isinstance(problem, kinds):
            return CallFailed(kind, sent, reason)
    if isinstance(problem, EgressRefused):
        return CallFailed(FailKind.EGRESS, False, problem.problem, problem.remedy)
    return CallFailed(FailKind.CUT, True, "the connection was cut before the answer")


_FAILURES: tuple[tuple[tuple[type[BaseException], ...], FailKind, bool, str], ...] = (
    ((aiohttp.ClientConnectorDNSError,), FailKind.DNS, False, "the host's name is not known"),
    (
        (aiohttp.ClientConnectorCertificateError, aiohttp.ServerFingerprintMismatch),
        FailKind.TLS,
        False,
        "the host's certificate is not valid",
    ),
    ((aiohttp.ClientSSLError,), FailKind.TLS, False, "no secure connection could be made"),
    ((aiohttp.ClientConnectorError,), FailKind.REFUSED, False, "the host refuses the connection"),
    ((aiohttp.ConnectionTimeoutError,), FailKind.TIMEOUT, False, "the host could not be reached in time"),
    ((aiohttp.InvalidURL,), FailKind.REFUSED, False, "the URL cannot be used"),
    ((asyncio.TimeoutError, TimeoutError), FailKind.TIMEOUT, True, "no answer in time"),
    ((ValueError,), FailKind.REFUSED, False, "the request cannot be written (a header holds a line break?)"),
)


class VendorClient:
    """Calls to one account. ``base_url`` has no query; paths begin with ``/`` and are added to it as they are.

    The host is held to the manifest's list, or to the egress guard alone where people give the address;
    ``plain_http`` is the connection's own leave for http.
    """

    def __init__(
        self,
        transport: Transport,
        base_url: str,
        manifest: Manifest,
        *,
        auth: Auth | None = None,
        tokens: Tokens | None = None,
        headers: Mapping[str, str] | None = None,
        plain_http: bool = False,
        timeout_s: float | None = None,
        connection: Connection | None = None,
    ) -> None:
        """``connection``: whose account it is; its calls then keep to the account's budget. ``tokens`` in place of
        ``auth``: bearer tokens that end; one that is refused with 401 is renewed once, and the call made again."""
        self.transport = transport
        self._budgets = transport.budgets.over(connection, manifest.limits) if connection else ()
        self.manifest = manifest
        self.auth: Auth = auth or NoAuth()
        self._tokens = tokens
        self._base = base_url.rstrip("/")
        self._headers = dict(headers or {})
        self._plain_http = plain_http
        self._timeout_s = timeout_s or manifest.limits.timeout_s
        self._checked = False

    def __repr__(self) -> str:
        return f"VendorClient({self.manifest.name})"

    async def request(
        self,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        json: Any = None,
        form: Params | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
    ) -> Reply:
        """Make one call; any status is a reply. At most one of ``json``, ``form`` and ``body`` is given.

        Raises :class:`CallFailed` when no answer came, ``ValueError`` for a path that leaves the base.
        """
        self._look()
        composed = compose(self._base, {**self._headers, **(headers or {})}, (method, path), params, (json, form, body))
        if self._tokens is None:
            return await self._call(self.auth, composed, path, timeout_s)
        token = await self._tokens.current()
        reply = await self._call(Bearer(token), composed, path, timeout_s)
        if reply.status == _REFUSED:
            # refused: nothing was done, and the call may be made again
            newer = await self._tokens.renewed(token)
            if newer is not None:
                return await self._call(Bearer(newer), composed, path, timeout_s)
        return reply

    async def _call(self, auth: Auth, composed: Outgoing, path: str, timeout_s: float | None) -> Reply:
        name, failpoints = self.manifest.name, self.transport.failpoints
        async with turns(self._budgets, path) as budgets:
            outgoing = auth.apply(composed)
            observe = self.transport.observe
            await failpoints.reach(f"call {name}")
            try:
                url = URL(full(outgoing), encoded=True)
                seconds = timeout_s or self._timeout_s
                reply = await self.transport.send(outgoing.method, url, outgoing.headers, outgoing.body, seconds, path)
            except CallFailed as problem:
                if observe is not None:
                    observe(name, 0)
                problem.method, problem.path = outgoing.method, path
                raise
            await failpoints.reach(f"answer {name}")
            if observe is not None:
                observe(name, reply.status)
            learn(budgets, self.manifest.limits, reply)
        return reply

    def _look(self) -> None:
        if not self._checked:
            self.transport.checked(self._base, hosts=self.manifest.hosts.allow, plain_http=self._plain_http)
            self._checked = True


@contextlib.asynccontextmanager
async def turns(budgets: Sequence[tuple[str, Budget]], path: str) -> AsyncIterator[list[Budget]]:
    """Wait for a turn in every budget that a path falls under; the first is the one the answer tells about.

    Raises :class:`CallFailed`: nothing was sent.
    """
    found = [budget for part, budget in budgets if part in path]
    async with contextlib.AsyncExitStack() as stack:
        for budget in found:
            try:
                await stack.enter_async_context(budget.turn())
            except Spent as spent:
                outcome: Outcome = Throttled(spent.after_s, spent.reason, spent.from_priority)
                raise CallFailed(FailKind.ANSWER, False, spent.reason, outcome=outcome) from None
            except Exception as trouble:
                reason = f"the account's budget could not be asked for ({type(trouble).__name__})"
                raise CallFailed(FailKind.ANSWER, False, reason, outcome=Retry(reason)) from trouble
        yield found


def learn(budgets: Sequence[Budget], limits: Limits, reply: Reply) -> None:
    """Tell the first budget what an answer says; after a 429 the account rests as the vendor says, else one window."""
    for budget in budgets[:1]:
        rest_s = 0.0
        if reply.status == _TOO_MANY:
            said = retry_after_s(reply.headers, datetime.now(UTC))
            rest_s = said if said is not None else min((w.per_s for w in budget.caps.windows), default=1.0)
        budget.learn(limits, reply.status, reply.headers, rest_s)
