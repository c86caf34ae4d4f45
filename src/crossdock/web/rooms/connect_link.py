"""The page of a connect link: whoever has its address connects one account, without a login."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from crossdock.connect.connector import Connector
from crossdock.errors import CrossdockError, NotFound, Trouble
from crossdock.govern.programs.links import Link
from crossdock.web.desk import Desk
from crossdock.web.network.answering import again, answers_of, parted, ways_of, without_keys
from crossdock.web.page import Room
from crossdock.wiring import connector_named

ROOM = Room()
_OVER: Final = {
    "connected": ("It is connected", "This link has done its work; you may close the window."),
    "connecting": ("It is being connected", "Reload this page in some seconds."),
    "expired": ("This link has expired", "Ask whoever sent it for a new one. Nothing was changed."),
    "revoked": ("This link was withdrawn", "Ask whoever sent it for a new one. Nothing was changed."),
}


@ROOM.open("/c/{token}")
async def opened(desk: Desk) -> Response:
    """Show how the account is connected, or why it cannot be by this link."""
    link = await desk.hub.connect_links.look(_token(desk))
    if link.state != "waiting":
        return _over(desk, link)
    return _private(desk.show("connect_link/form.html", **await _values(desk, link)))


@ROOM.open("/c/{token}", acts=True)
async def connected(desk: Desk) -> Response:
    """Connect by the form, or show the way to the account's own page."""
    links, token = desk.hub.connect_links, _token(desk)
    link = await links.look(token)
    if link.state != "waiting":
        return _over(desk, link)
    connector, way = _connector(link), desk.text("way")
    if way not in await _ways(desk, link, connector):
        way = "keys"
    try:
        if way == "keys":
            await links.by_form(token, answers_of(desk, connector.manifest.form))
            return _over(desk, await links.look(token))
        answers = answers_of(desk, without_keys(connector))
        asked = await (links.by_account if way == "page" else links.by_oauth)(token, answers)
    except CrossdockError as problem:
        if problem.status >= 500 and not isinstance(problem, Trouble) and problem.code != "vendor-trouble":
            raise
        given = again(desk, connector.manifest.form)
        values = await _values(desk, await links.look(token), given, way)
        return _private(desk.show("connect_link/form.html", status=422, problem=problem, **values))
    # a form may not lead to another host, a link may
    return _onward(desk, link, asked.url, "Go on", f"You are sent to {connector.manifest.identity.title} now.")


def _token(desk: Desk) -> str:
    return str(desk.request.path_params["token"])[:200]


def _connector(link: Link) -> Connector:
    found = connector_named(link.connector)
    if found is None:
        raise NotFound("its connector is not installed any more", remedy="ask whoever sent the link")
    return found


async def _ways(desk: Desk, link: Link, connector: Connector) -> list[str]:
    """Return the ways that are open here, the easiest first."""
    base = desk.hub.settings.public_url or ""
    found = []
    for way in ways_of(connector):
        if way == "page" and not base.startswith("https://"):
            continue
        if way == "oauth" and len(await desk.hub.oauth.apps.of(link.tenant_id, link.connector)) != 1:
            continue
        if way != "plugin":
            found.append(way)
    return found or ["keys"]


async def _values(desk: Desk, link: Link, given: dict[str, Any] | None = None, way: str = "") -> dict[str, Any]:
    connector = _connector(link)
    needed, others = parted(connector)
    return {
        "link": link,
        "manifest": connector.manifest,
        "ways": await _ways(desk, link, connector),
        "chosen": way,
        "needed": needed,
        "others": others,
        "granted": without_keys(connector),
        "given": given or {},
        "action": f"/c/{_token(desk)}",
    }


def _over(desk: Desk, link: Link) -> Response:
    title, said = _OVER[link.state]
    if link.onward and link.state in ("connected", "expired", "revoked"):
        return _onward(desk, link, link.onward, "Go back", said, title)
    return _private(desk.show("connect_link/over.html", link=link, title=title, said=said, url="", label=""))


def _onward(desk: Desk, link: Link, url: str, label: str, said: str, title: str = "One step more") -> Response:
    """Show a link onward, which a browser follows by itself after a moment."""
    response = desk.show("connect_link/over.html", link=link, title=title, said=said, url=url, label=label)
    response.headers["Refresh"] = f"1; url={url}"
    return _private(response)


def _private(response: Response) -> Response:
    """The address of the page is its key: it is told to nobody."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response
