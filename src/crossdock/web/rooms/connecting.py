"""Connecting: the gallery, the forms, the pages of others where a person lets us in, and what comes after."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from crossdock.connect import catalogue
from crossdock.connect.connector import Connector
from crossdock.connect.manifest import FormField
from crossdock.errors import BadInput, CrossdockError, NotFound, Trouble
from crossdock.flow.run import RunKind
from crossdock.govern.access import Role
from crossdock.govern.authorizations import Asked, AuthorizationState
from crossdock.govern.directory import HUB
from crossdock.kit.ids import Prefix, show
from crossdock.model.connection import Connection
from crossdock.web.desk import Desk
from crossdock.web.network.answering import again, answers_of, offer_of, parted, ways_of, without_keys
from crossdock.web.network.opened import framed, opened
from crossdock.web.page import Room
from crossdock.web.rooms.connection import routes_of
from crossdock.wiring import connector_named
from crossdock.wiring.starting import start

ROOM = Room()
_FORM = "connecting/form.html"


@ROOM.page("/connections/new", role=Role.ADMIN)
async def gallery(desk: Desk) -> Response:
    """Show all connectors."""
    known = [one["connector"] for one in await desk.hub.connections.list(desk.tenant_id)]
    offers = [offer_of(one, known.count(one.manifest.name)) for one in catalogue.connectors()]
    return desk.show("connecting/gallery.html", offers=offers)


@ROOM.page("/connections/new/{connector}", role=Role.ADMIN)
async def form(desk: Desk) -> Response:
    """Show how a connector is connected."""
    return desk.show(_FORM, **await _values(desk, _chosen(desk)))


def _chosen(desk: Desk) -> Connector:
    found = connector_named(desk.request.path_params["connector"])
    if found is None:
        raise NotFound("there is no such connector", remedy="choose one in the gallery")
    return found


async def _values(
    desk: Desk, connector: Connector, given: dict[str, Any] | None = None, way: str = ""
) -> dict[str, Any]:
    needed, others = parted(connector)
    ways, asked = ways_of(connector), desk.query.get("way", "")
    sites = []
    if "plugin" in ways:
        homes = {"woocommerce", "wordpress"}
        sites = [one for one in await desk.hub.connections.list(desk.tenant_id) if one["connector"] in homes]
    return {
        "connector": connector,
        "manifest": connector.manifest,
        "ways": ways,
        "needed": needed,
        "others": others,
        "granted": without_keys(connector),
        "apps": await desk.hub.oauth.apps.of(desk.tenant_id, connector.manifest.name),
        "sites": sites,
        "chosen_site": desk.query.get("connection", ""),
        "given": given or {},
        "way": way or (asked if asked in ways else ""),
        "callback": f"{desk.hub.settings.public_url or ''}/oauth/callback",
    }


async def _refused(desk: Desk, connector: Connector, problem: CrossdockError, way: str) -> Response:
    """Show the form again with what was answered, but for secrets; a fault of ours is told as such."""
    if problem.status >= 500 and not isinstance(problem, Trouble):
        raise problem
    given = {**again(desk, connector.manifest.form), **{name: desk.text(name) for name in _BESIDE}}
    return desk.show(_FORM, status=422, problem=problem, **await _values(desk, connector, given, way))


_BESIDE = ("name", "site", "app", "client_id", "connection_id")
"""Fields of the pages' own."""


@ROOM.action("/connections/new/{connector}", role=Role.ADMIN)
async def connect(desk: Desk) -> Response:
    """Try an account with its keys and connect it."""
    connector = _chosen(desk)
    answers = answers_of(desk, connector.manifest.form)
    try:
        made = await desk.hub.connections.connect(
            desk.tenant_id, connector.manifest.name, answers, name=desk.text("name"), actor=desk.actor
        )
    except CrossdockError as problem:
        return await _refused(desk, connector, problem, "keys")
    said = f"{made.name} is connected. " + ". ".join(one[:1].upper() + one[1:] for one in made.warnings)
    tone = "warn" if made.warnings else "good"
    return desk.go(f"/connections/{show(Prefix.CONNECTION, made.id)}/welcome", said=said.strip(), tone=tone)


@ROOM.action("/connections/new/{connector}/page", role=Role.ADMIN)
async def by_its_page(desk: Desk) -> Response:
    """Send the person to the account's own page, where one press lets us in."""
    connector = _chosen(desk)
    fields: list[FormField] = without_keys(connector)
    try:
        asked = await desk.hub.authorizations.begin(
            desk.tenant_id,
            connector.manifest.name,
            answers_of(desk, fields),
            name=desk.text("name"),
            actor=desk.actor,
        )
    except CrossdockError as problem:
        return await _refused(desk, connector, problem, "page")
    return _waiting(desk, connector, asked, "page")


@ROOM.action("/connections/new/{connector}/oauth", role=Role.ADMIN)
async def by_oauth(desk: Desk) -> Response:
    """Send the person to the vendor's page of consent; an app that is typed in is kept first."""
    connector = _chosen(desk)
    name = connector.manifest.name
    try:
        app = desk.text("app")
        if desk.text("client_id"):
            made = await desk.hub.oauth.apps.add(
                desk.tenant_id,
                name,
                client_id=desk.text("client_id"),
                client_secret=desk.text("client_secret"),
                name=desk.text("app_name"),
                actor=desk.actor,
            )
            app = show(Prefix.OAUTH_APP, made.id)
        asked = await desk.hub.oauth.begin(
            desk.tenant_id,
            name,
            answers_of(desk, without_keys(connector)),
            app=app,
            name=desk.text("name"),
            actor=desk.actor,
        )
    except CrossdockError as problem:
        return await _refused(desk, connector, problem, "oauth")
    return _waiting(desk, connector, asked, "oauth")


@ROOM.action("/connections/{connection_id}/reconnect", role=Role.ADMIN)
async def reconnect(desk: Desk) -> Response:
    """Send the person to the vendor's page again, for a connection that is there."""
    view = await opened(desk)
    if view.connector is None:
        raise NotFound("its connector is not installed", remedy="crossdock connectors")
    asked = await desk.hub.oauth.reconnect(desk.tenant_id, view.connection.id, app=desk.text("app"), actor=desk.actor)
    return _waiting(desk, view.connector, asked, "oauth")


def _waiting(desk: Desk, connector: Connector, asked: Asked, way: str) -> Response:
    """Show the way to the page of others, and wait. It is a link: a form may not lead there."""
    return desk.show(
        "connecting/waiting.html", manifest=connector.manifest, asked=asked, way=way, state=asked.state, found=None
    )


@ROOM.page("/connections/waiting/{connector}", role=Role.ADMIN)
async def waiting(desk: Desk) -> Response:
    """Show how far it is with what a person was sent to do elsewhere."""
    connector, state = _chosen(desk), desk.query.get("state", "")
    way = "page" if desk.query.get("way") == "page" else "oauth"
    found = await _state(desk, connector, state, way)
    if found is None:
        raise NotFound("nothing waits under this address", remedy="begin anew")
    if found.connection_id is not None:
        return desk.go(
            f"/connections/{show(Prefix.CONNECTION, found.connection_id)}/welcome", said=f"{found.name} is connected."
        )
    if desk.wants_part and found.state in ("refused", "expired"):
        # the page that waits changes as a whole
        return desk.leave(desk.here())
    return desk.show(
        "connecting/waiting.html", manifest=connector.manifest, asked=None, way=way, state=state, found=found
    )


async def _state(desk: Desk, connector: Connector, state: str, way: str) -> AuthorizationState | None:
    if way == "page":
        return await desk.hub.authorizations.state(connector.manifest.name, state, desk.tenant_id)
    return await desk.hub.oauth.state(state, desk.tenant_id)


# --- the plugin of a site -----------------------------------------------------------------------------------------


@ROOM.action("/connections/new/{connector}/pair", role=Role.ADMIN)
async def pair(desk: Desk) -> Response:
    """Make a pairing code for a site that runs the plugin, and show it once."""
    connector = _chosen(desk)
    try:
        wanted = desk.id(Prefix.CONNECTION, "connection_id") if desk.text("connection_id") else None
        made = await desk.hub.pairing.code(
            desk.tenant_id,
            connection_id=wanted,
            site=desk.text("site"),
            name=desk.text("name"),
            actor=desk.actor,
        )
    except CrossdockError as problem:
        return await _refused(desk, connector, problem, "plugin")
    return desk.show("connecting/pairing.html", made=made, pairing=str(made.id), found=None)


@ROOM.page("/connections/pairing/{pairing}", role=Role.ADMIN)
async def pairing(desk: Desk) -> Response:
    """Show whether a site has used its code."""
    wanted = desk.request.path_params["pairing"]
    found = next((one for one in await desk.hub.pairing.codes(desk.tenant_id) if one["id"] == wanted), None)
    if found is None:
        raise NotFound("there is no such pairing", remedy="make a new code")
    if found["site"] is not None:
        home = await _home(desk, found["site"])
        said = "The site is paired; it tells of what happens there from now on."
        return desk.go(f"/connections/{home}/welcome" if home else "/connections", said=said)
    return desk.show("connecting/pairing.html", made=None, pairing=wanted, found=found)


async def _home(desk: Desk, site: str) -> str:
    sites = await desk.hub.sites.list(desk.tenant_id)
    return next((str(one["connection"]["id"]) for one in sites if one["id"] == site), "")


# --- afterwards ---------------------------------------------------------------------------------------------------


@ROOM.page("/connections/{connection_id}/welcome")
async def welcome(desk: Desk) -> Response:
    """Show what was set up with a new connection, and what comes next."""
    view = await opened(desk)
    mine = await routes_of(desk, view)
    rows = await desk.hub.connections.list(desk.tenant_id)
    return desk.show(
        "connecting/welcome.html",
        **framed(desk, view, ""),
        routes=mine,
        offered=await _offered(desk, view.connection, rows, mine),
        hooks=len(await desk.hub.directory.hook_secrets(view.connection.id)),
        streams=desk.hub.directory.streams(view.connection),
        alone=len([one for one in rows if one["connector"] != HUB]) < 2,
    )


async def _offered(
    desk: Desk, new: Connection, rows: list[dict[str, Any]], routes: list[dict[str, Any]]
) -> list[dict[str, str]]:
    """Return routes that would fit between a connection and the others, and are not there."""
    known = {(one["source_id"], one["destination_id"], one["stream"], one["action"]) for one in routes}
    found = []
    for row in rows:
        if row["uuid"] == new.id:
            continue
        other = await desk.hub.connections.one(desk.tenant_id, row["uuid"])
        for source, destination in ((new, other), (other, new)):
            for stream, action in desk.hub.connections.fitting(source, destination):
                ids = (show(Prefix.CONNECTION, source.id), show(Prefix.CONNECTION, destination.id))
                if (*ids, stream, action) not in known:
                    fields = {"source": ids[0], "to": ids[1], "stream": stream, "action": action}
                    found.append({**fields, "from": source.name, "name": destination.name})
    return found


@ROOM.action("/connections/{connection_id}/welcome", role=Role.ADMIN)
async def begin(desk: Desk) -> Response:
    """Do what comes next by one press: make an offered route, or bring over what there is."""
    view = await opened(desk)
    page = f"{view.base}/welcome"
    if desk.text("do") == "backfill":
        run = await start(desk.hub, desk.tenant_id, view.connection.id, RunKind.BACKFILL)
        link = desk.to(f"/runs/{run['id']}")
        return desk.go(page, said="What there is comes over now.", link=link, label="Watch it")
    if desk.text("do") != "route":
        raise BadInput("nothing was chosen to do", field="do", remedy="press one of the buttons")
    source, to = [
        await desk.hub.connections.one(desk.tenant_id, desk.id(Prefix.CONNECTION, name)) for name in ("source", "to")
    ]
    asked = (desk.text("stream"), desk.text("action"))
    made = await desk.hub.connections.add_route(desk.tenant_id, source, to, *asked, desk.actor)
    said = f"{source.name} {asked[0]} goes to {to.name} from now on." if made else "There is such a route already."
    return desk.go(page, said=said)
