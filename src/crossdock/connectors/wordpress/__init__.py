"""WordPress: a site with the Crossdock plugin, which tells what happens there and takes signed commands."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Final

import msgspec

from crossdock.connect.connector import Connector
from crossdock.connectors.wordpress.client import MANIFEST, SiteClient
from crossdock.connectors.wordpress.destination import SiteDestination
from crossdock.connectors.wordpress.source import SiteSource
from crossdock.connectors.wordpress.watch import SiteWatcher
from crossdock.model.mapping import Mapping

_TEXT: Final = Path(__file__).with_name("mappings.toml").read_text(encoding="utf-8")
MAPPINGS: Final = msgspec.convert(tomllib.loads(_TEXT)["mappings"], tuple[Mapping, ...])

CONNECTOR: Final = Connector(
    MANIFEST,
    source=SiteSource,
    destination=SiteDestination,
    watcher=SiteWatcher,
    outpost=SiteClient,
    mappings=MAPPINGS,
    speaks="woocommerce",
)
