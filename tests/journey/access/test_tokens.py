"""Short-lived tokens: what a key may make of itself, what they reach, how they end, and every way of forging one."""

from __future__ import annotations

import base64
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jwt
from joserfc.jwk import KeySet, OKPKey

from crossdock.errors import Forbidden, Unauthenticated
from crossdock.govern.programs.tokens import Tokens
from crossdock.govern.vault import Vault
from crossdock.kit.clock import SetClock
from crossdock.kit.ids import Prefix, show
from crossdock.wiring import Hub
from tests.journey.doors.street import Street, is_problem
from tests.support.hub import key_of, until

OLD, NEW = b"a" * 32, b"b" * 32


async def ask(doors: Street, key: str, **asked: Any) -> Any:
    answer = await doors.post("/api/v1/tokens", asked, key)
    assert answer.status == 201, answer.body
    return answer.json


def part(token: str, at: int) -> dict[str, Any]:
    text = token.split(".")[at]
    found: dict[str, Any] = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return found


def coded(value: Any) -> str:
    return base64.urlsafe_b64encode(value if isinstance(value, bytes) else orjson.dumps(value)).decode().rstrip("=")


async def taken(tokens: Tokens, token: str) -> bool:
    """Whether a token is taken for one of ours."""
    try:
        await tokens.verify(token)
    except Unauthenticated:
        return False
    return True


async def test_a_token_does_what_was_asked_for_it(hub: Hub, doors: Street) -> None:
    key = await key_of(hub, "write", "read")
    made = await ask(doors, key, scopes=["read"], minutes=5)
    told = (await doors.get("/api/v1/me", made["token"])).json
    assert (told["kind"], told["scopes"], told["name"]) == ("token", ["read"], "test")
    assert told["actor"] == (await doors.get("/api/v1/me", key)).json["actor"], "the audit names the key"
    assert datetime.fromisoformat(told["expires_at"]) - datetime.now(UTC) <= timedelta(minutes=5)
    assert (await doors.get("/api/v1/status", made["token"])).status == 200
    is_problem(await doors.post("/api/v1/proofs", {}, made["token"]), 403, "forbidden")
    whole = (await ask(doors, key))["token"]
    assert (await doors.get("/api/v1/me", whole)).json["scopes"] == ["operate", "read", "write"]
    assert set(part(whole, 0)) == {"typ", "alg", "kid"}
    assert set(part(whole, 1)) == {"iss", "aud", "sub", "scope", "jti", "iat", "exp"}


async def test_what_is_not_given_out(hub: Hub, doors: Street) -> None:
    key, admin = await key_of(hub, "write"), await key_of(hub, "admin")
    is_problem(await doors.post("/api/v1/tokens", {"scopes": ["read"]}, key), 403, "forbidden")
    is_problem(await doors.post("/api/v1/tokens", {"scopes": ["admin"]}, key), 403, "forbidden")
    for wrong, field in (({"minutes": 61}, "minutes"), ({"minutes": 0}, "minutes"), ({"audience": ""}, "audience")):
        is_problem(await doors.post("/api/v1/tokens", wrong, key), 400, "bad-input", field)
    token = (await ask(doors, admin))["token"]
    for path, body in (("tokens", {}), ("keys", {"name": "x", "scopes": ["read"]})):
        is_problem(await doors.post(f"/api/v1/{path}", body, token), 403, "forbidden")
    own = (await doors.get("/api/v1/me", admin)).json["actor"]
    is_problem(await doors.post(f"/api/v1/keys/{own}/rotate", {}, token), 403, "forbidden")
    assert (await doors.get("/api/v1/keys", token)).status == 200


async def test_a_token_ends_with_its_key(hub: Hub, doors: Street) -> None:
    tenant = await hub.tenants.find()
    key_id, key = await hub.keys.add(tenant, "robot", ["read"])
    token = (await ask(doors, key))["token"]
    assert (await doors.get("/api/v1/me", token)).status == 200
    await hub.keys.revoke(tenant, key_id)

    async def refused() -> Any:
        return (await doors.get("/api/v1/me", token)).status == 401

    await until(refused)
    is_problem(await doors.get("/api/v1/me", token), 401, "unauthenticated")


async def test_a_key_that_ends_or_loses_scopes_takes_its_tokens_along(hub: Hub) -> None:
    tenant, soon = await hub.tenants.find(), datetime.now(UTC) + timedelta(minutes=2)
    _, key = await hub.keys.add(tenant, "robot", ["read", "write"], soon)
    caller = await hub.keys.verify(key)
    made = hub.tokens.make(caller, minutes=30)
    assert made.expires_at <= soon
    async with hub.database.engine() as conn:
        await conn.execute("UPDATE api_key SET scopes = '{read}'")
    assert (await hub.tokens.verify(made.token)).scopes == {"read"}
    assert made.token not in repr(made)


async def test_a_token_ends_by_itself(hub: Hub) -> None:
    caller = await hub.keys.verify(await key_of(hub, "read"))
    clock = SetClock(datetime.now(UTC).replace(microsecond=0))
    tokens = Tokens(hub.keys, hub.vault, clock)
    made = tokens.make(caller, minutes=1)
    clock.advance(59)
    assert (await tokens.verify(made.token)).scopes == {"read"}
    clock.advance(2)
    with pytest.raises(Unauthenticated):
        await tokens.verify(made.token)


async def test_another_audience_is_refused_here_and_verified_there(hub: Hub, doors: Street) -> None:
    key = await key_of(hub, "read")
    token = (await ask(doors, key, audience="warehouse"))["token"]
    is_problem(await doors.get("/api/v1/me", token), 401, "unauthenticated")
    keys = KeySet.import_key_set((await doors.get("/api/v1/tokens/keys")).json)
    assert jwt.decode(token, keys, algorithms=["Ed25519"]).claims["aud"] == "warehouse"
    assert b'"d"' not in (await doors.get("/api/v1/tokens/keys")).body


async def test_tokens_outlive_a_change_of_the_master_key(hub: Hub) -> None:
    caller, clock = await hub.keys.verify(await key_of(hub, "read")), SetClock(datetime.now(UTC))
    before = Tokens(hub.keys, Vault((OLD,)), clock).make(caller).token
    after = Tokens(hub.keys, Vault((NEW, OLD)), clock)
    assert (await after.verify(before)).key_id == caller.key_id
    assert part(before, 0)["kid"] != part(after.make(caller).token, 0)["kid"]
    with pytest.raises(Unauthenticated):
        await Tokens(hub.keys, Vault((NEW,)), clock).verify(before)


class Ring:
    """Master keys that are changed while a process works."""

    quick = True

    def __init__(self, *keys: bytes) -> None:
        self.keys = keys

    def read(self) -> tuple[bytes, ...]:
        return self.keys


async def test_a_master_key_that_was_taken_away_signs_for_nobody_any_more(hub: Hub) -> None:
    caller, clock, ring = await hub.keys.verify(await key_of(hub, "read")), SetClock(datetime.now(UTC)), Ring(NEW)
    before = Tokens(hub.keys, Vault((OLD,)), clock).make(caller).token
    vault = Vault((NEW, OLD), ring)
    tokens = Tokens(hub.keys, vault, clock)
    assert await taken(tokens, before)
    assert vault.refresh()
    assert not await taken(tokens, before)


async def test_no_forgery_is_taken(hub: Hub) -> None:
    tokens, caller = hub.tokens, await hub.keys.verify(await key_of(hub, "read"))
    good = tokens.make(caller).token
    header, claims, signature = good.split(".")
    public = tokens.public_keys()["keys"][0]
    raw = base64.urlsafe_b64decode(public["x"] + "=")

    def hs256(secret: bytes, **more: Any) -> str:
        first = f"{coded({'alg': 'HS256', 'typ': 'at+jwt', 'kid': public['kid'], **more})}.{claims}"
        return f"{first}.{coded(hmac.digest(secret, first.encode(), 'sha256'))}"

    stranger = OKPKey.import_key(Ed25519PrivateKey.generate(), {"kid": public["kid"]})

    def signed(told: dict[str, Any], by: OKPKey, typ: str = "at+jwt", **more: Any) -> str:
        head = {"alg": "Ed25519", "kid": public["kid"], **more}
        return jwt.encode(head, told, by, algorithms=["Ed25519"], default_type=typ)

    told, ours = part(good, 1), tokens._key(public["kid"])
    higher = {**told, "scope": "admin"}
    forged = {
        "without a signature": f"{header}.{claims}.",
        "alg none": f"{coded({'alg': 'none', 'typ': 'at+jwt', 'kid': public['kid']})}.{claims}.",
        "alg none, signed": f"{coded({'alg': 'none', 'typ': 'at+jwt', 'kid': public['kid']})}.{claims}.{signature}",
        "the public key as a secret": hs256(raw),
        "its JWK as a secret": hs256(orjson.dumps(public)),
        "an empty secret": hs256(b""),
        "other claims": f"{header}.{coded(higher)}.{signature}",
        "a stranger's key": signed(higher, stranger),
        "a key of its own in the header": signed(higher, stranger, jwk=stranger.as_dict(private=False)),
        "no key id": signed(told, ours).replace(header, coded({"alg": "Ed25519", "typ": "at+jwt"}), 1),
        "an unknown key id": signed(told, ours, kid="00000000"),
        "its key id spelt otherwise": signed(told, ours, kid=f"{public['kid'][:2]} {public['kid'][2:]}"),
        "a key id that is none": signed(told, ours, kid="../../etc"),
        "another type": signed(told, ours, typ="JWT"),
        "another issuer": signed({**told, "iss": "them"}, ours),
        "several audiences": signed({**told, "aud": ["crossdock", "warehouse"]}, ours),
        "no audience": signed({k: v for k, v in told.items() if k != "aud"}, ours),
        "no end": signed({k: v for k, v in told.items() if k != "exp"}, ours),
        "an end that is no number": signed({**told, "exp": "9999999999"}, ours),
        "it has ended": signed({**told, "exp": told["iat"] - 1}, ours),
        "nobody's key": signed({**told, "sub": show(Prefix.KEY, caller.tenant_id)}, ours),
        "no key": signed({**told, "sub": "someone"}, ours),
        "a scope that is none": signed({**told, "scope": "everything"}, ours),
        "too long": good + "A" * 5000,
        "not one": "ey.ey.ey",
    }
    assert [how for how, token in forged.items() if await taken(tokens, token)] == []
    more = await tokens.verify(signed(higher, ours))
    assert more.scopes == {"read"}, "even a token of ours never reaches further than its key"
    assert (await tokens.verify(good)).scopes == {"read"}


async def test_a_person_makes_no_token(hub: Hub) -> None:
    caller = await hub.keys.verify(await key_of(hub, "read"))
    person = msgspec.structs.replace(caller, key_id=None, person_id=caller.key_id)
    assert person.actor.startswith("usr_")
    with pytest.raises(Forbidden):
        hub.tokens.make(person)
