"""The REST resources, one file each: ``router(hub, access)`` returns its routes; ``ALL`` is their order."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter

from crossdock.api.access import Access
from crossdock.api.resources import (
    alert_channels,
    alert_rules,
    alerts,
    changes,
    commands,
    connections,
    customers,
    dead_letters,
    deliveries,
    events,
    fallbacks,
    findings,
    health_reports,
    live_records,
    mapping_templates,
    mappings,
    maps,
    oauth,
    orders,
    products,
    proofs,
    replays,
    routes,
    runs,
    schemas,
    sku_links,
    stats,
    status,
    stock,
    stock_rules,
    stores,
    webhooks,
)
from crossdock.wiring import Hub

ALL: tuple[Callable[[Hub, Access], APIRouter], ...] = (
    status.router,
    stats.router,
    connections.router,
    stores.router,
    live_records.router,
    oauth.router,
    routes.router,
    webhooks.router,
    findings.router,
    maps.router,
    mappings.router,
    mapping_templates.router,
    orders.router,
    commands.router,
    customers.router,
    products.router,
    changes.router,
    runs.router,
    proofs.router,
    events.router,
    deliveries.router,
    dead_letters.router,
    replays.router,
    fallbacks.router,
    sku_links.router,
    stock.router,
    stock_rules.router,
    alerts.router,
    alert_rules.router,
    alert_channels.router,
    health_reports.router,
    schemas.router,
)
