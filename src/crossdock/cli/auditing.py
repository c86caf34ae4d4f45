"""``audit``: who changed what and when, the whole of it, and whether it still is as it was written."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossdock.cli.answers import AsJson, Code, Tenant, give, guarded, note, table
from crossdock.cli.asking import ask
from crossdock.cli.connecting import parse_id
from crossdock.cli.listing import Lists

if TYPE_CHECKING:
    import uuid

    from crossdock.govern.audit import Asked, Report
    from crossdock.wiring import Hub

audit = typer.Typer(help="List changes, verify that none was altered, or export them all.", cls=Lists)

Actor = Annotated[str | None, typer.Option("--actor", help="Only by this one: usr_…, key_…, cli or a part of the hub.")]
Action = Annotated[str | None, typer.Option("--action", help="Only this action, or all of a kind by its first word.")]
Subject = Annotated[str | None, typer.Option("--subject", help="Only about this: con_…, rte_…")]
Since = Annotated[str | None, typer.Option("--since", help="At or after: 2026-11-21 or 2026-11-21T10:00Z.")]
Until = Annotated[str | None, typer.Option("--until", help="Before.")]
Place = Annotated[str | None, typer.Option("--before", help="Go on below this entry.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=500, help="How many to show.")]
House = Annotated[bool, typer.Option("--house", help="What belongs to no tenant, instead of a tenant's.")]


def _asked(actor: str | None, action: str | None, subject: str | None, since: str | None, until: str | None) -> Asked:
    from crossdock.cli.delivering import moment
    from crossdock.govern.audit import Asked

    return Asked(actor, action, subject, moment(since), moment(until))


@audit.command("list")
@guarded
def audit_list(
    actor: Actor = None,
    action: Action = None,
    subject: Subject = None,
    since: Since = None,
    until: Until = None,
    before: Place = None,
    limit: Limit = 20,
    house: House = False,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """List changes, the newest first."""
    from crossdock.kit.ids import Prefix, parse

    asked = _asked(actor, action, subject, since, until)
    below = parse_id(parse, Prefix.AUDIT, before) if before else None

    async def work(hub: Hub, tenant_id: uuid.UUID) -> list[dict[str, Any]]:
        return await hub.audit.entries(None if house else tenant_id, asked, before=below, limit=limit)

    rows = ask(tenant, work)
    give(rows, as_json=as_json, people=lambda: table(rows, ("id", "at", "actor", "action", "subject", "detail", "seq")))


@audit.command("verify")
@guarded
def audit_verify(
    tenant: Annotated[
        str | None, typer.Option("--tenant", help="Only of this tenant; all of them, if not given.", metavar="NAME")
    ] = None,
    head: Annotated[
        str | None, typer.Option("--head", help="seq:hash that an earlier verification told: it must still be there.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Verify the chains: name each row that was changed, removed, moved or put in; exit code 1 when there is one."""
    from crossdock.errors import BadInput

    if head is not None and tenant is None:
        raise BadInput("a head belongs to one chain", field="head", remedy="name its tenant with --tenant")

    async def work(hub: Hub, tenant_id: uuid.UUID) -> Report:
        return await hub.audit.verify(tenant_id if tenant is not None else None, head)

    report = ask(tenant or "default", work)
    if as_json:
        give(report, as_json=True)
    else:
        _show(report)
    if not report.ok:
        raise typer.Exit(Code.NO)


def _show(report: Report) -> None:
    names = ("chain", "entries", "first_seq", "last_seq", "waiting", "former", "hash")
    rows = [{name: getattr(chain, name) for name in names} for chain in report.chains]
    give(rows, as_json=False, people=lambda: table(rows, names, empty="Nothing has been changed yet."))
    for chain in report.chains:
        for flaw in chain.flaws:
            note(f"{flaw.chain}: {flaw.told}")
        if chain.more_flaws:
            note(f"{chain.chain}: and {chain.more_flaws} more")
        if chain.unknown_keys:
            note(f"{chain.chain}: {chain.unknown_keys} marks are by master keys that are not at hand; hashes hold them")
    note("Every chain is as it was written." if report.ok else "The audit is not as it was written.")


@audit.command("export")
@guarded
def audit_export(
    actor: Actor = None,
    action: Action = None,
    subject: Subject = None,
    since: Since = None,
    until: Until = None,
    house: House = False,
    tenant: Tenant = "default",
) -> None:
    """Write all changes as JSON lines, the oldest first, each with its place and hash in the chain."""
    import orjson

    asked = _asked(actor, action, subject, since, until)

    async def work(hub: Hub, tenant_id: uuid.UUID) -> None:
        async for page in hub.audit.export(None if house else tenant_id, asked):
            for one in page:
                sys.stdout.buffer.write(orjson.dumps(one, option=orjson.OPT_APPEND_NEWLINE))

    ask(tenant, work)
    sys.stdout.flush()
