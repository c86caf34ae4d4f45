"""WooCommerce: a shop's orders, customers, products, refunds and coupons, read over REST and rung by webhooks."""

from __future__ import annotations

from typing import Final

from crossdock.connect.connector import Connector
from crossdock.connect.site_meta import MAPPINGS
from crossdock.connectors.woocommerce.authorization import WooCommerceAuthorization
from crossdock.connectors.woocommerce.client import MANIFEST, WooCommerceClient
from crossdock.connectors.woocommerce.destination import WooCommerceDestination
from crossdock.connectors.woocommerce.filters import filter_of
from crossdock.connectors.woocommerce.mapper import observe, read
from crossdock.connectors.woocommerce.owners import OWNED
from crossdock.connectors.woocommerce.touches import touches
from crossdock.connectors.woocommerce.watch import ShopWatcher
from crossdock.connectors.woocommerce.webhook import DOOR

CONNECTOR: Final = Connector(
    MANIFEST,
    source=WooCommerceClient,
    destination=WooCommerceDestination,
    door=DOOR,
    read=read,
    observe=observe,
    watcher=ShopWatcher,
    authorization=WooCommerceAuthorization(),
    touches=touches,
    filters=filter_of,
    owned=OWNED,
    mappings=MAPPINGS,
)
