"""A sandbox HubSpot portal: stateful, over real HTTP, refusing what HubSpot refuses.

It speaks the date versions (``/crm/objects/2026-09/...``, ``2026-03``) and the older ones (``/crm/v3``, ``/crm/v4``),
imports neither this connector's client nor its mapper, and is checked with the vendor's own SDK::

    async with serving(HubSpotSandbox(Settings(per_10s=100))) as portal:
        ...  # portal.url; bearer token TOKEN

Control door: ``GET /_sandbox/state[?type=&history=false]``, ``GET|PUT /_sandbox/dials`` and ``/_sandbox/settings``,
``POST /_sandbox/act {act, type, id, ...}``, ``POST /_sandbox/clock {advance_s}``.
"""

from crossdock.connectors.hubspot.sandbox.app import HubSpotSandbox
from crossdock.connectors.hubspot.sandbox.settings import ALL_SCOPES, APP, APP_SECRET, TOKEN, AppFacts, Poison, Settings

__all__ = ["ALL_SCOPES", "APP", "APP_SECRET", "TOKEN", "AppFacts", "HubSpotSandbox", "Poison", "Settings"]
