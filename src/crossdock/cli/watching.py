"""``watch``: what the watch found about connections, or a look at them now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossdock.cli.answers import ACTOR, AsJson, Code, Tenant, give, guarded, table
from crossdock.cli.asking import ask, only

if TYPE_CHECKING:
    import uuid

    from crossdock.wiring import Hub


@guarded
def watch(
    connection: Annotated[str | None, typer.Argument(help="Its id, name or account; all by default.")] = None,
    now: Annotated[bool, typer.Option("--now", help="Look now, and repair what can be repaired.")] = False,
    every: Annotated[bool, typer.Option("--all", help="Show the resolved findings too.")] = False,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Show what is wrong with connections, why, and what to do; exit code 1 while something stands unrepaired.

    A running worker looks at every shop each few minutes by itself.
    """
    from crossdock.cli.opening import ringing

    async def work(hub: Hub, tenant_id: uuid.UUID) -> list[Any]:
        from crossdock.flow.watch import findings_of

        async with ringing(hub):
            one = await only(hub, tenant_id, connection)
            if now:
                await _look(hub, tenant_id, one)
            async with hub.database.engine() as conn:
                return await findings_of(conn, tenant_id, one, ended=every)

    found = ask(tenant, work)
    rows = [{name: getattr(one, name) for name in one.__struct_fields__} for one in found]
    columns = ("connection", "code", "state", "since", "cause", "remedy")
    give(rows, as_json=as_json, people=lambda: table(rows, columns, empty="All is well: nothing was found."))
    if any(row["state"] == "open" and row["severity"] == "error" for row in rows):
        raise typer.Exit(Code.NO)


async def _look(hub: Any, tenant_id: Any, one: Any) -> None:
    from crossdock.wiring import watched

    await hub.watch.plan()
    for row in await hub.connections.list(tenant_id):
        if row["connector"] in watched() and one in (None, row["uuid"]):
            await hub.watch.one(ACTOR, row["uuid"])
