"""What can be set at a sandbox site, before and while it runs."""

from __future__ import annotations

from typing import Final

import msgspec

KEY: Final = "cdk_sandboxsandboxsandboxsandbox"
SECRET: Final = "cds_sandboxsandboxsandboxsandboxsandboxsand"  # noqa: S105 - well known, and no secret
META_KEYS: Final = ("crossdock_crm_id", "crossdock_crm_url", "crossdock_lead_status", "crossdock_subscription_status")
MOST_COMMANDS: Final = 50
WINDOW_S: Final = 300


class Settings(msgspec.Struct, forbid_unknown_fields=True):
    """How the site behaves; all of it can be turned while it runs."""

    key: str = KEY
    secret: str = SECRET
    plain_permalinks: bool = False
    """Routes are answered as ``?rest_route=`` alone; /wp-json/ is a web page that says not found."""
    plugin: bool = True
    """False: WordPress answers, the plugin does not (deactivated)."""
    firewall: str = ""
    """``html``: a 403 web page stands before the REST API; ``captcha``: a 200 one; ``password``: a 401."""
    clock_ahead_s: float = 0.0
    home: str = ""
    """The address the site calls itself; empty: the one it is called at."""
    instance: str = "5a0d5a94-3c1e-4b4e-9c0b-0d1b0c9f7a11"
    woocommerce: str | None = "11.0.1"
    paused: str = ""
    """Why the outbox is paused; empty: it is not."""
    cron_late_s: float = 0.0
    oldest_s: float = 0.0
    dead: int = 0
    paired: bool = True
    """False: the plugin has no key and secret."""
