"""Records for the lively hub: linked products with levels, a deal with its invoice and a draft, a file that is read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from crossdock.flow.deals import DealsAsked
from crossdock.flow.invoice import EXAMPLE, Asked
from crossdock.flow.stock.imports import What
from crossdock.flow.stock.links import NewLink
from crossdock.kit.ids import Prefix, show
from crossdock.wiring.dealing import by_hand
from tests.journey.hubspot.books import MONEY, sold
from tests.journey.hubspot.stage import Portal

if TYPE_CHECKING:
    from tests.support.lively import Lively

SHEET = b"product_id,variation_id,store_sku,hub_sku\n7,,TEA-7,TEA-7\n,,NO-SUCH-SKU,TEA-8\n"
_ORDER = "SELECT {} FROM record WHERE stream = 'order' AND presence = 'live' ORDER BY id LIMIT 1"
EXAMPLES: dict[str, tuple[Prefix | None, str]] = {
    "order_id": (Prefix.ORDER, _ORDER.format("id")),
    "number": (None, _ORDER.format("code")),
    "customer_id": (Prefix.CUSTOMER, "SELECT id FROM record WHERE stream = 'customer' ORDER BY id LIMIT 1"),
    "link_id": (Prefix.SKU_LINK, "SELECT id FROM sku_link ORDER BY id LIMIT 1"),
    "sku": (None, "SELECT hub_sku FROM sku_link WHERE hub_sku LIKE 'SKU-%' ORDER BY hub_sku LIMIT 1"),
    "deal_id": (None, "SELECT deal_id FROM invoice WHERE state = 'issued' ORDER BY id LIMIT 1"),
    "invoice_id": (Prefix.INVOICE, "SELECT id FROM invoice WHERE state = 'issued' ORDER BY id LIMIT 1"),
    "draft_id": (Prefix.INVOICE, "SELECT id FROM invoice WHERE state = 'draft' ORDER BY id LIMIT 1"),
    "import_id": (Prefix.RUN, "SELECT id FROM run WHERE kind = 'import' ORDER BY id LIMIT 1"),
    "crm_id": (Prefix.CONNECTION, "SELECT id FROM connection WHERE connector = 'hubspot' ORDER BY id LIMIT 1"),
}


async def add_records(made: Lively) -> None:
    """Make them; a worker has to be running."""
    hub, tenant = made.hub, made.tenant_id
    items = [one for one in await hub.links.items(tenant, made.store) if one.sku][:8]
    links = [NewLink(made.store, one.product_id, one.variation_id, one.sku, one.sku) for one in items]
    await hub.links.put(tenant, links, take_levels=True)
    await hub.invoicing.terms.put(tenant, EXAMPLE, actor="test")
    crm, portal = await hub.directory.connection(made.crm), Portal(made.portal, 62515, made.http)
    for number, then in ((1, "issue"), (2, "draft")):
        deal = await sold(portal, number, **MONEY)
        await by_hand(hub, crm, DealsAsked(deals=(deal,), then=then, actor="test"), Asked())  # type: ignore[arg-type]
        await made.rested()

    async def sheet() -> AsyncIterator[bytes]:
        yield SHEET

    run = await hub.imports.spool(tenant, made.store, What.LINKS, sheet(), dry_run=True)
    made.ids["import_id"] = show(Prefix.RUN, run)
    await made.rested()
