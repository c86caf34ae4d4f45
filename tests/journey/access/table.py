"""Every route of the API and what it asks of a caller. Whoever adds a route adds its line: a test compares the two."""

from __future__ import annotations

ANYBODY = "anybody"
"""Without credentials: nothing of any tenant is told."""
ANY_KEY = "any key"
"""With a key of whatever scopes."""

_ASKED = {
    ANYBODY: """
        GET /openapi.json
        GET /schemas
        GET /schemas/{word}
        GET /tokens/keys
    """,
    ANY_KEY: """
        GET /me
        POST /tokens
    """,
    "events:write": """
        POST /events
    """,
    "read": """
        GET /alert-channels
        GET /alert-channels/{channel_id}
        GET /alert-channels/{channel_id}/notices
        GET /alert-rules
        GET /alert-rules/{rule_id}
        GET /alerts
        GET /alerts/{alert_id}
        GET /audit
        GET /audit/verify
        GET /changes
        GET /connections
        GET /connections/authorize/{connector}
        GET /connections/{connection_id}
        GET /connections/{connection_id}/findings
        GET /connections/{connection_id}/grant
        GET /connections/{connection_id}/records/{stream}
        GET /connections/{connection_id}/records/{stream}/{external_id}
        GET /connections/{connection_id}/stats
        GET /connections/{connection_id}/webhooks
        GET /connections/{connection}/maps
        GET /connections/{connection}/schema
        GET /crm/{connection_id}/deals
        GET /crm/{connection_id}/deals/{deal_id}
        GET /customers
        GET /customers/{customer_id}
        GET /dead-letters
        GET /dead-letters/export
        GET /deliveries
        GET /deliveries/{delivery_id}
        GET /events
        GET /events/{event_id}
        GET /invoice-series
        GET /invoice-terms
        POST /invoice-terms/check
        GET /invoices
        GET /invoices/{invoice_id}
        GET /invoices/{invoice_id}/document/problems
        GET /mapping-templates
        GET /mapping-templates/{name}
        GET /mapping-transforms
        GET /oauth/apps
        GET /oauth/apps/{app_id}
        GET /oauth/authorize
        GET /orders
        GET /orders/{order_id}
        GET /plugin/pairings
        GET /plugin/sites
        GET /plugin/sites/{site_id}
        GET /plugin/sites/{site_id}/status
        GET /prices
        GET /products
        GET /products/{product_id}
        GET /proofs
        POST /proofs/verify
        GET /proofs/{proof_id}
        GET /proofs/{proof_id}.csv
        GET /proofs/{proof_id}/exceptions
        GET /replays
        GET /replays/{replay_id}
        GET /reports/health
        GET /routes
        GET /routes/{route_id}
        GET /routes/{route_id}/fallback
        GET /routes/{route}/mapping
        GET /routes/{route}/mapping/diff
        GET /routes/{route}/mapping/export
        GET /routes/{route}/mapping/history
        POST /routes/{route}/mapping/preview
        POST /routes/{route}/mapping/validate
        GET /routes/{route}/mapping/versions
        GET /routes/{route}/mapping/versions/{version}
        GET /runs
        GET /runs/stats
        GET /runs/{run_id}
        GET /runs/{run_id}/lines/{line}
        GET /sku-links
        GET /sku-links/export
        GET /sku-links/stats
        GET /sku-links/{link_id}
        GET /stats
        GET /status
        GET /stock
        GET /stock/alerts
        GET /stock/moves
        GET /stock/shares
        GET /stock/thresholds
        GET /undelivered
    """,
    "operate": """
        POST /alert-channels/{channel_id}/test
        POST /alerts/{alert_id}/acknowledge
        POST /connections/{connection_id}/backfill
        POST /connections/{connection_id}/check
        POST /connections/{connection_id}/pause
        POST /connections/{connection_id}/pull
        POST /connections/{connection_id}/reconcile
        POST /connections/{connection_id}/resume
        POST /connections/{connection_id}/stock-push
        POST /connections/{connection_id}/webhooks
        POST /dead-letters/discard
        POST /dead-letters/retry
        POST /deliveries/{delivery_id}/discard
        POST /deliveries/{delivery_id}/retry
        GET /invoices/{invoice_id}/document
        POST /plugin/sites/{site_id}/commands
        POST /proofs
        POST /replays
        POST /routes/{route}/mapping/dry-runs
        POST /runs/{run_id}/cancel
        POST /sku-links/resume
        POST /sku-links/{link_id}/resume
        POST /stock/push
    """,
    "write": """
        POST /alert-channels
        DELETE /alert-channels/{channel_id}
        PATCH /alert-channels/{channel_id}
        POST /alert-rules
        DELETE /alert-rules/{rule_id}
        PATCH /alert-rules/{rule_id}
        POST /connections
        POST /connections/authorize
        PATCH /connections/{connection_id}
        POST /connections/{connection_id}/credentials
        POST /connections/{connection_id}/disconnect
        POST /connections/{connection_id}/reconnect
        DELETE /connections/{connection_id}/webhooks
        DELETE /connections/{connection_id}/webhooks/{vendor_id}
        POST /crm/{connection_id}/deals/process
        POST /crm/{connection_id}/deals/{deal_id}/invoice
        DELETE /invoices/{invoice_id}
        PATCH /invoices/{invoice_id}
        POST /invoices/{invoice_id}/credit
        POST /invoices/{invoice_id}/issue
        POST /mapping-templates
        POST /mapping-templates/{name}/apply
        POST /oauth/authorize
        POST /orders/statuses
        POST /orders/{order}/fulfilments
        POST /orders/{order}/notes
        POST /orders/{order}/refunds
        PUT /orders/{order}/status
        POST /plugin/pairings
        DELETE /plugin/sites/{site_id}
        PATCH /plugin/sites/{site_id}
        POST /plugin/sites/{site_id}/rotate
        PUT /prices
        POST /routes
        DELETE /routes/{route_id}
        PATCH /routes/{route_id}
        POST /routes/{route_id}/disable
        POST /routes/{route_id}/enable
        PUT /routes/{route_id}/fallback
        POST /routes/{route}/mapping/import
        POST /routes/{route}/mapping/rollback
        POST /routes/{route}/mapping/versions
        POST /routes/{route}/mapping/versions/{version}/activate
        POST /sku-links
        POST /sku-links/auto-match
        POST /sku-links/import
        DELETE /sku-links/{link_id}
        PATCH /sku-links/{link_id}
        PUT /stock
        POST /stock/import
        PUT /stock/shares
        PUT /stock/thresholds
    """,
    "admin": """
        GET /audit/export
        PUT /invoice-terms
        GET /keys
        POST /keys
        DELETE /keys/{key_id}
        GET /keys/{key_id}
        POST /keys/{key_id}/rotate
        POST /oauth/apps
        DELETE /oauth/apps/{app_id}
        PATCH /oauth/apps/{app_id}
        GET /users
        POST /users
        DELETE /users/{user_id}
        GET /users/{user_id}
        PATCH /users/{user_id}
    """,
    "platform": """
        GET /tenant-ends
        GET /tenant-ends/{end_id}
        GET /tenants
        POST /tenants
    """,
    "platform or write": """
        GET /connect-links
        POST /connect-links
        DELETE /connect-links/{link_id}
        GET /connect-links/{link_id}
    """,
    "platform or admin": """
        DELETE /tenants/{tenant}
        GET /tenants/{tenant}
        GET /tenants/{tenant}/export
        POST /tenants/{tenant}/keys
    """,
}

TABLE = {line.strip(): scope for scope, lines in _ASKED.items() for line in lines.strip().splitlines()}
"""``METHOD /path`` below ``/api/v1`` -> the scope that is needed; `` or `` between two of which one is enough."""

DOORS = {
    "/healthz": ANYBODY,
    "/readyz": ANYBODY,
    "/metrics": "this machine, or the metrics token",
    "/api/v1/events": "events:write",
    "/connect/{connector}/callback": "a one-time state",
    "/connect/{connector}/return": "a one-time state",
    "/oauth/callback": "a one-time state",
}
"""The doors beside the REST API, by their paths."""
