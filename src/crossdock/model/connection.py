"""A connection: one tenant's authorised account at one vendor."""

from __future__ import annotations

import uuid
from enum import StrEnum
from typing import Any

import msgspec


class ConnectionState(StrEnum):
    """draft: being set up. active. paused: by a person. broken: its credentials or the vendor refuse us. revoked."""

    DRAFT = "draft"
    ACTIVE = "active"
    PAUSED = "paused"
    BROKEN = "broken"
    REVOKED = "revoked"


class Connection(msgspec.Struct, frozen=True):
    """An account, without its secrets."""

    id: uuid.UUID
    tenant_id: uuid.UUID
    connector: str
    name: str
    state: ConnectionState
    account_uid: str
    """A short, stable, unique name of the account inside the tenant (``shop-example-com``); part of every key we
    write into other systems, so it never changes."""
    config: dict[str, Any]
    """What the connector's form asked for, without secrets (a shop's URL, a choice of object)."""
    account: dict[str, Any]
    """What the last check learned of the account (currency, time zone, version, portal id)."""
    route_epoch: int = 0
    """Goes up whenever a route from this connection changes."""
