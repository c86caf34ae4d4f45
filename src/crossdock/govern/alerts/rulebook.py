"""The tenant's own rules: what differs from the defaults, for all connections or for one."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from crossdock.errors import BadInput, NotFound
from crossdock.govern.alerts.rules import KINDS, Given, Kind, Rule, Rules, checked, kind_of
from crossdock.govern.routing import Store
from crossdock.kit.ids import Prefix, new_id, show
from crossdock.store.audit import audit
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("alerts.sql"))


class Rulebook:
    """Lists, sets and drops rules."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def listed(self, tenant_id: uuid.UUID) -> list[dict[str, Any]]:
        """Return every rule as it holds for all connections, each followed by what differs for single ones."""
        async with self._store.engine() as conn:
            rows = await conn.fetch(SQL["tenant_rules"], tenant_id)
        given = [
            Given(Kind(r["kind"]), r["connection_id"], r["enabled"], r["severity"], orjson.loads(r["settings"]))
            for r in rows
        ]
        rules = Rules(given)
        ids = {(r["kind"], r["connection_id"]): r["id"] for r in rows}
        keys = [(kind, None) for kind in KINDS] + [(one.kind, one.connection_id) for one in given if one.connection_id]
        order = list(KINDS)
        keys.sort(key=lambda key: (order.index(key[0]), key[1] is not None, str(key[1])))
        return [_shown(rules.of(*key), key[1], ids.get((str(key[0]), key[1]))) for key in keys]

    async def put(
        self,
        tenant_id: uuid.UUID,
        kind: str,
        connection_id: uuid.UUID | None,
        *,
        enabled: bool,
        severity: str | None,
        settings: Mapping[str, Any],
        actor: str,
    ) -> dict[str, Any]:
        """Set a rule, for one connection or for all. Raises ``BadInput``; the connection has to be the tenant's."""
        known = kind_of(kind)
        if connection_id is not None and not known.by_connection:
            raise BadInput(f"{kind} holds for the whole tenant", field="connection_id", remedy="leave it out")
        if severity not in (None, "error", "warning"):
            raise BadInput("no such severity", field="severity", remedy="error or warning")
        numbers = checked(kind, settings)
        async with self._store.transaction() as conn:
            made = await conn.fetchval(
                SQL["put_rule"],
                new_id(),
                tenant_id,
                known.kind,
                connection_id,
                enabled,
                severity,
                orjson.dumps(numbers).decode(),
            )
            if not enabled:
                await conn.execute(SQL["end_alerts_of_rule"], tenant_id, known.kind, connection_id)
            detail = {"kind": known.kind, "enabled": enabled, "settings": numbers}
            subject = show(Prefix.RULE, made)
            await audit(conn, tenant_id, actor, "alert_rule.put", subject, detail)
        rows = await self.listed(tenant_id)
        return next(row for row in rows if row["id"] == subject)

    async def drop(self, tenant_id: uuid.UUID, rule_id: uuid.UUID, *, actor: str) -> None:
        """Take what was set back; the tenant's own or the default holds again. Raises ``NotFound``."""
        async with self._store.transaction() as conn:
            if await conn.fetchval(SQL["drop_rule"], tenant_id, rule_id) is None:
                raise NotFound(
                    "there is no such rule", field="rule_id", remedy="list them with: crossdock alerts rules"
                )
            subject = show(Prefix.RULE, rule_id)
            await audit(conn, tenant_id, actor, "alert_rule.drop", subject)


def _shown(rule: Rule, connection_id: uuid.UUID | None, rule_id: uuid.UUID | None) -> dict[str, Any]:
    known = KINDS[rule.kind]
    return {
        "id": show(Prefix.RULE, rule_id) if rule_id else None,
        "kind": str(rule.kind),
        "means": known.means,
        "connection_id": show(Prefix.CONNECTION, connection_id) if connection_id else None,
        "enabled": rule.enabled,
        "severity": rule.severity,
        "settings": dict(rule.settings),
        "default": rule_id is None,
    }
