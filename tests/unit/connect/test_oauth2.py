"""OAuth 2.0 on the wire: what is asked, and what every kind of answer means."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import orjson
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc import jwt
from joserfc.jwk import RSAKey

from crossdock.connect.auth.facts import ClientProof, OAuth2Facts
from crossdock.connect.auth.jwt_bearer import JwtBearer, Statement
from crossdock.connect.auth.oauth2 import App, Denied, DeniedKind, Issued, OAuth2, base_of
from crossdock.connect.client import CallFailed, Transport, VendorClient
from crossdock.connect.egress import Guard
from crossdock.connect.manifest import ManifestError, parse
from crossdock.connect.sandbox import Receive, Scope, Send, serving
from crossdock.model.outcome import Refresh, Retry, Throttled
from tests.unit.connect.test_client import manifest
from tests.unit.connect.test_manifest import GOOD

OPEN = Guard(("127.0.0.1/32",), production=False)
URLS = {"authorize_url": "https://acme.example/authorize", "token_url": "https://acme.example/token"}
SECRET, REFRESH = "canary-secret-1", "canary-refresh-1"


class Script:
    """A token address that answers what it is told, and remembers what it was asked."""

    def __init__(self) -> None:
        self.status, self.answer, self.headers = 200, b"{}", {"content-type": "application/json"}
        self.asked: list[dict[str, str]] = []
        self.proofs: list[str] = []
        self.url = ""

    def say(self, status: int, value: Any, **headers: str) -> None:
        self.status = status
        self.answer = value if isinstance(value, bytes) else orjson.dumps(value)
        self.headers = {"content-type": "application/json", **headers}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = (await receive()).get("body", b"")
        sent = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.proofs.append(sent.get("authorization", ""))
        self.asked.append(dict(parse_qsl(body.decode(), keep_blank_values=True)))
        headers = [(name.encode(), value.encode()) for name, value in self.headers.items()]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.answer})


@pytest_asyncio.fixture
async def script() -> AsyncIterator[Script]:
    made = Script()
    async with serving(made) as served:
        made.url = served.url
        yield made


@pytest_asyncio.fixture
async def transport() -> AsyncIterator[Transport]:
    async with Transport(OPEN) as opened:
        yield opened


def client(script: Script, transport: Transport, **facts: Any) -> OAuth2:
    return OAuth2(OAuth2Facts(**{**URLS, **facts}), App("me", SECRET), transport, base=script.url)


def test_the_page_binds_state_and_challenge() -> None:
    facts = OAuth2Facts(
        **URLS, optional_scope_param="optional_scope", authorize_params={"prompt": "consent"}, scope_separator=","
    )
    url = OAuth2(facts, App("me&you", SECRET), Transport(OPEN)).page(
        redirect_uri="https://hub.example/oauth/callback?x=1",
        scopes=["a.read", "b:write"],
        optional=["c"],
        state="s+t",
        verifier="v" * 64,
    )
    query = parse_qs(urlsplit(url).query)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(b"v" * 64).digest()).decode().rstrip("=")
    assert query == {
        "response_type": ["code"],
        "client_id": ["me&you"],
        "redirect_uri": ["https://hub.example/oauth/callback?x=1"],
        "scope": ["a.read,b:write"],
        "optional_scope": ["c"],
        "state": ["s+t"],
        "prompt": ["consent"],
        "code_challenge": [challenge],
        "code_challenge_method": ["S256"],
    }
    assert url.startswith("https://acme.example/authorize?")
    assert SECRET not in url


async def test_an_exchange_is_a_form_in_the_body(script: Script, transport: Transport) -> None:
    script.say(200, {"access_token": "a1", "refresh_token": "r1", "expires_in": "1800", "scope": "x y"})
    issued = await client(script, transport).exchange("c1", redirect_uri="https://hub.example/cb", verifier="v1")
    assert issued == Issued("a1", "r1", 1800.0, ("x", "y"))
    assert script.asked == [
        {
            "grant_type": "authorization_code",
            "code": "c1",
            "redirect_uri": "https://hub.example/cb",
            "code_verifier": "v1",
            "client_id": "me",
            "client_secret": SECRET,
        }
    ]
    assert "a1" not in repr(issued)


async def test_a_basic_proof_is_form_encoded_before_it_is_put_together(script: Script, transport: Transport) -> None:
    script.say(200, {"access_token": "a1"})
    facts = OAuth2Facts(**URLS, client_auth=ClientProof.BASIC)
    made = OAuth2(facts, App("m:e", "p%:+ü"), transport, base=script.url)
    await made.refresh("r1")
    expected = base64.b64encode(b"m%3Ae:p%25%3A%2B%C3%BC").decode()
    assert script.proofs == [f"Basic {expected}"]
    assert script.asked == [{"grant_type": "refresh_token", "refresh_token": "r1"}]


@pytest.mark.parametrize(
    ("said", "expires", "scopes"),
    [
        ({"scopes": ["a", "b"]}, None, ("a", "b")),
        ({"expires_in": 0, "scope": None}, None, None),
        ({"expires_in": 60.5, "scope": ""}, 60.5, None),
        ({"expires_in": "soon", "scope": "a"}, None, ("a",)),
    ],
)
async def test_answers_in_several_manners(
    script: Script, transport: Transport, said: dict[str, Any], expires: float | None, scopes: tuple[str, ...] | None
) -> None:
    script.say(200, {"access_token": "a1", **said})
    assert await client(script, transport).refresh(REFRESH) == Issued("a1", None, expires, scopes)


@pytest.mark.parametrize(
    ("status", "said", "kind"),
    [
        (400, {"error": "invalid_grant", "error_description": f"token {REFRESH} is gone"}, DeniedKind.GRANT),
        (400, {"status": "BAD_REFRESH_TOKEN", "message": "gone"}, DeniedKind.GRANT),
        (401, {"error": "invalid_client"}, DeniedKind.APP),
        (400, {"error": "invalid_request", "error_description": f"secret {SECRET}"}, DeniedKind.APP),
        (200, {"error": "invalid_grant"}, DeniedKind.GRANT),
        (403, b"<html>no</html>", DeniedKind.APP),
    ],
)
async def test_refusals_say_whose_turn_it_is_and_quote_no_secret(
    script: Script, transport: Transport, status: int, said: Any, kind: DeniedKind
) -> None:
    script.say(status, said)
    revoked = ("invalid_grant", "BAD_REFRESH_TOKEN")
    with pytest.raises(Denied) as denied:
        await client(script, transport, revoked=revoked).refresh(REFRESH)
    assert denied.value.kind is kind
    assert REFRESH not in str(denied.value)
    assert SECRET not in str(denied.value)


@pytest.mark.parametrize(
    ("status", "said", "sent"), [(500, b"", True), (503, b"x", True), (200, b"<html>", True), (302, b"", True)]
)
async def test_what_is_no_answer_may_have_taken_effect(
    script: Script, transport: Transport, status: int, said: bytes, sent: bool
) -> None:
    script.say(status, said)
    with pytest.raises(CallFailed) as failed:
        await client(script, transport).refresh(REFRESH)
    assert (failed.value.sent, type(failed.value.outcome)) == (sent, Retry)


async def test_429_is_obeyed_and_did_nothing(script: Script, transport: Transport) -> None:
    script.say(429, {}, **{"retry-after": "77"})
    with pytest.raises(CallFailed) as failed:
        await client(script, transport).refresh(REFRESH)
    assert (failed.value.sent, failed.value.outcome) == (False, Throttled(77.0, failed.value.reason))


async def test_tokens_are_sent_to_the_vendor_s_own_hosts_alone(script: Script, transport: Transport) -> None:
    made = OAuth2(OAuth2Facts(**URLS), App("me", SECRET), transport, hosts=("api.acme.example",))
    with pytest.raises(CallFailed, match="no host of this vendor"):
        await made.refresh(REFRESH)
    assert script.asked == []


def test_an_account_s_own_address_takes_the_place_of_the_facts() -> None:
    facts = OAuth2Facts(**URLS, base_field="url")
    assert base_of(facts, {"url": "https://other.example"}, "https://acme.example") == "https://other.example"
    assert base_of(facts, {"url": "https://acme.example"}, "https://acme.example") == ""
    assert base_of(OAuth2Facts(**URLS), {"url": "https://other.example"}, None) == ""


_OAUTH = GOOD.replace('kinds = ["bearer"]', 'kinds = ["bearer", "oauth2"]')
_FACTS = '[auth.oauth2]\nauthorize_url = "https://acme.example/a"\ntoken_url = "https://api.acme.example/t"\n'


@pytest.mark.parametrize(
    ("more", "field", "rule"),
    [
        ("", "auth.oauth2", "expected for the kind"),
        (_FACTS.replace("api.acme", "evil"), "auth.oauth2.token_url", "not among hosts.allow"),
        (_FACTS.replace("https://acme", "http://acme"), "auth.oauth2.authorize_url", "https://host/path"),
        (_FACTS + 'base_field = "size"', "auth.oauth2.base_field", "no url field"),
        (_FACTS + "grace_s = 5.0", "auth.oauth2.grace_s", "rotate"),
        (_FACTS + 'client_auth = "none"\npkce = "none"', "auth.oauth2.pkce", "S256"),
        (_FACTS + 'pkce = "plain"', "auth.oauth2.pkce", "plain"),
    ],
)
def test_facts_that_cannot_be_are_refused(more: str, field: str, rule: str) -> None:
    with pytest.raises(ManifestError) as wrong:
        parse(_OAUTH.replace("[hosts]", f"{more}\n[hosts]"))
    assert wrong.value.field == field
    assert rule in wrong.value.rule


def test_facts_that_can_be() -> None:
    found = parse(_OAUTH.replace("[hosts]", f"{_FACTS}\n[hosts]")).auth.oauth2
    assert found is not None
    assert (found.pkce, found.rotates, found.revoked) == ("S256", False, ("invalid_grant",))


class Purse:
    """Tokens by hand: each renewal is counted."""

    def __init__(self, *tokens: str) -> None:
        self.tokens, self.renewals = list(tokens), 0

    async def current(self) -> str:
        return self.tokens[0]

    async def renewed(self, refused: str) -> str | None:
        assert refused == self.tokens[0]
        self.renewals += 1
        del self.tokens[0]
        return self.tokens[0] if self.tokens else None


@pytest.mark.parametrize(
    ("tokens", "status", "calls"), [(("a",), 401, 1), (("a", "b"), 401, 2), (("a", "b", "c"), 401, 2)]
)
async def test_a_refused_call_is_made_once_more(
    script: Script, transport: Transport, tokens: tuple[str, ...], status: int, calls: int
) -> None:
    script.say(401, {})
    purse = Purse(*tokens)
    reply = await VendorClient(transport, script.url, manifest(), tokens=purse).request("POST", "/x", json={"n": 1})
    assert (reply.status, script.proofs) == (401, [f"Bearer {token}" for token in tokens[:calls]])
    assert purse.renewals == 1


def private_key() -> tuple[str, Any]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    return pem.decode(), RSAKey.import_key(pem)


async def test_a_signed_statement_brings_a_token_once_for_all(script: Script, transport: Transport) -> None:
    pem, known = private_key()
    script.say(200, {"access_token": "a1", "expires_in": 3600})
    statement = Statement("me", "robot@acme.example", "https://acme.example/token", pem, claims={"scope": "x"})
    tokens = JwtBearer(client(script, transport), statement)
    assert await asyncio.gather(*(tokens.current() for _ in range(5))) == ["a1"] * 5
    (asked,) = script.asked
    assert asked["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    claims = jwt.decode(asked["assertion"], known, algorithms=["RS256"]).claims
    assert (claims["iss"], claims["sub"], claims["scope"]) == ("me", "robot@acme.example", "x")
    assert (claims["aud"], claims["exp"] - claims["iat"]) == ("https://acme.example/token", 180)
    script.say(200, {"access_token": "a2", "expires_in": 3600})
    assert await tokens.renewed("a1") == "a2"
    assert await tokens.renewed("a1") == "a2"
    assert (len(script.asked), await tokens.current()) == (2, "a2")


async def test_a_statement_that_cannot_be_signed_or_is_refused_breaks_by_name(
    script: Script, transport: Transport
) -> None:
    script.say(400, {"error": "invalid_grant"})
    with pytest.raises(CallFailed, match="private key is none") as failed:
        await JwtBearer(client(script, transport), Statement("me", "", "x", "no key")).current()
    assert isinstance(failed.value.outcome, Refresh)
    assert script.asked == []
    with pytest.raises(CallFailed, match="does not take our signed statement") as failed:
        await JwtBearer(client(script, transport), Statement("me", "", "x", private_key()[0])).current()
    assert isinstance(failed.value.outcome, Refresh)
