"""Calls over loopback: what is sent, what comes back, and what is said when nothing does."""

from __future__ import annotations

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
import pytest_asyncio

from crossdock.connect.auth import NoAuth
from crossdock.connect.auth.bearer import Bearer
from crossdock.connect.client import USER_AGENT, CallFailed, FailKind, Transport, VendorClient
from crossdock.connect.egress import Guard
from crossdock.connect.manifest import Manifest, parse
from crossdock.connect.sandbox import Receive, Scope, Send, serving

OPEN = Guard(("127.0.0.1/32",), production=False)


def manifest(hosts: str = "user_given = true") -> Manifest:
    return parse(
        f"""
        form = []
        [identity]
        name = "acme"
        title = "Acme"
        version = "1"
        docs = "https://acme.example"
        categories = []
        [auth]
        kinds = ["none"]
        [hosts]
        {hosts}
        [limits]
        timeout_s = 5.0
        [quality]
        """
    )


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer what was asked; some paths misbehave."""
    path = scope["path"]
    body = (await receive()).get("body", b"")
    if path.endswith("/slow"):
        await asyncio.sleep(30)
    if path.endswith("/half"):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"9")]})
        raise ConnectionAbortedError
    headers: list[Any] = [(b"content-type", b"application/json")]
    status = 302 if path.endswith("/moved") else 200
    if status == 302:
        headers.append((b"location", b"http://169.254.169.254/"))
    told = {
        "method": scope["method"],
        "path": scope["raw_path"].decode(),
        "query": scope["query_string"].decode(),
        "headers": {k.decode(): v.decode() for k, v in scope["headers"]},
        "body": body.decode(),
    }
    answer = b"not json" if path.endswith("/text") else orjson.dumps(told)
    if path.endswith("/bomb"):
        answer = gzip.compress(b"0" * 5_000_000)
        headers.append((b"content-encoding", b"gzip"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": answer})


@pytest_asyncio.fixture
async def url() -> AsyncIterator[str]:
    async with serving(echo) as served:
        yield served.url


@pytest_asyncio.fixture
async def transport() -> AsyncIterator[Transport]:
    async with Transport(OPEN, max_body=1_000_000) as opened:
        yield opened


async def test_a_call_is_sent_as_it_is_written(url: str, transport: Transport) -> None:
    seen: list[tuple[str, int]] = []
    transport.observe = lambda name, status: seen.append((name, status))
    client = VendorClient(
        transport, url + "/base/", manifest(), auth=Bearer("t"), headers={"Accept": "application/json"}
    )
    reply = await client.request(
        "POST", "/notes/a b/ü", params=[("status[0]", "a+b"), ("n", 1)], json={"x": "ü"}, headers={"X-One": "1"}
    )
    told = reply.json()
    assert reply.ok
    assert reply.took_ms > 0
    assert (told["method"], told["path"]) == ("POST", "/base/notes/a%20b/%C3%BC")
    assert told["query"] == "status%5B0%5D=a%2Bb&n=1"
    assert told["body"] == '{"x":"ü"}'
    wanted = {"authorization": "Bearer t", "x-one": "1", "content-type": "application/json", "user-agent": USER_AGENT}
    assert wanted.items() <= told["headers"].items()
    assert reply.headers["CONTENT-TYPE"] == "application/json"
    assert seen == [("acme", 200)]


async def test_bodies_of_each_kind(url: str, transport: Transport) -> None:
    client = VendorClient(transport, url, manifest())
    form = (await client.request("POST", "/f", form={"a": "1 2", "b": "ü"})).json()
    assert (form["body"], form["headers"]["content-type"]) == ("a=1+2&b=%C3%BC", "application/x-www-form-urlencoded")
    raw = (await client.request("PUT", "/r", body=b"raw", headers={"Content-Type": "text/csv"})).json()
    assert (raw["body"], raw["headers"]["content-type"]) == ("raw", "text/csv")
    with pytest.raises(ValueError, match="at most one"):
        await client.request("POST", "/", json={}, body=b"")


@pytest.mark.parametrize(
    "path", ["orders", "/a?b=c", "/a#b", "//evil.example/", "/../admin", "/a/..", "/a\\b", "/a\nb"]
)
async def test_a_path_stays_below_its_base(path: str, transport: Transport) -> None:
    client = VendorClient(transport, "http://127.0.0.1:1", manifest())
    with pytest.raises(ValueError, match="a path"):
        await client.request("GET", path)


async def test_redirects_are_shown_and_not_followed(url: str, transport: Transport) -> None:
    reply = await VendorClient(transport, url, manifest()).request("GET", "/moved")
    assert (reply.status, reply.redirected, reply.ok) == (302, True, False)


async def test_an_answer_that_is_no_json_is_told_without_its_content(url: str, transport: Transport) -> None:
    reply = await VendorClient(transport, url, manifest()).request("GET", "/text")
    with pytest.raises(ValueError, match="status 200") as caught:
        reply.json()
    assert "not json" not in str(caught.value)
    assert "not json" not in repr(reply)


async def _fails(client: VendorClient, path: str, **more: Any) -> CallFailed:
    with pytest.raises(CallFailed) as caught:
        await client.request("POST", path, **more)
    assert caught.value.__cause__ is None
    assert "canary" not in f"{caught.value} {caught.value.remedy}"
    return caught.value


async def test_no_answer_says_whether_it_was_sent(url: str, transport: Transport) -> None:
    seen: list[int] = []
    transport.observe = lambda _, status: seen.append(status)
    client = VendorClient(transport, url + "/canary", manifest())
    slow = await _fails(client, "/slow", timeout_s=0.2)
    assert (slow.kind, slow.sent) == (FailKind.TIMEOUT, True)
    half = await _fails(client, "/half")
    assert (half.kind, half.sent) == (FailKind.CUT, True)
    big = await _fails(client, "/bomb")
    assert (big.kind, big.sent) == (FailKind.OVERSIZE, True)
    assert seen == [0, 0, 0]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    refused = await _fails(VendorClient(transport, f"http://127.0.0.1:{port}/canary", manifest()), "")
    assert (refused.kind, refused.sent) == (FailKind.REFUSED, False)
    tls = await _fails(VendorClient(transport, url.replace("http:", "https:") + "/canary", manifest()), "")
    assert (tls.kind, tls.sent) == (FailKind.TLS, False)
    written = await _fails(VendorClient(transport, url, manifest()), "/x", headers={"X-A": "a\r\nX-B: canary"})
    assert (written.kind, written.sent) == (FailKind.REFUSED, False)
    dns = await _fails(VendorClient(transport, "http://canary.invalid", manifest()), "")
    assert (dns.kind, dns.sent) == (FailKind.DNS, False)


async def test_the_guard_stands_before_every_call(url: str) -> None:
    async with Transport(Guard()) as closed:
        for base in (url, "https://localhost/", "https://127.0.0.1/", "ftp://a.example"):
            failure = await _fails(VendorClient(closed, base, manifest(), plain_http=True), "/x")
            assert (failure.kind, failure.sent) == (FailKind.EGRESS, False)
            assert failure.remedy
    async with Transport(OPEN) as opened:
        named = manifest('allow = ["api.acme.example"]')
        failure = await _fails(VendorClient(opened, "https://evil.example", named), "/x")
        assert failure.kind is FailKind.EGRESS
        assert (await VendorClient(opened, url, named).request("GET", "/x")).ok


async def test_proxies_of_the_environment_are_ignored(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    async with Transport(OPEN) as transport:
        assert (await VendorClient(transport, url, manifest(), auth=NoAuth()).request("GET", "/x")).ok


async def test_a_cut_call_is_not_repeated_in_secret() -> None:
    """An idempotent call over a pooled connection that is cut is one call, not two."""
    calls = 0

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal calls
        while await reader.readline():
            while (await reader.readline()).strip():
                pass
            calls += 1
            if calls > 1:
                break
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(once, "127.0.0.1", 0)
    async with server, Transport(OPEN) as transport:
        client = VendorClient(transport, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", manifest())
        assert (await client.request("PUT", "/a")).body == b"ok"
        with pytest.raises(CallFailed) as caught:
            await client.request("PUT", "/a")
        assert (caught.value.kind, caught.value.sent) == (FailKind.CUT, True)
    assert calls == 2


async def test_a_transport_opens_itself_and_closes_twice(url: str) -> None:
    transport = Transport(OPEN)
    assert (await transport.send("GET", transport.checked(url + "/x"), {}, b"", 5.0)).ok
    await transport.close()
    await transport.close()
    assert repr(VendorClient(transport, url, manifest())) == "VendorClient(acme)"


async def test_a_name_is_pinned_to_the_address_that_was_looked_at(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A public name that stands for this machine is refused, and reached only where the network is open."""
    loop = asyncio.get_running_loop()
    real = loop.getaddrinfo
    asked: list[str] = []

    async def names(host: str, port: int, **more: Any) -> Any:
        if host != "shop.example.com":
            return await real(host, port, **more)
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(loop, "getaddrinfo", names)
    base = url.replace("127.0.0.1", "shop.example.com")
    async with Transport(Guard()) as closed:
        failure = await _fails(VendorClient(closed, base, manifest(), plain_http=True), "/x")
        assert (failure.kind, failure.sent) == (FailKind.EGRESS, False)
    async with Transport(OPEN) as opened:
        client = VendorClient(opened, base, manifest())
        for _ in range(3):
            reply = await client.request("GET", "/x")
            assert reply.json()["headers"]["host"].startswith("shop.example.com:")
    assert asked == ["shop.example.com"] * 2
