"""Canaries of OAuth 2.0: tokens, codes, states, verifiers and app secrets are found nowhere in the clear."""

from __future__ import annotations

import asyncio
import io
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
import structlog
from prometheus_client import generate_latest
from pydantic import SecretStr

from crossdock import metrics
from crossdock.connect.client import CallFailed
from crossdock.govern.vault import new_master_key
from crossdock.settings import Settings
from tests.journey.connect.portal import CLIENT_SECRET, Portal, portal_of
from tests.journey.doors.test_canaries import Watched, dumped, logged, watched

__all__ = ["logged", "watched"]


def known(portal: Portal, watched: Watched) -> None:
    """Learn what the portal has given out by now."""
    granting = portal.sandbox.granting
    for number, secret in enumerate((*granting.grants, *granting._access, *granting._codes)):
        watched.canaries[f"issued {number}"] = secret


async def seen(portal: Portal, watched: Watched, key: str) -> None:
    """Nothing that programs or people are shown holds a canary."""
    known(portal, watched)
    (row,) = await portal.hub.connections.list(await portal.tenant())
    paths = ("/api/v1/oauth/apps", "/api/v1/connections", f"/api/v1/connections/{row['id']}/grant", "/api/v1/status")
    for path in paths:
        answer = await portal.doors.get(path, key)
        assert answer.status == 200, path
        watched.holds_none(path, answer.body)


async def test_no_token_is_found_in_the_clear(
    logged: io.StringIO, watched: Watched, settings: Settings, database_url: str
) -> None:
    master = new_master_key()
    watched.canaries |= {"master": master, "client secret": CLIENT_SECRET}
    withheld: dict[str, Any] = {"withheld": ["crm.objects.deals.write"]}
    async with portal_of(settings.model_copy(update={"master_key": SecretStr(master)}), **withheld) as portal:
        tenant = await portal.tenant()
        key = (await portal.hub.keys.add(tenant, "canary", ("admin",)))[1]
        app = await portal.app()
        refused = await portal.ask()
        watched.canaries["refused state"] = refused.state
        back = await portal.accept(refused.url)
        watched.holds_none("a refusal", (await portal.back(back)).body)
        watched.holds_none("a used state", (await portal.back(back)).body)
        portal.sandbox.settings.withheld = []
        asked = await portal.ask()
        watched.canaries |= {
            "state": asked.state,
            "challenge": parse_qs(urlsplit(asked.url).query)["code_challenge"][0],
        }
        made = await portal.back({**await portal.accept(asked.url), "session": "x"})
        assert made.status == 200
        known(portal, watched)
        watched.holds_none("the page", made.body)
        state = await portal.hub.oauth.state(asked.state, tenant)
        assert state is not None
        found = await portal.hub.connections.one(tenant, state.connection_id)
        assert (await portal.hub.connections.check(tenant, found.id)).ok
        await portal.act("expire_tokens")
        assert (await portal.hub.connections.check(tenant, found.id)).ok
        await seen(portal, watched, key)
        wrong = "canary-wrong-secret-99"
        watched.canaries["wrong secret"] = wrong
        await portal.hub.oauth.apps.change(tenant, app.id, {"client_secret": wrong}, actor="test")
        await portal.act("expire_tokens")
        assert not (await portal.hub.connections.check(tenant, found.id)).ok
        await portal.act("uninstall")
        await portal.hub.oauth.apps.change(tenant, app.id, {"client_secret": CLIENT_SECRET}, actor="test")
        with pytest.raises(CallFailed) as failed:
            await portal.hub.directory.grants.renew(found.id, "hubspot", 2)
        watched.holds_none("a failure", repr(failed.value) + str(msgspec.to_builtins(failed.value.outcome)))
        await seen(portal, watched, key)
        dump = await asyncio.to_thread(dumped, database_url)
    structlog.get_logger("canary").warning("the log is captured")
    assert "the log is captured" in logged.getvalue()
    assert "connection broken" in logged.getvalue()
    watched.holds_none("the log", logged.getvalue())
    watched.holds_none("the metrics", generate_latest(metrics.REGISTRY))
    assert b"INSERT INTO public.oauth_grant" in dump
    watched.holds_none("the database", dump)
