"""Every operation of the API that changes something, done once on a hub with some of everything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from crossdock.connectors.woocommerce import sandbox as woocommerce

UNAUDITED = {
    "POST /events": "an event is itself the lasting record of what a program told",
    "POST /tokens": "a token is kept nowhere, and acts as its key",
    "POST /invoice-terms/check": "checks and keeps nothing",
    "POST /proofs/verify": "checks a signature and keeps nothing",
    "POST /connections/{connection_id}/check": "looks; what it changes (broken, active) is told by the check itself",
    "POST /routes/{route}/mapping/preview": "a dry run",
    "POST /routes/{route}/mapping/validate": "a dry run",
}
"""Operations that leave no entry, each with its reason."""

ELSEWHERE = {
    "POST /plugin/sites/{site_id}/commands": ("journey/plugin/test_commanding.py", "site.command"),
    "POST /connections/{connection_id}/reconnect": ("journey/connect/test_oauth.py", "oauth.begin"),
    "POST /crm/{connection_id}/deals/process": ("journey/hubspot/test_deal_invoices.py", "run.add"),
    "POST /crm/{connection_id}/deals/{deal_id}/invoice": ("journey/hubspot/test_deal_invoices.py", "run.add"),
}
"""Operations that need a stage of their own: the test that asks for the entry, and the entry's action."""

It = dict[str, Any]
Step = tuple[str, Callable[[It], Any] | Any, str | None]
_KEYS = {"key": woocommerce.DEFAULT_CONSUMER_KEY, "secret": woocommerce.DEFAULT_CONSUMER_SECRET}
_RULES = [{"object": "contacts", "rules": [{"path": "email", "target": "email", "transforms": ["trim", "lower"]}]}]
_MORE = [{"object": "contacts", "rules": [{"path": "email", "target": "email", "transforms": ["lower"]}]}]
_THIRD = [{"object": "contacts", "rules": [{"path": "email", "target": "email"}]}]
_TEMPLATE = {"name": "t", "connector": "hubspot", "entity": "customer", "action": "contact", "objects": _RULES}
_PRODUCTS = {"stream": "product", "action": "post"}
_YAML = b"""entity: customer
action: contact
objects:
  - object: contacts
    rules:
      - target: email
        path: email
"""
_STORES = ("store", "like_store")
_APP = {"connector": "hubspot", "name": "app", "client_id": "c", "client_secret": "s"}
_CSV = b"store_sku,product_id,hub_sku\n,990001,CSV-1\n"

STEPS: tuple[Step, ...] = (
    # (operation, body, name under which the answer is kept)
    ("PATCH /connections/{connection_id}", {"name": "Main shop"}, None),
    ("POST /connections/authorize", lambda it: {"connector": "woocommerce", "name": "n", "url": it["shop_url"]}, None),
    ("POST /connections/{connection_id}/credentials", {"form": _KEYS}, None),
    ("POST /connections/{connection_id}/webhooks", None, "hooks"),
    ("DELETE /connections/{connection_id}/webhooks/{vendor_id}", None, None),
    ("DELETE /connections/{connection_id}/webhooks", None, None),
    ("POST /connections/{connection_id}/pause", None, None),
    ("POST /connections/{connection_id}/resume", None, None),
    ("POST /connections/{connection_id}/pull", {}, None),
    ("POST /connections/{connection_id}/backfill", {}, "run"),
    ("POST /runs/{run_id}/cancel", None, None),
    ("POST /connections/{connection_id}/stock-push", None, None),
    ("POST /connections/{connection_id}/reconcile", None, "run"),
    ("POST /runs/{run_id}/cancel", None, None),
    ("POST /proofs", lambda it: {"connection_id": it["connection_id"]}, None),
    ("POST /routes", lambda it: {"from": it["connection_id"], "to": "sink", **_PRODUCTS}, "route"),
    ("PATCH /routes/{route_id}", {"priority": "live"}, None),
    ("POST /routes/{route_id}/disable", None, None),
    ("POST /routes/{route_id}/enable", None, None),
    ("PUT /routes/{route_id}/fallback", lambda it: {"fallback_id": it["second"], "after_s": 300}, None),
    ("DELETE /routes/{route_id}", None, None),
    ("POST /mapping-templates", _TEMPLATE, None),
    ("POST /mapping-templates", {**_TEMPLATE, "objects": _MORE}, None),
    ("POST /routes/{route}/mapping/versions", {"objects": _RULES}, None),
    ("POST /routes/{route}/mapping/versions", {"objects": _MORE}, None),
    ("POST /routes/{route}/mapping/versions/{version}/activate", {}, None),
    ("POST /routes/{route}/mapping/import", _YAML, None),
    ("POST /routes/{route}/mapping/rollback", {"reason": "tested"}, None),
    ("POST /routes/{route}/mapping/dry-runs", {"version": 1, "last": 5}, "run"),
    ("POST /runs/{run_id}/cancel", None, None),
    ("POST /routes/{route}/mapping/versions", {"template": "t", "activate": True}, None),
    ("POST /mapping-templates", {**_TEMPLATE, "objects": _THIRD}, None),
    ("POST /mapping-templates/{name}/apply", {"activate": True}, None),
    ("PUT /orders/{order}/status", {"status": "completed"}, None),
    ("POST /orders/{order}/notes", {"note": "Called the buyer."}, None),
    ("POST /orders/{order}/fulfilments", {"tracking_number": "T"}, None),
    ("POST /orders/{order}/refunds", {"amount": "1.00"}, None),
    ("POST /orders/statuses", lambda it: {"items": [{"order": it["order"], "status": "completed"}]}, None),
    ("POST /sku-links", lambda it: {"store": it["connection_id"], "product_id": "990002", "hub_sku": "A"}, "link"),
    ("PATCH /sku-links/{link_id}", {"direction": "out"}, None),
    ("POST /sku-links/{link_id}/resume", None, None),
    ("POST /sku-links/resume", None, None),
    ("POST /sku-links/import?store={connection_id}", _CSV, None),
    ("POST /sku-links/auto-match", lambda it: {"apply": True, **dict.fromkeys(_STORES, it["connection_id"])}, None),
    ("PUT /stock", {"sku": "A", "on_hand": 3}, None),
    ("POST /stock/import", b"sku,on_hand\nA,5\n", None),
    ("POST /stock/push?store={connection_id}", None, None),
    ("PUT /stock/shares?store={connection_id}", {"items": [{"location": "main", "weight": 1}]}, None),
    ("PUT /stock/thresholds", {"items": [{"sku": "A", "low_at": 1}]}, None),
    ("PUT /prices", {"items": [{"sku": "A", "currency": "USD", "regular_price": "3.50"}]}, None),
    ("DELETE /sku-links/{link_id}", None, None),
    ("POST /alert-channels", lambda it: it["team"], "channel"),
    ("PATCH /alert-channels/{channel_id}", {"least": "error"}, None),
    ("POST /alert-channels/{channel_id}/test", None, None),
    ("DELETE /alert-channels/{channel_id}", None, None),
    ("POST /alert-rules", {"kind": "silence", "settings": {"hours": 12}}, "rule"),
    ("PATCH /alert-rules/{rule_id}", {"enabled": False}, None),
    ("DELETE /alert-rules/{rule_id}", None, None),
    ("POST /alerts/{alert_id}/acknowledge", None, None),
    ("POST /oauth/apps", _APP, "app"),
    ("PATCH /oauth/apps/{app_id}", {"client_secret": "t"}, None),
    ("POST /oauth/authorize", {"app": "app", "connector": "hubspot", "form": {}, "name": "p"}, None),
    ("DELETE /oauth/apps/{app_id}", None, None),
    ("POST /keys", {"name": "reports", "scopes": ["read"]}, "made"),
    ("POST /keys/{key_id}/rotate", {}, None),
    ("DELETE /keys/{key_id}", None, None),
    ("PUT /invoice-terms", lambda it: {"terms": it["terms"]}, None),
    ("PATCH /invoices/{invoice_id}", {"asked": {"purchase_order": "PO-1"}, "revision": 1}, None),
    ("POST /invoices/{invoice_id}/issue", None, None),
    ("POST /invoices/{invoice_id}/credit", {"reason": "all"}, None),
    ("DELETE /invoices/{draft}", None, None),
    ("POST /plugin/pairings", {"name": "site"}, None),
    ("PATCH /plugin/sites/{site_id}", {"per_minute": 1200}, None),
    ("POST /plugin/sites/{site_id}/rotate", None, None),
    ("DELETE /plugin/sites/{site_id}", None, None),
    ("POST /deliveries/{dead1}/retry", None, None),
    ("POST /deliveries/{dead2}/discard", {"reason": "a test"}, None),
    ("POST /dead-letters/retry", {"stream": "order"}, "run"),
    ("POST /runs/{run_id}/cancel", None, None),
    ("POST /dead-letters/discard", {"stream": "order", "reason": "a test"}, "run"),
    ("POST /runs/{run_id}/cancel", None, None),
    ("POST /replays", lambda it: {"deliveries": [it["dead3"]]}, None),
    ("POST /users", {"email": "grace@person.example", "role": "viewer", "mail": False}, "user"),
    ("PATCH /users/{user_id}", {"role": "operator"}, None),
    ("DELETE /users/{user_id}", None, None),
    ("POST /tenants", {"slug": "acme", "name": "Acme"}, "tenant"),
    ("POST /tenants/{tenant}/keys", {"name": "more", "scopes": ["read"]}, None),
    ("POST /connect-links", {"connector": "woocommerce", "name": "n"}, "connect"),
    ("DELETE /connect-links/{connect_link_id}", None, None),
    ("DELETE /tenants/{tenant}", {"slug": "acme"}, None),
    ("POST /connections/{second}/disconnect", None, None),
    ("POST /connections", lambda it: {"connector": "webhook", "name": "third", "form": {**it["sink_form"]}}, None),
)
