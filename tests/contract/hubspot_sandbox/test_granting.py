"""The sandbox's page of consent and its token doors refuse what HubSpot refuses."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import aiohttp
import pytest
import pytest_asyncio

from crossdock.connect.sandbox import serving
from crossdock.connectors.hubspot.sandbox import AppFacts, HubSpotSandbox, Settings

BACK = "https://hub.example/oauth/callback"
APP = {"client_id": "app-1", "client_secret": "secret-1"}
SCOPES = ["oauth", "crm.objects.contacts.read"]
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
ASKED = {
    "response_type": "code",
    "client_id": "app-1",
    "redirect_uri": BACK,
    "scope": " ".join(SCOPES),
    "state": "s1",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}


class Caller:
    """Somebody with an HTTP client."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url, self._session = url, session

    async def page(self, **changes: Any) -> tuple[int, dict[str, str], Any]:
        """Open the page; returns status, what the browser is sent back with, and the body."""
        query = {name: value for name, value in {**ASKED, **changes}.items() if value is not None}
        address = f"{self.url}/oauth/authorize?{urlencode(query)}"
        async with self._session.get(address, allow_redirects=False) as response:
            back = dict(parse_qsl(urlsplit(response.headers.get("location", "")).query))
            return response.status, back, await response.text()

    async def token(self, path: str = "token", **form: Any) -> tuple[int, Any]:
        sent = {name: value for name, value in {**APP, **form}.items() if value is not None}
        async with self._session.post(f"{self.url}/oauth/2026-09/{path}", data=sent) as response:
            return response.status, await response.json()

    async def code(self, **changes: Any) -> str:
        return (await self.page(**changes))[1]["code"]

    async def exchange(self, **changes: Any) -> tuple[int, Any]:
        code = changes.pop("code", None) or await self.code()
        given = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
        return await self.token(**{**given, **changes})

    async def call(self, method: str, path: str, token: str = "", **more: Any) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with self._session.request(method, self.url + path, headers=headers, **more) as response:
            return response.status, await response.json()


@pytest_asyncio.fixture
async def caller() -> AsyncIterator[Caller]:
    apps = [AppFacts(**APP, redirect_uris=[BACK], scopes=[*SCOPES, "crm.objects.orders.read"])]
    other = AppFacts("app-2", "secret-2", [BACK])
    async with (
        serving(HubSpotSandbox(Settings(apps=[*apps, other]))) as served,
        aiohttp.ClientSession() as session,
    ):
        yield Caller(served.url, session)


async def test_a_grant_opens_what_it_names(caller: Caller) -> None:
    status, answer = await caller.exchange()
    assert (status, answer["hub_id"], answer["scopes"], answer["expires_in"]) == (200, 62515, SCOPES, 1800)
    assert (await caller.call("GET", "/crm/objects/2026-09/contacts", answer["access_token"]))[0] == 200
    assert (await caller.call("GET", "/crm/objects/2026-09/deals", answer["access_token"]))[0] == 403
    told = await caller.token("token/introspect", token=answer["access_token"])
    assert (told[0], told[1]["active"], told[1]["hub_id"]) == (200, True, 62515)


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "app-9"},
        {"redirect_uri": "https://evil.example/"},
        {"scope": "oauth crm.objects.deals.read"},
        {"scope": None},
        {"code_challenge_method": "plain"},
        {"response_type": "token"},
    ],
)
async def test_the_page_sends_nobody_anywhere(caller: Caller, changes: dict[str, Any]) -> None:
    status, back, _ = await caller.page(**changes)
    assert (status, back) == (400, {})


async def test_the_page_gives_state_back_and_optional_scopes(caller: Caller) -> None:
    status, back, _ = await caller.page(optional_scope="crm.objects.orders.read")
    assert (status, back["state"]) == (302, "s1")
    assert (await caller.exchange(code=back["code"]))[1]["scopes"] == [*SCOPES, "crm.objects.orders.read"]


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "app-2", "client_secret": "secret-2"}, 400, "invalid_grant"),
        ({"redirect_uri": "https://hub.example/other"}, 400, "invalid_grant"),
        ({"code_verifier": "w" * 64}, 400, "invalid_grant"),
        ({"code_verifier": None}, 400, "invalid_grant"),
        ({"code": "made-up"}, 400, "invalid_grant"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    ],
)
async def test_exchanges_that_are_refused(caller: Caller, changes: dict[str, Any], status: int, error: str) -> None:
    got, answer = await caller.exchange(**changes)
    assert (got, answer["error"]) == (status, error)


async def test_a_code_serves_once_and_for_a_minute(caller: Caller) -> None:
    code = await caller.code()
    assert (await caller.exchange(code=code))[0] == 200
    assert (await caller.exchange(code=code))[1]["error"] == "invalid_grant"
    late = await caller.code()
    await caller.call("POST", "/_sandbox/clock", json={"advance_s": 61})
    assert (await caller.exchange(code=late))[1]["error"] == "invalid_grant"


async def test_a_refresh_token_stays_until_it_is_revoked(caller: Caller) -> None:
    first = (await caller.exchange())[1]
    renewed = await caller.token(grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert renewed[1]["refresh_token"] == first["refresh_token"]
    assert renewed[1]["access_token"] != first["access_token"]
    others = {"client_id": "app-2", "client_secret": "secret-2"}
    refused = await caller.token(grant_type="refresh_token", refresh_token=first["refresh_token"], **others)
    assert refused[1]["error"] == "invalid_grant"
    assert (await caller.token("token/revoke", token=first["refresh_token"]))[0] == 200
    refused = await caller.token(grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert (refused[0], refused[1]["error"]) == (400, "invalid_grant")
    status, answer = await caller.call("GET", "/crm/objects/2026-09/contacts", renewed[1]["access_token"])
    assert (status, answer["category"]) == (401, "EXPIRED_AUTHENTICATION")
    assert (await caller.token("token/introspect", token=renewed[1]["access_token"]))[1] == {"active": False}


async def test_tokens_end(caller: Caller) -> None:
    answer = (await caller.exchange())[1]
    await caller.call("POST", "/_sandbox/clock", json={"advance_s": 1801})
    status, told = await caller.call("GET", "/crm/objects/2026-09/contacts", answer["access_token"])
    assert (status, told["category"]) == (401, "EXPIRED_AUTHENTICATION")


async def test_doors_take_a_form_by_post_alone(caller: Caller) -> None:
    path = "/oauth/2026-09/token"
    assert (await caller.call("POST", path, json={**APP}))[0] == 415
    assert (await caller.call("POST", f"{path}?client_secret=secret-1", data=APP))[0] == 400
    assert (await caller.call("GET", path))[0] == 405
    assert (await caller.call("POST", "/oauth/2025-01/token", data=APP))[0] == 404
    assert (await caller.call("POST", "/oauth/authorize"))[0] == 405
    twice = urlencode([*APP.items(), ("client_id", "app-2")])
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    async with caller._session.post(caller.url + path, data=twice, headers=form) as response:
        assert response.status == 400
