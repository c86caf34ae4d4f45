"""Consent, renewal, revocation and refusals against an authorization server that another author wrote."""

from __future__ import annotations

import asyncio

import pytest

from crossdock.connect.client import CallFailed
from crossdock.errors import Conflict, VendorTrouble
from crossdock.model.outcome import Refresh
from crossdock.store.database import Database
from tests.contract.oauth.server import Server
from tests.contract.oauth.stage import SECRETS, stages
from tests.support.hub import until


@pytest.mark.parametrize("proof", SECRETS)
async def test_consent_and_renewal_by_every_proof_of_the_app(database: Database, server: Server, proof: str) -> None:
    async with stages([database], proof=proof) as (stage,):
        made = await stage.consented(server, proof)
        assert (made.name, made.reconnected) == ("account-1", False)
        first = await stage.held(made.connection_id)
        second = await stage.grants.renew(made.connection_id, "sample", first.generation)
        assert (second.generation, second.token != first.token) == (first.generation + 1, True)
        third = await stage.grants.renew(made.connection_id, "sample", second.generation)
        assert third.generation == second.generation + 1
        seen = await server.seen()
        assert (seen["refreshed"], seen["revoked"], seen["refused"]) == (2, 0, {})
        assert (await stage.connections.check(await stage.tenant(), made.connection_id)).ok


async def test_permissions_that_are_withheld_are_named(database: Database, server: Server) -> None:
    await server.turn(withhold=["contacts.write", "orders.read"])
    async with stages([database]) as (stage,):
        with pytest.raises(VendorTrouble, match=r"not given: contacts\.write$"):
            await stage.consented(server)
        await server.turn(withhold=["orders.read"])
        tenant = await stage.tenant()
        asked = await stage.oauth.begin(tenant, "sample", {"url": server.url}, actor="test")
        made = await stage.back(await server.accept(asked.url))
        assert made.warnings == ("not granted, and done without: orders.read",)
        assert (await stage.oauth.grant(tenant, made.connection_id)).missing == ("orders.read",)


async def test_a_reconnect_takes_the_same_account_alone(database: Database, server: Server) -> None:
    async with stages([database]) as (stage,):
        made = await stage.consented(server)
        tenant = await stage.tenant()
        await server.turn(account="account-2")
        asked = await stage.oauth.reconnect(tenant, made.connection_id, actor="test")
        with pytest.raises(Conflict, match="credentials of account-2, not of account-1"):
            await stage.back(await server.accept(asked.url))
        assert (await stage.held(made.connection_id)).generation == 1
        await server.turn(account="account-1")
        asked = await stage.oauth.reconnect(tenant, made.connection_id, actor="test")
        assert (await stage.back(await server.accept(asked.url))).reconnected
        assert (await stage.held(made.connection_id)).generation == 2


async def test_a_refused_call_renews_once_for_all_and_is_made_again(database: Database, server: Server) -> None:
    await server.turn(life_s=1)
    async with stages([database]) as (stage,):
        made = await stage.consented(server)
        await server.turn(life_s=3600)
        async with database.engine() as conn:
            # the hub believes in a token that the server has ended
            await conn.execute("UPDATE oauth_grant SET expires_at = now() + interval '1 hour', life_s = 3600")
        destination = await stage.directory.destination(made.connection_id)
        first = await stage.held(made.connection_id)

        async def ended() -> bool:
            return await server.status("/me", first.token) == 401

        await until(ended)
        results = await asyncio.gather(*(destination.check() for _ in range(20)))
        assert all(result.ok for result in results)
        assert (await stage.held(made.connection_id)).generation == first.generation + 1
        assert (await server.seen())["refreshed"] == 1


async def test_disconnecting_ends_the_access_there(database: Database, server: Server) -> None:
    async with stages([database]) as (stage,):
        made = await stage.consented(server)
        tenant = await stage.tenant()
        token = (await stage.held(made.connection_id)).token
        assert await stage.connections.disconnect(tenant, made.connection_id, actor="test") == ()
        assert (await server.seen())["revoked"] == 1
        assert token
        with pytest.raises(CallFailed) as failed:
            await stage.held(made.connection_id)
        assert isinstance(failed.value.outcome, Refresh)
