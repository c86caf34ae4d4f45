"""A stand-in for a WordPress site that runs the plugin: signed both ways, strict, over real HTTP.

It holds users, orders and products as WooCommerce's REST API v3 shows them, answers the hub's commands and status, and
tells the hub what happens when its control door says so. It imports neither this connector's client nor its mapper::

    async with serving(build(Site())) as site:
        ...  # site.url; key KEY, secret SECRET

Control door: ``GET|DELETE /_sandbox/state``, ``GET|PUT /_sandbox/dials`` and ``/_sandbox/settings``,
``POST /_sandbox/pair {hub, code}``, ``POST /_sandbox/act {do, …}``, ``POST /_sandbox/send {items?}``.
"""

from crossdock.connectors.wordpress.sandbox.app import SiteApp, build
from crossdock.connectors.wordpress.sandbox.settings import KEY, SECRET, Settings
from crossdock.connectors.wordpress.sandbox.site import Site

__all__ = ["KEY", "SECRET", "Settings", "Site", "SiteApp", "build"]
