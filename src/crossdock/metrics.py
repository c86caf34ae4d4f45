"""Every metric the product publishes under /metrics, in one place."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry(auto_describe=True)

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200)

ARRIVALS = Counter(
    "crossdock_arrivals",
    "Arrivals by how they were seen and what became of them.",
    ["origin", "verdict"],
    registry=REGISTRY,
)
REFUSALS = Counter("crossdock_refusals", "Requests refused at a door, by reason.", ["reason"], registry=REGISTRY)
INGEST_SECONDS = Histogram(
    "crossdock_ingest_seconds", "Time from an arrival's last byte to its commit.", buckets=_SECONDS, registry=REGISTRY
)
INGEST_WAITING = Gauge("crossdock_ingest_waiting", "Arrivals waiting for their commit.", registry=REGISTRY)
FLUSH_ROWS = Histogram(
    "crossdock_flush_rows",
    "Arrivals that shared one commit.",
    buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256),
    registry=REGISTRY,
)
OUTCOMES = Counter("crossdock_deliveries", "Deliveries by how an attempt ended.", ["outcome"], registry=REGISTRY)
LAG_SECONDS = Histogram(
    "crossdock_delivery_lag_seconds", "Time from recording to delivery.", buckets=_SECONDS, registry=REGISTRY
)
QUEUE_DEPTH = Gauge("crossdock_queue_depth", "Deliveries waiting, by lane.", ["lane"], registry=REGISTRY)
QUEUE_AGE = Gauge(
    "crossdock_queue_age_seconds", "Age of the oldest waiting delivery, by lane.", ["lane"], registry=REGISTRY
)
BREAKER = Gauge("crossdock_breaker", "Breaker by lane: 0 closed, 1 half open, 2 open.", ["lane"], registry=REGISTRY)
DB_CONNECTIONS = Gauge(
    "crossdock_database_connections",
    "Connections of this process to the database, by pool (engine, app, ears) and what they are: open, most.",
    ["pool", "what"],
    registry=REGISTRY,
)
DOORBELLS = Gauge("crossdock_doorbells", "Entities waiting for a GET to decide.", registry=REGISTRY)
PULLED = Counter("crossdock_pulled", "Entities read by pulls, by stream.", ["stream"], registry=REGISTRY)
VENDOR_CALLS = Counter(
    "crossdock_vendor_calls",
    "Calls to vendors, by connector and status class.",
    ["connector", "status"],
    registry=REGISTRY,
)
FOUND = Counter("crossdock_findings", "New findings of the watch, by code.", ["code"], registry=REGISTRY)
FINDINGS_OPEN = Gauge(
    "crossdock_findings_open", "Findings of the watch that still stand, by code.", ["code"], registry=REGISTRY
)
AUDIT_WAITING = Gauge("crossdock_audit_waiting", "Entries of the audit that are not chained yet.", registry=REGISTRY)
AUDIT_BROKEN = Gauge(
    "crossdock_audit_broken",
    "1 for a chain of the audit whose head was changed by somebody else; crossdock audit verify tells more.",
    ["chain"],
    registry=REGISTRY,
)
