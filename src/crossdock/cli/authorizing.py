"""``connect --authorize``: print the account's own page, and wait until somebody has clicked."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from crossdock.cli.answers import ACTOR, give, note
from crossdock.cli.asking import ask

if TYPE_CHECKING:
    import uuid

    from crossdock.wiring import Hub


def give_authorized(connector: str, form: dict[str, Any], *, name: str, tenant: str, as_json: bool) -> None:
    """Begin, wait for the outcome, and tell it. The keys come to the running hub (``crossdock serve``)."""
    from crossdock.errors import VendorTrouble
    from crossdock.govern.authorizations import shown

    async def work(hub: Hub, tenant_id: uuid.UUID) -> dict[str, Any]:
        asked = await hub.authorizations.begin(tenant_id, connector, form, name=name, actor=ACTOR)
        note(f"Open this page and click Approve, until {asked.expires_at:%H:%M} UTC:\n\n  {asked.url}\n")
        while True:
            found = await hub.authorizations.state(connector, asked.state)
            if found is None or found.state in ("expired", "refused"):
                problem = found.problem if found and found.problem else "nobody clicked in time"
                remedy = found.remedy if found and found.remedy else "begin anew"
                raise VendorTrouble(problem, remedy=remedy)
            if found.state == "connected":
                return shown(found)
            await asyncio.sleep(1)

    made = ask(tenant, work)
    give(made, as_json=as_json, people=lambda: f"Connected {made['name']} ({made['connection']}).")
