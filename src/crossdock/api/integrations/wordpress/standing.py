"""``GET /status``: how the site's connection stands, what it may send, and where that goes."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from starlette.requests import Request

from crossdock.api.integrations.operation import VERSION, Caller, Operation, Reply
from crossdock.api.integrations.wordpress.gate import shown
from crossdock.api.integrations.wordpress.pairing import limits
from crossdock.api.plugin_files import ZIP
from crossdock.connect import plugin_package
from crossdock.connect.outpost import META_KEYS
from crossdock.kit.ids import Prefix, show
from crossdock.model.connection import ConnectionState
from crossdock.store.queries import load
from crossdock.wiring import Hub

SQL = load(Path(__file__).with_name("standing.sql"))
_REASONS: Final = {
    ConnectionState.PAUSED: "the connection is paused in the hub",
    ConnectionState.DRAFT: "the connection is not set up yet",
}


def plugin_of(hub: Hub) -> dict[str, str]:
    """Return the newest version of the plugin and where its package is."""
    try:
        latest = plugin_package.header()["Version"]
    except (OSError, KeyError):
        latest = ""  # this installation carries no plugin
    return {"latest": latest, "package": f"{(hub.settings.public_url or '').rstrip('/')}{ZIP}"}


_EXAMPLE: Final[dict[str, Any]] = {
    "connection": {
        "id": "con_…",
        "name": "shop",
        "connector": "woocommerce",
        "state": "active",
        "problem": None,
    },
    "hub": {"version": "1.0.0", "time": "2026-11-21T10:00:00Z", "public_key": "base64"},
    "limits": {"items": 100, "bytes": 1048576, "per_minute": 600},
    "sending": {"allowed": True, "reason": ""},
    "destinations": [
        {
            "connection": "con_…",
            "name": "Sales",
            "connector": "hubspot",
            "title": "HubSpot",
            "state": "active",
            "problem": None,
        }
    ],
    "plugin": {"latest": "1.0.0", "package": "https://hub.example/plugin/crossdock.zip"},
    "commands": {"meta_keys": list(META_KEYS)},
}


def operations(hub: Hub) -> tuple[Operation, ...]:
    """Return the operations."""

    async def status(caller: Caller, request: Request) -> Reply:
        del request
        home = caller.connection
        async with hub.database.engine() as conn:
            now = await conn.fetchrow(SQL["home"], home.tenant_id, home.id)
            rows = await conn.fetch(SQL["destinations"], home.tenant_id, home.id)
        reason = _REASONS.get(ConnectionState(now["state"]), "")
        told: dict[str, Any] = {
            "connection": {
                "id": show(Prefix.CONNECTION, home.id),
                "name": home.name,
                "connector": home.connector,
                "state": now["state"],
                "problem": now["problem"],
            },
            "hub": {
                "version": VERSION,
                "time": shown(hub.directory.clock.now()),
                "public_key": hub.vault.release_key,
            },
            "limits": limits(hub, caller.key.per_minute),
            "sending": {"allowed": not reason, "reason": reason},
            "destinations": [_destination(hub, row) for row in rows],
            "plugin": plugin_of(hub),
            "commands": {"meta_keys": list(META_KEYS)},
        }
        return Reply(told)

    return (
        Operation(
            method="GET",
            path="/status",
            summary="How the connection stands, what may be sent, and where it goes.",
            does=status,
            headers={"X-Crossdock-Site": "base64url of the JSON of SITE: kept at most once a minute, and compared"},
            example=_EXAMPLE,
        ),
    )


def _destination(hub: Hub, row: Any) -> dict[str, Any]:
    connector = hub.directory.connector(row["connector"])
    return {
        "connection": show(Prefix.CONNECTION, row["id"]),
        "name": row["name"],
        "connector": row["connector"],
        "title": connector.manifest.identity.title if connector else row["connector"],
        "state": row["state"],
        "problem": row["problem"],
    }
