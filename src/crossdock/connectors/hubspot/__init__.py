"""HubSpot: contacts, companies, products, deals or orders, and line items of one portal, written and read."""

import tomllib
from pathlib import Path

import msgspec

from crossdock.connect.connector import Access, Connector
from crossdock.connect.manifest import beside
from crossdock.connectors.hubspot import reading
from crossdock.connectors.hubspot.deals import HubSpotDeals
from crossdock.connectors.hubspot.destination import HubSpotDestination
from crossdock.connectors.hubspot.source import HubSpotSource
from crossdock.connectors.hubspot.webhook import DOOR
from crossdock.model.mapping import Mapping

_MANIFEST = beside(__file__)
_TEXT = Path(__file__).with_name("mappings.toml").read_text(encoding="utf-8")
MAPPINGS = msgspec.convert(tomllib.loads(_TEXT)["mappings"], tuple[Mapping, ...])


def _destination(access: Access) -> HubSpotDestination:
    return HubSpotDestination(access, _MANIFEST, MAPPINGS)


def _source(access: Access) -> HubSpotSource:
    return HubSpotSource(access, _MANIFEST)


def _deals(access: Access) -> HubSpotDeals:
    return HubSpotDeals(access, _MANIFEST)


CONNECTOR = Connector(
    manifest=_MANIFEST,
    source=_source,
    destination=_destination,
    app_door=DOOR,
    mappings=MAPPINGS,
    deals=_deals,
    turn=reading.turn,
)
