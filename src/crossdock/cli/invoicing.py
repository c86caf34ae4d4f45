"""``invoices``: list, show, issue, change, discard or credit them; the terms they are made by, and their numbers."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossdock.cli.answers import ACTOR, AsJson, Code, Tenant, give, guarded, note, table
from crossdock.cli.asking import ask, only
from crossdock.cli.connecting import parse_id
from crossdock.cli.listing import Lists

if TYPE_CHECKING:
    import uuid
    from collections.abc import Awaitable, Callable

    from crossdock.wiring import Hub

invoices = typer.Typer(
    help="List, show, issue, change, discard or credit invoices; write or check them as documents.", cls=Lists
)
terms = typer.Typer(help="Show, set or check the terms of invoicing.", no_args_is_help=True)
invoices.add_typer(terms, name="terms")

InvoiceId = Annotated[str, typer.Argument(help="Its id (inv_…), or its number.", metavar="INVOICE")]
File = Annotated[str, typer.Argument(help="A file of YAML or JSON; - is standard input.", metavar="FILE")]
Body = Annotated[bool, typer.Option("--body", help="Show people's data too.")]
Key = Annotated[str | None, typer.Option("--key", help="Idempotency key: the same with it is done once.")]
_COLUMNS = ("id", "number", "kind", "state", "issued_on", "due", "currency", "credited", "deal_id")
_SERIES = ("series", "period", "first", "last", "last_on", "issued", "whole")
_PROBLEMS = ("rule", "field", "problem", "remedy")
_RULES = ("about", "rule", "words")


def about(invoice: str, tenant: str, act: Callable[[Hub, uuid.UUID, uuid.UUID], Awaitable[Any]]) -> Any:
    """Do something about an invoice that is named by id or number."""
    from crossdock.errors import NotFound
    from crossdock.flow.invoice import Filter
    from crossdock.kit.ids import Prefix, parse

    async def work(hub: Hub, tenant_id: uuid.UUID) -> Any:
        if invoice.startswith("inv_"):
            return await act(hub, tenant_id, parse_id(parse, Prefix.INVOICE, invoice))
        found = await hub.invoicing.page(tenant_id, Filter(number=invoice), limit=1)
        if not found:
            raise NotFound(f"there is no invoice {invoice!r}", remedy="list them with: crossdock invoices")
        return await act(hub, tenant_id, found[0].id)

    return ask(tenant, work)


@invoices.command("list")
@guarded
def invoices_list(
    state: Annotated[str | None, typer.Option("--state", help="draft, issued or credited.")] = None,
    kind: Annotated[str | None, typer.Option("--kind", help="invoice or credit_note.")] = None,
    connection: Annotated[str | None, typer.Option("--connection", help="Only of this CRM (id or name).")] = None,
    deal: Annotated[str | None, typer.Option("--deal", help="Only of this deal (the CRM's id).")] = None,
    series: Annotated[str | None, typer.Option("--series", help="Only of this series.")] = None,
    since: Annotated[datetime | None, typer.Option("--since", help="Issued on this day or later.")] = None,
    until: Annotated[datetime | None, typer.Option("--until", help="Issued before this day.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000)] = 50,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """List invoices and credit notes, the newest first."""
    from crossdock.errors import BadInput
    from crossdock.flow.invoice import Filter
    from crossdock.model.commerce.invoice import InvoiceKind
    from crossdock.wiring.dealing import row_of

    kinds = tuple(one.name.lower() for one in InvoiceKind)
    for name, value, known in (("state", state, ("draft", "issued", "credited")), ("kind", kind, kinds)):
        if value is not None and value not in known:
            raise BadInput(f"expected {', '.join(known)}", field=name, remedy=f"--{name} {known[0]}")

    async def work(hub: Hub, tenant_id: uuid.UUID) -> list[dict[str, Any]]:
        chosen = Filter(
            state=state,
            kind=InvoiceKind[kind.upper()] if kind else None,
            connection_id=await only(hub, tenant_id, connection),
            deal_id=deal,
            series=series,
            since=since.date() if since else None,
            until=until.date() if until else None,
        )
        return [row_of(one) for one in await hub.invoicing.page(tenant_id, chosen, limit=limit)]

    rows = ask(tenant, work)
    empty = "There are none. Begin with: crossdock invoices terms example"
    give(rows, as_json=as_json, people=lambda: table(rows, _COLUMNS, empty=empty))


@invoices.command("show")
@guarded
def invoices_show(invoice: InvoiceId, body: Body = False, tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """Show an invoice in full, and every rule that had a say in it."""
    told = about(invoice, tenant, lambda hub, t, one: _shown(hub.invoicing.one(t, one), people=body))
    give(told, as_json=as_json, people=lambda: _told(told))


@invoices.command("issue")
@guarded
def invoices_issue(invoice: InvoiceId, tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """Give a draft its number and make it final; one that is issued already stays as it is."""
    told = about(invoice, tenant, lambda hub, t, one: _shown(hub.invoicing.issue(t, one, actor=ACTOR)))
    give(told, as_json=as_json, people=lambda: f"issued: {told['number']}")


@invoices.command("change")
@guarded
def invoices_change(invoice: InvoiceId, file: File, tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """Make a draft anew with other overrides, by the terms of now; null takes one back, {} changes none."""
    asked = _document(file)
    told = about(invoice, tenant, lambda hub, t, one: _shown(hub.invoicing.change(t, one, asked, actor=ACTOR)))
    give(told, as_json=as_json, people=lambda: f"changed: due {told['due']} {told['currency']}")


@invoices.command("discard")
@guarded
def invoices_discard(invoice: InvoiceId, tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """Throw a draft away."""
    about(invoice, tenant, lambda hub, t, one: hub.invoicing.discard(t, one, actor=ACTOR))
    give({"id": invoice, "state": "discarded"}, as_json=as_json, people=lambda: "discarded")


@invoices.command("credit")
@guarded
def invoices_credit(
    invoice: InvoiceId,
    reason: Annotated[str, typer.Option("--reason", help="Stands on the credit note.")],
    line: Annotated[
        list[str] | None, typer.Option("--line", help="A line by its number, with how many: 1=2. May be repeated.")
    ] = None,
    amount: Annotated[str | None, typer.Option("--amount", help="An amount with tax, of all rates.")] = None,
    preview: Annotated[bool, typer.Option("--preview", help="Show what would be made; nothing is.")] = False,
    key: Key = None,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Issue a credit note over all that is left of an invoice, over lines of it, or over an amount."""
    from crossdock.api.resources.invoices import previewed
    from crossdock.flow.invoice import credit_of

    lines = [{"line": one.partition("=")[0], "quantity": one.partition("=")[2] or None} for one in line or []]
    asked = credit_of({"reason": reason, "lines": lines, "amount": amount})

    async def act(hub: Hub, tenant_id: uuid.UUID, one: uuid.UUID) -> dict[str, Any]:
        if preview:
            return previewed(await hub.invoicing.credit_preview(tenant_id, one, asked), people=False)
        return await _shown(hub.invoicing.credit(tenant_id, one, asked, actor=ACTOR, key=key))

    told = about(invoice, tenant, act)
    totals = told["invoice"]["totals"]
    number = told.get("number") or "nothing was made"
    give(told, as_json=as_json, people=lambda: f"{number}: {totals['due']} {told['invoice']['currency']} taken back")


@invoices.command("series")
@guarded
def invoices_series(tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """Show how far each series of numbers is, and whether one is missing (exit code 1)."""
    from crossdock.api.resources.invoice_terms import series_shown

    async def work(hub: Hub, tenant_id: uuid.UUID) -> list[dict[str, Any]]:
        return series_shown(await hub.invoicing.terms.series(tenant_id))

    rows = ask(tenant, work)
    give(rows, as_json=as_json, people=lambda: table(rows, _SERIES, empty="No number was given yet."))
    if not all(row["whole"] for row in rows):
        raise typer.Exit(Code.NO)


@terms.command("show")
@guarded
def terms_show(
    version: Annotated[int | None, typer.Option("--version", min=1, help="Another than the newest.")] = None,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Show the terms that hold (or held) as YAML that ``set`` takes again."""
    from crossdock.api.resources.invoice_terms import terms_shown
    from crossdock.kit.yaml_text import dump

    async def work(hub: Hub, tenant_id: uuid.UUID) -> dict[str, Any]:
        desk = hub.invoicing.terms
        return terms_shown(await desk.current(tenant_id, version), await desk.versions(tenant_id))

    told = ask(tenant, work)
    give(told, as_json=as_json, people=lambda: f"# version {told['version']}\n{dump(told['terms'])}")


@terms.command("set")
@guarded
def terms_set(
    file: File,
    why: Annotated[str, typer.Option("--note", help="Why, for the history.")] = "",
    version: Annotated[
        int | None, typer.Option("--version", min=0, help="Only if this is the newest by now (0: there are none).")
    ] = None,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Let terms hold from now on, as the next version."""
    given = _document(file)

    async def work(hub: Hub, tenant_id: uuid.UUID) -> int:
        made = await hub.invoicing.terms.put(tenant_id, given, actor=ACTOR, note=why, expected=version)
        return made.version

    made = ask(tenant, work)
    give({"version": made}, as_json=as_json, people=lambda: f"version {made} holds")


@terms.command("check")
@guarded
def terms_check(file: File, as_json: AsJson = False) -> None:
    """Say all that is wrong with terms (exit code 1); nothing is kept."""
    import msgspec

    from crossdock.flow.invoice import problems_of

    found = [msgspec.structs.asdict(one) for one in problems_of(_document(file))]
    give(found, as_json=as_json, people=lambda: table(found, _PROBLEMS, empty="They hold."))
    if found:
        raise typer.Exit(Code.NO)


@terms.command("example")
@guarded
def terms_example(as_json: AsJson = False) -> None:
    """Write terms to begin with."""
    from crossdock.flow.invoice import EXAMPLE
    from crossdock.kit.yaml_text import dump

    give(EXAMPLE, as_json=as_json, people=lambda: dump(EXAMPLE))
    if not as_json:
        note("put yours in, then: crossdock invoices terms set FILE")


async def _shown(asked: Awaitable[Any], *, people: bool = False) -> dict[str, Any]:
    from crossdock.api.resources.invoices import shown

    return shown(await asked, people=people)


def _told(told: dict[str, Any]) -> Any:
    import orjson
    from rich.console import Group

    document = orjson.dumps(told["invoice"], option=orjson.OPT_INDENT_2).decode()
    return Group(document, table(told["rules"], _RULES))


def _document(file: str) -> Any:
    """Read a file of YAML or JSON. Raises ``BadInput`` that names the line."""
    from crossdock.cli.mapping import read_file
    from crossdock.errors import BadInput
    from crossdock.kit.yaml_text import YamlError, load

    try:
        return load(read_file(file).decode())
    except YamlError as wrong:
        raise BadInput(wrong.rule, field=f"line {wrong.line}", remedy="see docs/how-to/invoices.md") from None
    except UnicodeDecodeError:
        raise BadInput("no UTF-8", field="file", remedy="save the file as UTF-8") from None
