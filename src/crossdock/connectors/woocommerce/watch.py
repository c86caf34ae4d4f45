"""Looking at a shop: seven small requests that change nothing, and the hands for what can be repaired.

The check's own questions come first (index without keys, one order's id with them, system status, a webhook that is
refused before it is stored), then the newest orders, the orders changed last and the webhooks. Two more every six hours
ask for the settings of taxes; a certificate is seen by a handshake, which is no request.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from crossdock.connect.certificate import Certificate, certificate_of
from crossdock.connect.client import CallFailed, Reply
from crossdock.connect.connector import Access, CheckResult, Hook
from crossdock.connect.watching import NEWEST, Judgement, Known, Sight
from crossdock.connectors.woocommerce.check import Diagnosis
from crossdock.connectors.woocommerce.client import WooCommerceClient
from crossdock.connectors.woocommerce.diagnosis import diagnose
from crossdock.connectors.woocommerce.fields import identifier, moment
from crossdock.connectors.woocommerce.replies import date_of, document_of
from crossdock.kit import site_address

SETTLED: Final = timedelta(seconds=90)
"""A webhook comes up to 60 seconds after its change (measured: 1 to 60): a change older than this is late."""
_ORDERS: Final = "/wc/v3/orders"
_FEW: Final = "5"


class ShopWatcher:
    """The watching part of one shop."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def __repr__(self) -> str:
        return f"ShopWatcher({self._access.connection.id})"

    async def look(self) -> Sight:
        """See how the shop does. Never raises ``CallFailed``: what cannot be seen is absent."""
        asking = Diagnosis(self._access, WooCommerceClient(self._access).vendor_at)
        check = await asking.result(lightly=True)
        certificate = await self._certificate(check)
        sight = Sight(
            check,
            stream="order",
            clock_ahead_s=asking.ahead_s,
            certificate_ends=certificate.ends_at,
            certificate_expired=certificate.expired,
        )
        if not check.ok:
            return sight
        client = WooCommerceClient(self._as_found(check))
        try:
            reply = await client.vendor().request("GET", _ORDERS, params=_newest())
            marks = _marks(reply)
            changed = await self._changed(client, reply)
        except (CallFailed, ValueError):
            marks, changed = {}, ()
        newest = tuple(int(one) for one in marks)
        return msgspec.structs.replace(
            sight,
            hooks=await _listed(client),
            changed=changed,
            newest=newest,
            marks={k: v for k, v in marks.items() if v},
        )

    def diagnose(self, sight: Sight, known: Known) -> Judgement:
        """Say what follows; see :mod:`crossdock.connectors.woocommerce.diagnosis`."""
        return diagnose(sight, known)

    async def change_hook(self, vendor_id: str, *, url: str = "", secret: str = "", active: bool = False) -> None:
        """Change a webhook in place; set active or moved, the shop pings it. Raises ``CallFailed``."""
        given = {"delivery_url": url, "secret": secret, "status": "active" if active else ""}
        await WooCommerceClient(self._access).change_hook(
            vendor_id, {name: value for name, value in given.items() if value}
        )

    async def kick(self) -> None:
        """Call wp-cron.php as a visitor's request would: it runs what is due. Raises ``CallFailed``."""
        at = site_address.site_url(str(self._access.connection.config.get("url", "")))
        vendor = WooCommerceClient(self._access).vendor_at(at, "none")
        await vendor.request("GET", "/wp-cron.php", params={"doing_wp_cron": ""})

    async def _changed(self, client: WooCommerceClient, seen: Reply) -> tuple[tuple[str, datetime], ...]:
        """Return the orders changed last, leaving out those whose webhook may still be on its way."""
        until = (date_of(seen) or self._access.clock.now()) - SETTLED
        asked = {
            "orderby": "modified",
            "order": "desc",
            "per_page": _FEW,
            "dates_are_gmt": "true",
            "modified_before": f"{until:%Y-%m-%dT%H:%M:%S}",
            "_fields": "id,date_modified_gmt",
        }
        reply = await client.vendor().request("GET", _ORDERS, params=asked)
        found = []
        for row in _rows(reply):
            modified = moment(row.get("date_modified_gmt"))
            if modified is not None:
                found.append((identifier(row.get("id"), "id"), modified))
        return tuple(found)

    async def _certificate(self, check: CheckResult) -> Certificate:
        address = str(self._access.connection.config.get("url", ""))
        if not address.startswith("https://") or check.code in ("unknown-host", "unreachable", "timeout", "egress"):
            return Certificate()
        parts = urlsplit(address)
        return await certificate_of(self._access.transport, parts.hostname or "", parts.port or 443)

    def _as_found(self, check: CheckResult) -> Access:
        """Return the access by the way the check has just found."""
        connection = self._access.connection
        account = {**{k: v for k, v in connection.account.items() if k not in ("auth", "rest_base")}, **check.account}
        return msgspec.structs.replace(self._access, connection=msgspec.structs.replace(connection, account=account))


def _newest() -> dict[str, str]:
    return {"orderby": "id", "order": "desc", "per_page": str(NEWEST), "_fields": "id,order_key"}


async def _listed(client: WooCommerceClient) -> tuple[Hook, ...] | None:
    try:
        return await client.hooks()
    except (CallFailed, ValueError):
        return None


def _rows(reply: Reply) -> list[dict[str, Any]]:
    document = document_of(reply) if reply.ok else None
    return [row for row in document if isinstance(row, dict)] if isinstance(document, list) else []


def _marks(reply: Reply) -> dict[str, str]:
    """Return the ids listed, each with a digest of its order key: the key itself opens an order's payment page."""
    found = {}
    for row in _rows(reply):
        if isinstance(number := row.get("id"), int):
            key = str(row.get("order_key") or "")
            found[str(number)] = hashlib.sha256(key.encode()).hexdigest()[:16] if key else ""
    return found
