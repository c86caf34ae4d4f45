"""Looking at a site: one signed question of the plugin's status, which changes nothing there."""

from __future__ import annotations

from urllib.parse import urlsplit

from crossdock.connect.certificate import Certificate, certificate_of
from crossdock.connect.connector import Access, CheckResult
from crossdock.connect.watching import Judgement, Known, Sight
from crossdock.connectors.wordpress.check import Diagnosis
from crossdock.connectors.wordpress.findings import diagnose
from crossdock.connectors.wordpress.told import Queue, queue_of

_AWAY = frozenset({"unknown-host", "unreachable", "timeout", "egress", "not-paired", "wrong-url"})


class SiteWatcher:
    """The watching part of one site."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._queue = Queue()

    def __repr__(self) -> str:
        return f"SiteWatcher({self._access.connection.id})"

    async def look(self) -> Sight:
        """See how the site's plugin does. Never raises ``CallFailed``."""
        asking = Diagnosis(self._access)
        check = await asking.result()
        self._queue = queue_of(asking.told)
        certificate = await self._certificate(check)
        return Sight(
            check,
            clock_ahead_s=asking.ahead_s,
            certificate_ends=certificate.ends_at,
            certificate_expired=certificate.expired,
        )

    def diagnose(self, sight: Sight, known: Known) -> Judgement:
        """Say what follows; see :mod:`crossdock.connectors.wordpress.findings`."""
        return diagnose(sight, known, self._queue)

    async def change_hook(self, vendor_id: str, *, url: str = "", secret: str = "", active: bool = False) -> None:
        """Do nothing: there are no webhooks."""

    async def kick(self) -> None:
        """Do nothing: the plugin's queue is the site's own, and what stops it is a finding for people."""

    async def _certificate(self, check: CheckResult) -> Certificate:
        address = str(self._access.connection.config.get("url", ""))
        if not address.startswith("https://") or check.code in _AWAY:
            return Certificate()
        parts = urlsplit(address)
        return await certificate_of(self._access.transport, parts.hostname or "", parts.port or 443)
