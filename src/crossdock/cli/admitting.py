"""``keys``: list, add, replace, revoke: what programs come in with."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossdock.cli.answers import ACTOR, AsJson, Tenant, give, guarded, note, table
from crossdock.cli.asking import ask
from crossdock.cli.connecting import parse_id
from crossdock.cli.listing import Lists

if TYPE_CHECKING:
    import uuid

    from crossdock.wiring import Hub

tokens = typer.Typer(help="Make short-lived tokens of API keys.")
links = typer.Typer(help="Make or list pages by which merchants connect their accounts.", cls=Lists)
_SCOPES = "events:write, read, operate (run what is set up), write (set up), admin; platform (tenants)."
Which = Annotated[str, typer.Argument(help="Its id.", metavar="KEY")]


@guarded
def keys_list(tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """List API keys, with those of the test side; the keys themselves are not kept."""
    rows = ask(tenant, lambda hub, tenant_id: hub.keys.list(tenant_id))
    columns = ("id", "name", "scopes", "test", "created_at", "used_at", "expires_at", "revoked_at")
    empty = "There is no API key yet. Make one with: crossdock keys add NAME --scope events:write"
    give(rows, as_json=as_json, people=lambda: table(rows, columns, empty=empty))


@guarded
def keys_add(
    name: Annotated[str, typer.Argument(help="What it is for; no person's name.")],
    scope: Annotated[list[str] | None, typer.Option("--scope", help=_SCOPES)] = None,
    expires: Annotated[
        str, typer.Option("--expires", help="90d, 12h, a day (2027-01-31), or never; else as is usual here.")
    ] = "",
    test: Annotated[bool, typer.Option("--test", help="A key of the tenant's test side, made if need be.")] = False,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Make an API key. It is shown once."""
    from crossdock.kit.ids import Prefix, show

    end = when(expires) if expires else None

    async def work(hub: Hub, tenant_id: uuid.UUID) -> dict[str, Any]:
        side = await hub.tenants.test_side(tenant_id) if test else tenant_id
        key_id, key = await hub.keys.add(side, name, scope or ["events:write"], end, actor=ACTOR)
        kept = (await hub.keys.list(side, key_id))[0]
        return {"id": show(Prefix.KEY, key_id), "name": name, "key": key, "expires_at": kept["expires_at"]}

    made = ask(tenant, work)
    if not as_json:
        note(f"{made['id']} is made. Keep it now: it cannot be shown again.")
    give(made, as_json=as_json, people=lambda: made["key"])


@guarded
def keys_replace(
    key: Which,
    overlap: Annotated[float, typer.Option("--overlap-hours", help="How long the old one goes on.", min=0)] = 24,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Make an API key in place of another: same name, scopes and span of life. The old one ends after the overlap."""
    from crossdock.kit.ids import Prefix, parse, show

    identifier = parse_id(parse, Prefix.KEY, key)

    async def work(hub: Hub, tenant_id: uuid.UUID) -> dict[str, Any]:
        hours = timedelta(hours=overlap)
        new, text, ends = await hub.keys.rotate(tenant_id, identifier, hours, actor=ACTOR)
        return {"id": show(Prefix.KEY, new), "key": text, "old_id": key, "old_ends_at": ends}

    made = ask(tenant, work)
    if not as_json:
        note(f"{made['id']} is made; {key} ends at {made['old_ends_at']:%Y-%m-%d %H:%M} UTC. Keep the new one now.")
    give(made, as_json=as_json, people=lambda: made["key"])


@guarded
def keys_revoke(key: Which, tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """End an API key at once."""
    from crossdock.kit.ids import Prefix, parse

    identifier = parse_id(parse, Prefix.KEY, key)

    ask(tenant, lambda hub, tenant_id: hub.keys.revoke(tenant_id, identifier, actor=ACTOR))
    give({"id": key, "revoked": True}, as_json=as_json, people=lambda: f"{key} is revoked.")


@tokens.command("add")
@guarded
def tokens_add(
    key: Annotated[str, typer.Argument(help="The id of the key that it is made of.", metavar="KEY")],
    scope: Annotated[list[str] | None, typer.Option("--scope", help="Some of the key's; else all.")] = None,
    minutes: Annotated[int, typer.Option("--minutes", help="How long it lives, at most 60.")] = 15,
    audience: Annotated[str, typer.Option("--audience", help="Another service that verifies it.")] = "crossdock",
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Make a short-lived token of an API key: sent in its place, and over with it."""
    from crossdock.errors import NotFound, Unauthenticated
    from crossdock.kit.ids import Prefix, parse

    identifier = parse_id(parse, Prefix.KEY, key)

    async def work(hub: Hub, tenant_id: uuid.UUID) -> dict[str, Any]:
        try:
            if not await hub.keys.list(tenant_id, identifier):
                raise Unauthenticated("it is another tenant's")
            caller = await hub.keys.named(identifier)
        except Unauthenticated:
            raise NotFound("there is no such key, or it is over", remedy="list them with: crossdock keys") from None
        made = hub.tokens.make(caller, scope, minutes, audience)
        return {"id": made.id, "token": made.token, "scopes": made.scopes, "expires_at": made.expires_at}

    made = ask(tenant, work)
    if not as_json:
        note(f"It ends at {made['expires_at']:%H:%M} UTC.")
    give(made, as_json=as_json, people=lambda: made["token"])


def when(text: str) -> datetime:
    """Read the end of something: a span from now (90d, 12h), a day (its end, UTC), or never. Raises ``BadInput``."""
    from crossdock.errors import BadInput
    from crossdock.govern.keys import NEVER

    unit = {"d": "days", "h": "hours"}.get(text[-1:])
    try:
        if text == "never":
            return NEVER
        if unit:
            return datetime.now(UTC) + timedelta(**{unit: float(text[:-1])})
        return datetime.fromisoformat(text).replace(hour=23, minute=59, second=59, tzinfo=UTC)
    except (ValueError, OverflowError):
        raise BadInput(f"{text!r} is no end", field="--expires", remedy="90d, 12h, 2027-01-31 or never") from None


@links.command("add")
@guarded
def links_add(
    connector: Annotated[str, typer.Argument(help="woocommerce, hubspot …")],
    name: Annotated[str, typer.Option("--name", help="What to call the connection.")] = "",
    return_url: Annotated[str, typer.Option("--return-url", help="Where the merchant goes afterwards.")] = "",
    minutes: Annotated[int, typer.Option("--minutes", help="How long the link lives.")] = 1440,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Make a one-time page by which a merchant connects one account, without a login."""
    from crossdock.kit.ids import Prefix, show

    async def work(hub: Hub, tenant_id: uuid.UUID) -> dict[str, Any]:
        made = await hub.connect_links.make(
            tenant_id, connector, name=name, return_url=return_url, minutes=minutes, actor=ACTOR
        )
        return {"id": show(Prefix.CONNECT_LINK, made.id), "url": made.url, "expires_at": made.expires_at}

    made = ask(tenant, work)
    if not as_json:
        note(f"{made['id']} ends at {made['expires_at']:%Y-%m-%d %H:%M} UTC. Its address cannot be shown again:")
    give(made, as_json=as_json, people=lambda: made["url"])


@links.command("list")
@guarded
def links_list(tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """List connect links, with what became of them."""

    async def work(hub: Hub, tenant_id: uuid.UUID) -> list[dict[str, Any]]:
        from crossdock.govern.programs.links import shown

        return [shown(one) for one in await hub.connect_links.list(tenant_id, None, 200)]

    rows = ask(tenant, work)
    columns = ("id", "connector", "name", "state", "connection_id", "problem", "expires_at")
    empty = "There is no link yet. Make one with: crossdock links add woocommerce"
    give(rows, as_json=as_json, people=lambda: table(rows, columns, empty=empty))


@guarded
def tenants_delete(
    slug: Annotated[str, typer.Argument(help="Which.", metavar="SLUG")],
    confirm: Annotated[str, typer.Option("--confirm", help="Its slug, once more; else it is asked for.")] = "",
    issued_invoices: Annotated[
        bool, typer.Option("--issued-invoices", help="Issued invoices may go too; export them first.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """End a tenant and its test side: everything stops at once, then all of it is deleted. A receipt stays."""
    import asyncio

    typed = confirm or typer.prompt(f"This cannot be undone. Type {slug} to end it", err=True)

    async def work(hub: Hub, _: uuid.UUID) -> dict[str, Any]:
        ending = hub.ending
        asked = await ending.ask(await hub.tenants.find(slug), typed, actor=ACTOR, invoices=issued_invoices)
        while (told := await ending.receipt(asked))["state"] != "deleted":
            # a worker may be at it as well; what was under way gets its time to end
            if not await ending.work():
                await asyncio.sleep(0.5)
        return told

    told = ask("default", work)
    for one in told["left_behind"]:
        note(f"still at {one['connector']}: {', '.join(one['left_behind'])}")
    rows = [{"table": name, "deleted": count} for name, count in told["counts"].items()]
    give(told, as_json=as_json, people=lambda: table(rows, ("table", "deleted")))


@guarded
def tenants_export(
    slug: Annotated[str, typer.Argument(help="Which.", metavar="SLUG")],
    target: Annotated[Path, typer.Argument(help="A file that does not exist yet: NAME.tar.gz", metavar="FILE")],
    as_json: AsJson = False,
) -> None:
    """Write all that is a tenant's into an archive of JSON lines; secrets stay out. It holds people's data."""

    async def work(hub: Hub, _: uuid.UUID) -> int:
        tenant_id, size = await hub.tenants.find(slug), 0
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            async for block in hub.exporting.archive(tenant_id, actor=ACTOR):
                size += out.write(block)
            out.flush()
            os.fsync(out.fileno())
        return size

    size = ask("default", work)
    give({"file": str(target), "bytes": size}, as_json=as_json, people=lambda: f"{target}: {size} bytes.")


@guarded
def tenants_ends(as_json: AsJson = False) -> None:
    """List the ends of tenants, with their receipts."""
    rows = ask("default", lambda hub, _: hub.ending.receipts(None, 200))
    give(rows, as_json=as_json, people=lambda: table(rows, ("id", "slug", "state", "rows", "asked_by", "done_at")))


TENANT_VERBS: dict[str, Callable[..., None]] = {
    "export": tenants_export,
    "delete": tenants_delete,
    "ends": tenants_ends,
}
VERBS: dict[str, Callable[..., None]] = {
    "list": keys_list,
    "add": keys_add,
    "replace": keys_replace,
    "revoke": keys_revoke,
}
