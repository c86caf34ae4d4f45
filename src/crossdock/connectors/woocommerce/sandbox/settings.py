"""How one sandbox shop is set up: its keys, its transport, its storage and its webhook queue."""

from __future__ import annotations

from typing import Literal

import msgspec

DEFAULT_CONSUMER_KEY = "ck_" + "5a" * 20
DEFAULT_CONSUMER_SECRET = "cs_" + "a5" * 20


class ApiKey(msgspec.Struct, frozen=True):
    """A WooCommerce REST key: ``ck_``/``cs_`` and 40 hex digits each.

    ``role`` is the role of the user that owns the key: a customer's key is answered 403 (vendor fact 26).
    """

    consumer_key: str = DEFAULT_CONSUMER_KEY
    consumer_secret: str = DEFAULT_CONSUMER_SECRET
    permissions: Literal["read", "write", "read_write"] = "read_write"
    role: Literal["administrator", "customer"] = "administrator"

    def __repr__(self) -> str:
        return f"ApiKey({self.permissions}, {self.role})"


class Settings(msgspec.Struct, kw_only=True):
    """What a sandbox shop is like; the control door may turn the ones named in ``TURNABLE`` while it runs."""

    keys: tuple[ApiKey, ...] = (ApiKey(),)
    application_passwords: dict[str, str] = {}
    """User name -> application password without spaces (Basic over https, vendor fact 36)."""
    https: bool = False
    """The shop believes that it is behind TLS (``$_SERVER['HTTPS']``); X-Forwarded-Proto alone never counts."""
    host: str | None = None
    """Host and port of the site's own address; unset: the request's Host header."""
    strip_authorization: bool = False
    """The web server drops the Authorization header before WordPress sees it."""
    plain_permalinks: bool = False
    """``/wp-json/`` does not exist, only ``?rest_route=``, which knows no keys (vendor fact 38)."""
    storage: Literal["hpos", "posts"] = "hpos"
    webhook_delay_s: float = 0.05
    webhook_timeout_s: float = 60.0
    out_of_order_share: float = 0.0
    """Share of webhooks that come up to ``out_of_order_s`` late, so that others overtake them."""
    out_of_order_s: float = 1.0
    drop_share: float = 0.0
    """Share of webhooks that are lost on the way: the shop believes that they arrived."""
    duplicate_share: float = 0.0
    """Share of webhooks that are sent twice."""
    index_permalinks: bool = False
    """The server does not rewrite addresses: only ``/index.php/wp-json/`` is there."""
    scheduler: Literal["runs", "stalled", "dead"] = "runs"
    """The job queue that sends webhooks: stalled runs only when ``wp-cron.php`` is called, dead not even then."""
    maintenance: bool = False
    """WordPress updates itself: every address answers 503 with Retry-After 600 and a page."""
    firewall: Literal["off", "forbidden", "page"] = "off"
    """Something in front of the REST API: 403 with a page, or 200 with a captcha."""
    keys_revoked: bool = False
    keys_permissions: Literal["", "read", "write", "read_write"] = ""
    """Set: every key has these instead of its own."""
    seed: int = 1
    list_ceiling_per_s: float | None = None
    """Lists of 100 orders per second that the shop can give at most (2.7 on the recorded machine)."""
    prices_include_tax: bool = False
    round_at_subtotal: bool = False
    believes: str | None = None
    """File of certificates the shop believes when it calls out (its wc-auth callback); unset: the system's."""
    workers: int | None = None
    """Requests that the shop can do side by side; beyond them all take longer by as much (None: no such limit)."""
    visitors: float = 0.0
    """Mean number of visitors' checkouts under way beside our requests, in a shop that is not full."""
    title: str = "Crossdock Sandbox Shop"

    def __repr__(self) -> str:
        return f"Settings({self.storage}, https={self.https}, keys={len(self.keys)})"


TURNABLE = frozenset(
    {
        "strip_authorization",
        "plain_permalinks",
        "index_permalinks",
        "scheduler",
        "maintenance",
        "firewall",
        "keys_revoked",
        "keys_permissions",
        "host",
        "storage",
        "webhook_delay_s",
        "webhook_timeout_s",
        "out_of_order_share",
        "out_of_order_s",
        "drop_share",
        "duplicate_share",
        "list_ceiling_per_s",
        "workers",
        "visitors",
    }
)
