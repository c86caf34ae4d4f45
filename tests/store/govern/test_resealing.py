"""After a new master key came first, the old one opens no secret any more; and no sealed column is forgotten."""

from __future__ import annotations

import base64
import uuid
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from crossdock.errors import WrongMasterKey
from crossdock.flow.invoice import EXAMPLE
from crossdock.govern.alerts.channels import NewChannel
from crossdock.govern.oauth.seals import app_row, grant_row, request_row
from crossdock.govern.resealing import SEALS, Resealing
from crossdock.govern.sites.fields import Found
from crossdock.govern.vault import Vault, new_master_key, read_masters
from crossdock.kit.ids import new_id
from crossdock.settings import Settings
from crossdock.wiring import Hub, open_hub
from tests.journey.plugin.stage import facts
from tests.support.deals import deal
from tests.support.hub import add_shop
from tests.support.people import OWNER, PASSWORD, enter_first, people_of

BODIES = {"event.body", "proof_found.body", "former_value.sealed", "import_part.body"}
"""What ends with its retention, by its own key until then (or is not sealed and gone after its run)."""
HASHES = {
    "api_key.key_hash",
    "app_authorization.state_hash",
    "arrival_key.body_hash",
    "audit_entry.mark",
    "audit_head.cut_hash",
    "audit_head.hash",
    "audit_head.mark",
    "audit_link.hash",
    "audit_link.mark",
    "audit_link.prev_hash",
    "event.digest",
    "event.subject",
    "invoice.asked_hash",
    "invoice.digest",
    "login_guard.key_hash",
    "oauth_request.state_hash",
    "person.email_hash",
    "person_link.token_hash",
    "person_session.token_hash",
    "proof_found.match",
    "record.digest",
    "recovery_code.code_hash",
    "replay.asked_hash",
    "record.subject",
    "site_key.key_hash",
    "site_pairing.code_hash",
    "tenant.made_body",
    "tenant.made_key",
    "connect_link.token_hash",
    "connect_link.state_hash",
    "vault_key.check_value",
}
"""What nothing can be read from."""


async def test_every_column_of_bytes_is_resealed_or_known_to_need_it_not(hub: Hub) -> None:
    """Whoever adds a sealed column says here what becomes of it when the master key is changed."""
    async with hub.database.engine() as conn:
        rows = await conn.fetch(
            "SELECT c.relname || '.' || a.attname AS place FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
            " WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped"
            " AND a.atttypid = 'bytea'::regtype AND c.relnamespace = 'public'::regnamespace"
        )
        keyed = await conn.fetch(
            "SELECT table_name FROM information_schema.columns WHERE column_name = 'key_id'"
            " AND table_name <> 'vault_key'"
        )
    places = {row["place"] for row in rows}
    assert places == {f"{table}.sealed" for table in SEALS} | BODIES | HASHES
    assert {row["table_name"] for row in keyed} == {*SEALS}


async def sealed_things(hub: Hub) -> uuid.UUID:
    """Make a secret of every kind; returns the connection's id."""
    shop = await add_shop(hub)
    tenant, vault, app, asked = shop.tenant_id, hub.vault, new_id(), new_id()
    form = {"url": "https://hooks.example/in"}
    await hub.alerting.channels.add(tenant, NewChannel("team", "webhook", form), actor="test")
    async with hub.database.transaction() as conn:
        await conn.execute(
            "INSERT INTO oauth_app (id, tenant_id, connector, name, client_id, key_id, sealed)"
            " VALUES ($1, $2, 'hubspot', 'app', 'client', $3, $4)",
            *(app, tenant, vault.key_id, vault.seal_secret("app-secret", app_row(app))),
        )
        await conn.execute(
            "INSERT INTO oauth_grant (connection_id, tenant_id, app_id, key_id, sealed, scopes, issued_at, renewable,"
            " granted_by) VALUES ($1, $2, $3, $4, $5, '{}', $6, true, 'test')",
            *(shop.id, tenant, app, vault.key_id, vault.seal_secret("tokens", grant_row(shop.id)), datetime.now(UTC)),
        )
        await conn.execute(
            "INSERT INTO oauth_request (id, tenant_id, connector, app_id, state_hash, key_id, sealed, name, config,"
            " scopes, actor, expires_at) VALUES ($1, $2, 'hubspot', $3, $4, $5, $6, 'n', '{}', '{}', 'test', now())",
            *(asked, tenant, app, b"hash", vault.key_id, vault.seal_secret("verifier", request_row(asked))),
        )
    site = (await hub.pairing.pair((await hub.pairing.code(tenant, actor="test")).code, facts())).connection
    await hub.site_fields.put(tenant, site.id, "order", [Found("a", "text", "sample")])
    await enter_first(people := people_of(hub))
    await people.account.plan_totp((await people.sessions.begin(OWNER, PASSWORD, agent="", address="")).token)
    await hub.invoicing.terms.put(tenant, EXAMPLE, actor="test")
    await hub.invoicing.make(tenant, shop.id, deal(), actor="test")
    return shop.id


def keyed(settings: Settings, *keys: str) -> Settings:
    return settings.model_copy(update={"master_key": SecretStr(",".join(keys)), "public_url": "https://hub.example"})


async def test_all_secrets_are_sealed_with_the_key_that_stands_first(settings: Settings) -> None:
    old, new = new_master_key(), new_master_key()
    async with open_hub(keyed(settings, old)) as hub:
        shop = await sealed_things(hub)
    async with open_hub(keyed(settings, new, old)) as hub:
        resealing = Resealing(hub.database, hub.vault)
        done = await resealing.all()
        assert done.keys() == SEALS.keys()
        assert min(done.values()) >= 1, done
        assert set((await resealing.all()).values()) == {0}, "nothing is left"
        alone = Vault((base64.b64decode(new),))
        for table, bound in SEALS.items():
            async with hub.database.engine() as conn:
                rows = await conn.fetch(f"SELECT * FROM {table}")
            for row in rows:
                named = {**row, "id": row.get("id") or row["connection_id"]}
                assert alone.open_secret(row["sealed"], bound(named)), table
                assert row["key_id"] == alone.key_id
        assert await hub.directory.hook_secrets(shop) == {"1": "hook-secret-canary-1"}


async def test_what_was_replaced_meanwhile_stays(settings: Settings) -> None:
    old, new = new_master_key(), new_master_key()
    async with open_hub(keyed(settings, old)) as hub:
        await sealed_things(hub)
    async with open_hub(keyed(settings, new, old)) as hub, hub.database.transaction() as conn:
        (row,) = await conn.fetch("SELECT id, sealed FROM alert_channel")
        await conn.execute("UPDATE alert_channel SET sealed = 'newer' WHERE id = $1", row["id"])
        from crossdock.govern.resealing import SQL

        values = (row["id"], "ffffffff", b"mine", row["sealed"])
        assert await conn.fetchval(SQL["reseal_alert_channel"], *values) is None
        assert await conn.fetchval("SELECT sealed FROM alert_channel") == b"newer"


async def test_a_seal_whose_key_is_missing_is_told(settings: Settings) -> None:
    old, new = new_master_key(), new_master_key()
    async with open_hub(keyed(settings, old)) as hub:
        await sealed_things(hub)
        with pytest.raises(WrongMasterKey):
            await Resealing(hub.database, Vault(read_masters(new))).all()
