"""A site as a source: it tells by itself, so that there is nothing to read; it can be asked to tell again."""

from __future__ import annotations

import uuid
from typing import Any, Final

from crossdock.connect.client import CallFailed, FailKind
from crossdock.connect.connector import Access, CheckResult, Hook, Page
from crossdock.connect.outpost import Action, Command
from crossdock.connectors.wordpress.check import Diagnosis
from crossdock.connectors.wordpress.client import SiteClient
from crossdock.model.observation import Observation
from crossdock.model.outcome import Retry

_STATES: Final = ("order", "customer", "product", "refund")
_SOON_S: Final = 60.0


class SiteSource:
    """Reading one site."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._client = SiteClient(access)

    def __repr__(self) -> str:
        return f"SiteSource({self._access.connection.id})"

    async def check(self) -> CheckResult:
        """Try the connection; see :mod:`crossdock.connectors.wordpress.check`."""
        return await Diagnosis(self._access).result()

    async def page(self, stream: str, cursor: dict[str, Any] | None, *, full: bool = False) -> Page:
        """Return an empty page: a site has no lists. All there is comes by the command ``export``."""
        del stream, full
        return Page((), cursor or {}, done=True, shape="told")

    async def fetch(self, stream: str, external_id: str, parent_id: str | None) -> Observation | None:
        """Ask the site to send an entity again. Raises ``CallFailed``: it comes by the site's own way, soon.

        None would say that it is not there.
        """
        del parent_id
        if stream in _STATES and external_id.isascii() and external_id.isdigit():
            ask = Command(str(uuid.uuid4()), Action.REFRESH, kind=stream, ids=(int(external_id),))
            await self._client.command([ask])
        reason = "the site was asked to send it again; it tells by itself"
        raise CallFailed(FailKind.ANSWER, True, reason, outcome=Retry(reason, _SOON_S, ours=True))

    async def hooks(self) -> tuple[Hook, ...]:
        """List nothing: the plugin is the site's own way of telling."""
        return ()

    async def add_hook(self, topic: str, url: str, secret: str) -> Hook:
        """Refuse: raises ``ValueError``."""
        del topic, url, secret
        raise ValueError("a site with the plugin needs no webhooks")

    async def remove_hook(self, vendor_id: str) -> None:
        """Do nothing: there is none."""
        del vendor_id
