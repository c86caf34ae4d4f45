"""Deals of a CRM, read live; what invoice would be made of one, and making it after a question."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from crossdock.connect.deals import DealFilter
from crossdock.errors import BadInput, CrossdockError, NotFound, VendorTrouble
from crossdock.flow.deals import DealsAsked
from crossdock.flow.deals.masking import masked
from crossdock.flow.invoice import Asked
from crossdock.govern.access import Role
from crossdock.kit.ids import Prefix, show
from crossdock.model.connection import Connection
from crossdock.web.desk import Desk
from crossdock.web.outward import title_of
from crossdock.web.page import Room
from crossdock.web.records.asking import Store, amount, begins, connections, ends
from crossdock.wiring.dealing import by_hand, noted, previewed

ROOM = Room()
PAGE: Final = 25
_COLUMNS: Final = (
    *("id", "name", "pipeline_label", "stage_label", "won", "closed", "amount", "currency", "close_at", "modified_at"),
    *("invoice_number", "order_number", "url"),
)
_FILTERS: Final = ("crm", "stage", "pipeline", "owner", "least", "most", "since", "until", "won")


@ROOM.page("/deals")
async def deals(desk: Desk) -> Response:
    """List deals as the CRM shows them now."""
    crms = await _crms(desk)
    if not crms:
        return desk.show("deals/none.html")
    chosen = next((one for one in crms if one.id == desk.query.get("crm")), crms[0])
    connection = await desk.hub.connections.one(desk.tenant_id, chosen.uuid)
    page, problem = None, None
    try:
        page = await desk.hub.deals.page(
            connection, _filter(desk), desk.query.get("cursor") or None, PAGE, people=desk.may(Role.OPERATOR)
        )
    except (VendorTrouble, BadInput) as error:
        problem = error
    if page is not None and desk.query.get("format"):
        return await desk.export("deals", _COLUMNS, page.items)
    return desk.show(
        "deals/list.html",
        rows=page.items if page else [],
        trouble=problem,
        crm=chosen,
        crms=[(one.id, one.name) for one in crms],
        asked=desk.asked(_FILTERS),
        stages=_stages(connection),
        older=desk.here(cursor=page.next) if page and page.next else "",
        first=desk.here(cursor=None) if desk.query.get("cursor") else "",
    )


@ROOM.page("/deals/{connection_id}/{deal_id}")
async def one(desk: Desk) -> Response:
    """Show a deal in full, the invoices made of it, and the one that would be made now."""
    connection, deal_id = await _named(desk)
    deal = await desk.hub.deals.one(connection, deal_id)
    people = desk.may(Role.OPERATOR)
    made = await desk.hub.invoicing.of_deal(desk.tenant_id, connection.id, deal_id)
    preview, refused = None, None
    try:
        preview = await previewed(desk.hub, connection, deal_id, Asked(), people=people, deal=deal)
    except CrossdockError as error:
        refused = error
    return desk.show(
        "deals/one.html",
        deal=masked(deal, people=people),
        crm=connection,
        title=title_of(desk.hub, connection),
        connection_id=show(Prefix.CONNECTION, connection.id),
        made=[noted(kept) for kept in made],
        preview=preview,
        refused=refused,
        reasons=getattr(refused, "problems", ()) if refused else (),
    )


@ROOM.page("/deals/{connection_id}/{deal_id}/issue", role=Role.ADMIN)
async def ask_to_issue(desk: Desk) -> Response:
    """Show number, buyer and sum of the invoice that would be issued, and ask."""
    connection, deal_id = await _named(desk)
    made = await desk.hub.invoicing.of_deal(desk.tenant_id, connection.id, deal_id)
    overrides = Asked(again="another one") if made else Asked()
    preview = await previewed(desk.hub, connection, deal_id, overrides, people=True)
    invoice = preview["invoice"]
    series = [one for one in await desk.hub.invoicing.terms.series(desk.tenant_id) if one.series == invoice["series"]]
    return desk.show(
        "deals/issue.html",
        crm=connection,
        connection_id=show(Prefix.CONNECTION, connection.id),
        deal_id=deal_id,
        invoice=invoice,
        before=preview["invoices"],
        last=max(series, key=lambda one: one.period, default=None),
    )


@ROOM.action("/deals/{connection_id}/{deal_id}/issue", role=Role.ADMIN)
async def issue(desk: Desk) -> Response:
    """Make the invoice, as a run; its number is written to the deal."""
    connection, deal_id = await _named(desk)
    draft = desk.text("then") == "draft"
    overrides = Asked(again=desk.text("again"), purchase_order=desk.text("purchase_order"))
    asked = DealsAsked(deals=(deal_id,), then="draft" if draft else "issue", again=overrides.again, actor=desk.actor)
    run = await by_hand(desk.hub, connection, asked, overrides)
    what = "A draft is being made" if draft else "The invoice is being issued"
    return desk.go(
        f"/deals/{show(Prefix.CONNECTION, connection.id)}/{deal_id}",
        said=f"{what}; it stands here in a moment.",
        link=desk.to(f"/runs/{run['id']}"),
        label="See the run",
    )


def _stages(connection: Connection) -> list[tuple[str, str]]:
    """Return the stages that the account's pipelines have, as a filter offers them."""
    pipelines = connection.account.get("pipelines") or {}
    stages = [stage for pipeline in pipelines.get("deals") or () for stage in pipeline.get("stages") or ()]
    return [("", "All stages"), *((str(one["id"]), str(one.get("label") or one["id"])) for one in stages)]


def _filter(desk: Desk) -> DealFilter:
    won = desk.query.get("won", "")
    return DealFilter(
        stage=desk.query.get("stage", ""),
        pipeline=desk.query.get("pipeline", ""),
        owner=desk.query.get("owner", ""),
        least=amount(desk.query.get("least", ""), "least"),
        most=amount(desk.query.get("most", ""), "most"),
        closed_from=begins(desk, "since"),
        closed_until=ends(desk, "until"),
        won=None if won not in ("yes", "no") else won == "yes",
    )


async def _crms(desk: Desk) -> list[Store]:
    found = []
    for one in await connections(desk):
        connector = desk.hub.directory.connector(one.connector)
        if connector is not None and connector.deals is not None:
            found.append(one)
    return found


async def _named(desk: Desk) -> tuple[Connection, str]:
    connection = await desk.hub.connections.one(desk.tenant_id, desk.id(Prefix.CONNECTION, "connection_id"))
    deal_id = desk.request.path_params["deal_id"]
    if not deal_id.isdigit():
        raise NotFound("there is no such deal", field="deal_id", remedy="deals are named by the CRM's own id")
    return connection, deal_id
