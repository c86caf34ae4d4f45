"""The check tells apart what can be wrong with a shop, and changes nothing there."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path
from typing import Any

import msgspec
import pytest

from crossdock.connect.client import Transport
from crossdock.connect.connector import Access, CheckResult
from crossdock.connect.sandbox import Asgi, Receive, Scope, Send, serving
from crossdock.connectors.woocommerce.client import WooCommerceClient
from crossdock.kit.clock import SetClock, SystemClock
from tests.contract.woocommerce.harness import CUSTOMER_KEY, HARNESS, READ_KEY, SECRET
from tests.journey.connect.stage import certificate, certified
from tests.support.listening import tls_before


async def tried(access: Access) -> CheckResult:
    """The check's result; what is wrong always comes with what to do."""
    result = await WooCommerceClient(access).check()
    if not result.ok:
        assert result.problem
        assert result.remedy
    assert SECRET not in repr(result)
    return result


def site(status: int, body: str, kind: str = "text/html", **headers: str) -> Asgi:
    """A server that answers one thing to everything."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive
        raw = [(b"content-type", kind.encode()), *((k.encode(), v.encode()) for k, v in headers.items())]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": body.encode()})

    return app


async def test_a_healthy_shop_tells_its_facts_and_nothing_changes() -> None:
    async with HARNESS.open() as bench:
        before = (await bench.raw("GET", "/_sandbox/state")).json()
        result = await tried(bench.good)
        after = (await bench.raw("GET", "/_sandbox/state")).json()
        port = bench.url.rsplit(":", 1)[1]
        assert result.ok
        assert result.account_uid == f"127-0-0-1-{port}"
        account = result.account
        assert (account["currency"], account["version"], account["hpos"]) == ("USD", "11.0.1", True)
        assert (account["time_zone"], account["gmt_offset"]) == ("America/Los_Angeles", -8)
        assert account["permissions"] == "read_write"
        assert account["site_url"].endswith(port)
        assert [text for text in result.warnings if "plain http" in text]
        assert len(result.warnings) == 1
        for name in ("orders", "customers", "products", "webhooks", "coupons"):
            assert before[name] == after[name]


@pytest.mark.parametrize(
    ("key", "secret", "code"),
    [
        ("ck_" + "0" * 40, SECRET, "wrong-keys"),
        (READ_KEY, "cs_" + "0" * 40, "signature"),
        (CUSTOMER_KEY, SECRET, "no-permission"),
        ("", SECRET, "wrong-keys"),
    ],
)
async def test_keys_that_are_wrong_or_may_not_read_are_told_apart(key: str, secret: str, code: str) -> None:
    async with HARNESS.open() as bench:
        result = await tried(bench.access(key, secret))
        assert (result.ok, result.code) == (False, code)


async def test_a_read_only_key_is_good_with_a_warning() -> None:
    async with HARNESS.open() as bench:
        result = await tried(bench.access(READ_KEY))
        assert result.ok
        assert result.account["permissions"] == "read"
        assert any("may only read" in text for text in result.warnings)


async def test_over_https_basic_is_used_and_wrong_secrets_are_named() -> None:
    async with HARNESS.open(tls=True) as bench:
        result = await tried(bench.good)
        assert result.ok
        assert "auth" not in result.account
        assert result.warnings == ()
        wrong = await tried(bench.access(secret="cs_" + "0" * 40))
        assert (wrong.ok, wrong.code) == (False, "wrong-keys")


async def test_a_stripped_authorization_header_is_found_and_the_keys_go_into_the_query() -> None:
    async with HARNESS.open(tls=True, strip_authorization=True) as bench:
        result = await tried(bench.good)
        assert result.ok
        assert result.account["auth"] == "query"
        assert any("strips the Authorization header" in text for text in result.warnings)
        assert (await WooCommerceClient(bench.access(account=result.account)).page("order", None)).done
        basic = await tried(bench.access(auth="basic"))
        assert (basic.ok, basic.code) == (False, "wrong-keys")


async def test_plain_permalinks_are_told_from_a_wrong_address() -> None:
    async with HARNESS.open() as bench:
        await bench.turn(plain_permalinks=True)
        assert (await tried(bench.good)).code == "permalinks-off"
        assert (await tried(bench.access(url=bench.url + "/shop"))).code == "wrong-url"
        assert (await tried(bench.access(url="ftp://shop.example"))).code == "wrong-url"
        assert (await tried(bench.access(url=""))).code == "wrong-url"


async def test_a_late_clock_is_named_before_signatures_fail() -> None:
    async with HARNESS.open() as bench:
        now = SystemClock().now()
        for minutes, code in ((20, "clock-skew"), (5, "")):
            clock = SetClock(now)
            clock.advance(minutes * 60)
            result = await tried(msgspec.structs.replace(bench.good, clock=clock))
            assert (result.ok, result.code) == (not code, code)
        assert any("seconds apart" in text for text in result.warnings)


INDEX = '{"name":"Blog","url":"http://x","home":"http://x","namespaces":["wp/v2"]}'


@pytest.mark.parametrize(
    ("app", "code"),
    [
        (site(200, INDEX, "application/json"), "no-woocommerce"),
        (site(200, "<html>Welcome</html>"), "wrong-url"),
        (site(403, "<html>Are you a robot?</html>"), "rest-blocked"),
        (site(401, '{"code":"rest_not_logged_in","message":"x"}', "application/json"), "rest-blocked"),
        (site(503, "<html>Maintenance</html>"), "maintenance"),
        (site(503, "<html>Too busy</html>"), "shop-down"),
        (site(429, ""), "throttled"),
        (site(301, "", location="https://www.shop.example/wp-json/"), "moved"),
        (site(302, "", location="/elsewhere"), "moved"),
    ],
)
async def test_what_is_no_shop_is_told_apart(app: Asgi, code: str) -> None:
    async with HARNESS.open() as bench, serving(app) as other:
        result = await tried(bench.access(url=other.url))
        assert (result.ok, result.code) == (False, code)
        if code == "moved":
            assert ("https://www.shop.example" in result.remedy) == ("www" in repr(result))


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize(
    "target", ["https://shop.example", "https://www.shop.example", "http://shop.example", "https://shop.example/store"]
)
async def test_a_redirect_to_https_www_or_elsewhere_is_named_and_not_followed(target: str, status: int) -> None:
    """From http to https, from the bare host to www and back: the remedy is the very address to give."""
    moved = site(status, "", location=f"{target}/wp-json/")
    async with HARNESS.open() as bench, serving(moved) as other:
        result = await tried(bench.access(url=other.url))
        assert (result.ok, result.code) == (False, "moved")
        assert result.remedy == f"give {target} as the address"


async def test_a_shop_whose_keys_meet_a_web_page_is_not_json() -> None:
    state: dict[str, Any] = {"index": INDEX.replace("wp/v2", "wc/v3")}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        whole = site(200, state["index"], "application/json") if scope["path"] == "/wp-json/" else site(200, "<html>")
        await whole(scope, receive, send)

    async with HARNESS.open() as bench, serving(app) as other:
        assert (await tried(bench.access(url=other.url))).code == "not-json"


async def test_nobody_there_and_plain_http_without_leave() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with HARNESS.open() as bench:
        assert (await tried(bench.access(url=f"http://127.0.0.1:{port}"))).code == "unreachable"
        assert (await tried(bench.access(url="http://10.0.0.1/"))).code == "egress"


async def test_redirects_in_circles_are_no_other_address() -> None:
    """Seen with plain permalinks, and with folders that are not there: the "other" address is the one given."""
    plain = INDEX.replace("wp/v2", "wc/v3")

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        here = f"http://{dict(scope['headers'])[b'host'].decode()}"
        asked_plainly = b"rest_route" in scope["query_string"]
        answer = site(200, plain.replace("http://x", here), "application/json")
        circle = site(301, "", location=f"{here}{scope['path'].removesuffix('/').replace('/index.php', '')}")
        await (answer if asked_plainly else circle)(scope, receive, send)

    async with HARNESS.open() as bench, serving(app) as other:
        assert (await tried(bench.access(url=other.url))).code == "permalinks-off"
        below = await tried(bench.access(url=f"{other.url}/shop"))
        assert (below.code, below.remedy) == ("wrong-url", f"give {other.url} as the address")


async def test_a_server_that_wants_no_slash_at_the_end_is_no_trouble() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        here = f"http://{dict(scope['headers'])[b'host'].decode()}"
        found = site(301, "", location=f"{here}/wp-json") if scope["path"] == "/wp-json/" else site(200, INDEX, "json")
        await found(scope, receive, send)

    async with HARNESS.open() as bench, serving(app) as other:
        assert (await tried(bench.access(url=other.url))).code == "no-woocommerce"


async def test_an_index_with_a_warning_before_it_is_no_json() -> None:
    async with HARNESS.open() as bench, serving(site(200, "<br />Warning: x" + INDEX)) as other:
        assert (await tried(bench.access(url=other.url))).code == "not-json"


async def test_a_shop_that_goes_by_another_name_is_told_from_a_wrong_secret() -> None:
    async with HARNESS.open() as bench:
        wrong = await tried(bench.access(secret="cs_" + "0" * 40))
        assert (wrong.code, "secret is wrong" in wrong.problem) == ("signature", True)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        refusal = '{"code":"woocommerce_rest_authentication_error","message":"Invalid signature - provided."}'
        index = INDEX.replace("wp/v2", "wc/v3").replace("http://x", "http://shop.example")
        found = site(200, index, "json") if scope["path"] == "/wp-json/" else site(401, refusal, "application/json")
        await found(scope, receive, send)

    async with HARNESS.open() as bench, serving(app) as other:
        named = await tried(bench.access(url=other.url))
        assert (named.code, named.remedy) == ("signature", "give http://shop.example as the address")


@pytest.mark.parametrize(
    ("host", "days", "words"),
    [("127.0.0.1", 30, "signed by itself"), ("127.0.0.1", -1, "expired"), ("shop.example", 30, "another name")],
)
async def test_trouble_with_a_certificate_is_named(tmp_path: Path, host: str, days: int, words: str) -> None:
    chain = certificate(tmp_path, host=host, days=days)
    # only the one fault that is meant: what is not about trust is tried with trust
    trust = None if words == "signed by itself" else ssl.create_default_context(cafile=str(chain))
    async with (
        HARNESS.open() as bench,
        tls_before(bench.url, certified(chain)) as url,
        Transport(bench.transport.guard, tls=trust) as transport,
    ):
        result = await tried(msgspec.structs.replace(bench.access(url=url), transport=transport))
    assert (result.ok, result.code) == (False, "tls")
    assert words in result.problem


async def test_versions_money_and_tax_settings_are_recorded() -> None:
    async with HARNESS.open(prices_include_tax=True, round_at_subtotal=True) as bench:
        account = (await tried(bench.good)).account
    assert (account["version"], account["wordpress"], account["php"]) == ("11.0.1", "6.9", "8.2.35")
    assert (account["price_decimals"], account["currency"]) == (2, "USD")
    assert (account["prices_include_tax"], account["round_at_subtotal"]) == (True, True)
