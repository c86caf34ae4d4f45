"""WordPress: a site with the Crossdock plugin, which tells what happens there and takes signed commands."""

from __future__ import annotations

from typing import Final

from crossdock.connect.connector import Connector
from crossdock.connect.site_meta import MAPPINGS
from crossdock.connectors.wordpress.client import MANIFEST, SiteClient
from crossdock.connectors.wordpress.destination import SiteDestination
from crossdock.connectors.wordpress.source import SiteSource
from crossdock.connectors.wordpress.watch import SiteWatcher

CONNECTOR: Final = Connector(
    MANIFEST,
    source=SiteSource,
    destination=SiteDestination,
    watcher=SiteWatcher,
    outpost=SiteClient,
    mappings=MAPPINGS,
    speaks="woocommerce",
)
