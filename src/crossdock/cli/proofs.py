"""``proofs``: proofs that were taken; one of them with its exceptions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossdock.cli.answers import AsJson, Tenant, give, guarded, table
from crossdock.cli.asking import ask, only
from crossdock.cli.listing import Lists

if TYPE_CHECKING:
    import uuid

    from crossdock.wiring import Hub

proofs = typer.Typer(help="List the proofs that were taken, or show one with its exceptions.", cls=Lists)

Shop = Annotated[str | None, typer.Option("--store", help="Only of this shop (id, name or account).")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many to show.")]
ProofId = Annotated[str, typer.Argument(help="Its id.", metavar="PROOF")]
Kind = Annotated[str | None, typer.Option("--kind", help="missing, duplicate, drifted, unexpected or dead.")]
After = Annotated[str | None, typer.Option("--after", help="Go on behind this exception (exc_…).")]
_COLUMNS = ("id", "store", "ok", "depth", "exceptions", "began_at", "ended_at")


@proofs.command("list")
@guarded
def proofs_list(store: Shop = None, limit: Limit = 20, tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """List the proofs that were taken, the newest first."""

    async def work(hub: Hub, tenant_id: uuid.UUID) -> list[dict[str, Any]]:
        one = await only(hub, tenant_id, store)
        return await hub.reports.listed(tenant_id, one, None, limit)

    found = ask(tenant, work)
    give(found, as_json=as_json, people=lambda: table(found, _COLUMNS, empty="No proof was taken yet: crossdock prove"))


@proofs.command("show")
@guarded
def proofs_show(
    proof: ProofId,
    kind: Kind = None,
    after: After = None,
    limit: Limit = 100,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Show a proof: its report, its signature and a page of its exceptions, each explained."""
    from crossdock.cli.connecting import parse_id
    from crossdock.cli.proof_screen import shown
    from crossdock.errors import NotFound
    from crossdock.kit.ids import Prefix, parse

    proof_id = parse_id(parse, Prefix.PROOF, proof)
    begin = parse_id(parse, Prefix.EXCEPTION, after) if after else None

    async def work(hub: Hub, tenant_id: uuid.UUID) -> dict[str, Any]:
        kept = await hub.reports.one(tenant_id, proof_id)
        if kept is None:
            raise NotFound("there is no such proof", field="proof")
        page = await hub.reports.exceptions.page(tenant_id, proof_id, after=begin, limit=limit, kind=kind)
        more = page[-1]["id"] if len(page) == limit else None
        return {"id": proof, "report": kept.report, "signature": kept.signature, "exceptions": page, "next": more}

    told = ask(tenant, work)
    report = told["report"]
    screen = {**report, "shop": report["store"]["name"], "proof": report["rows"], "explained": told["exceptions"]}
    give(told, as_json=as_json, people=lambda: shown([screen]))
