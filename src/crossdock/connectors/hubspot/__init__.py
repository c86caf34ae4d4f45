"""HubSpot: contacts, products, deals or orders, and line items of one portal."""

import tomllib
from pathlib import Path

import msgspec

from crossdock.connect.connector import Access, Connector
from crossdock.connect.manifest import beside
from crossdock.connectors.hubspot.destination import HubSpotDestination
from crossdock.model.mapping import Mapping

_MANIFEST = beside(__file__)
_TEXT = Path(__file__).with_name("mappings.toml").read_text(encoding="utf-8")
MAPPINGS = msgspec.convert(tomllib.loads(_TEXT)["mappings"], tuple[Mapping, ...])


def _destination(access: Access) -> HubSpotDestination:
    return HubSpotDestination(access, _MANIFEST, MAPPINGS)


CONNECTOR = Connector(manifest=_MANIFEST, destination=_destination, mappings=MAPPINGS)
