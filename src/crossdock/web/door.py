"""The HTTP door for people: every page's request passes here, who asks is looked up, and errors become pages."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import secrets
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import quote, urlsplit

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from crossdock.errors import BadInput, CrossdockError, Forbidden, Locked, NotFound, Overloaded, TooLarge
from crossdock.govern.access import Role
from crossdock.govern.people.seat import Seat
from crossdock.store.absence import overload_of
from crossdock.store.acting import act_as
from crossdock.web.cookies import SESSION, Cookies
from crossdock.web.desk import Desk
from crossdock.web.headers import guard
from crossdock.web.live import SQL, Live
from crossdock.web.page import Page, Reach
from crossdock.web.rooms import all_pages
from crossdock.web.sitemap import MOST
from crossdock.web.static import files
from crossdock.wiring import Hub

log = structlog.get_logger("crossdock.web")
Endpoint = Callable[[Request], Awaitable[Response]]
GUEST = "guest"
_COUNTED_S = 3.0
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def page_routes(hub: Hub) -> list[BaseRoute]:
    """Return the routes of all pages, their files and the live channel."""
    door = Door(hub)
    live = Live(hub)
    routes: list[BaseRoute] = [
        Route("/t/{slug}/live", door.streaming(live)),
        files(),
    ]
    by_route: dict[str, list[Page]] = {}
    for page in all_pages():
        by_route.setdefault(page.route, []).append(page)
    for path, pages in by_route.items():
        routes.append(Route(path, door.opening(pages), methods=["GET", "POST"]))
    routes.append(Route("/t/{slug}/{rest:path}", door.opening([_LOST])))
    return routes


async def _lost(desk: Desk) -> Response:
    """Send who typed a slash too many to where they meant to go; all else is not there."""
    address = desk.request.url
    if not address.path.endswith("/"):
        raise HTTPException(404)
    meant = address.path.rstrip("/")
    return RedirectResponse(f"{meant}?{address.query}" if address.query else meant, 308)


_LOST = Page("/{rest:path}", Reach.TENANT, Role.VIEWER, acts=False, answer=_lost)


class Door:
    """Lets people in."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._counted: dict[uuid.UUID, tuple[float, dict[str, int]]] = {}

    def opening(self, pages: Sequence[Page]) -> Endpoint:
        """Return what answers one path: its page, its action, or both."""
        by_method = {"POST" if page.acts else "GET": page for page in pages}

        async def answer(request: Request) -> Response:
            cookies = self._cookies(request)
            page = by_method.get("GET" if request.method == "HEAD" else request.method)
            desk = await self._desk(request, cookies, page)
            try:
                if isinstance(desk, Response):
                    return guard(desk, cookies)
                response = await self._answered(desk, page)
            finally:
                await request.close()
            if desk.guest and cookies.get(GUEST) is None:
                cookies.put(response, GUEST, request.state.guest)
            return guard(response, cookies)

        return answer

    def streaming(self, live: Live) -> Endpoint:
        """Return what answers the live channel of a tenant."""

        async def answer(request: Request) -> Response:
            cookies = self._cookies(request)
            with contextlib.suppress(NotFound):
                if seat := await self._seat(cookies, request.path_params["slug"]):
                    return guard(live.stream(seat), cookies)
            return guard(Response(status_code=403), cookies)

        return answer

    def _cookies(self, request: Request) -> Cookies:
        return Cookies(request, self._hub.settings.public_url)

    async def _seat(self, cookies: Cookies, slug: str | None) -> Seat | None:
        token = cookies.get(SESSION)
        return await self._hub.people.sessions.seat(token, slug) if token else None

    async def _desk(self, request: Request, cookies: Cookies, page: Page | None) -> Desk | Response:
        """Return the desk of a request, or the way to the login."""
        problem: CrossdockError | None = None
        seat = None
        try:
            slug = request.path_params.get("slug") if page and page.reach is Reach.TENANT else None
            seat = await self._seat(cookies, slug)
        except Exception as error:  # noqa: BLE001 - told below, as every other
            problem = _told(error)
        if seat is None and problem is None and page is not None and page.reach is not Reach.OPEN:
            wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            address = "/login" if page.acts or wanted == "/" else f"/login?next={quote(wanted, safe='')}"
            if request.headers.get("hx-request") == "true":
                return Response(status_code=204, headers={"HX-Redirect": address})
            return RedirectResponse(address, 303)
        if seat is None:
            request.state.guest = cookies.get(GUEST) or secrets.token_urlsafe(24)
        csrf = seat.csrf if seat else hashlib.sha256(b"guest:" + request.state.guest.encode()).hexdigest()
        request.state.problem = problem
        return Desk(self._hub, request, cookies, seat, csrf)

    async def _answered(self, desk: Desk, page: Page | None) -> Response:
        try:
            if desk.request.state.problem is not None:
                raise desk.request.state.problem
            if page is None:
                raise HTTPException(405)
            if page.role is not None and not desk.may(page.role):
                raise Forbidden(
                    f"this needs the role {page.role}; yours is {desk.seat.role}",
                    remedy="ask an owner of this tenant for it, under Users",
                )
            if page.reach is Reach.TENANT:
                # a part that loads itself anew was told of a change: what was counted before it is not shown again
                desk.counts = await self._counts(desk.tenant_id, anew=desk.wants_part)
            if page.acts:
                await self._take(desk, page)
                act_as(None if desk.guest else desk.actor)
            return await page.answer(desk)
        except HTTPException as error:
            return desk.show("problem.html", status=error.status_code, told=None)
        except Exception as error:  # noqa: BLE001 - the last place where it can be told
            return _shown(desk, _told(error))

    async def _counts(self, tenant_id: uuid.UUID, *, anew: bool) -> dict[str, int]:
        """Return what the sidebar counts, at most a few seconds old."""
        now = time.monotonic()
        for old in [one for one, (at, _) in self._counted.items() if at < now]:
            del self._counted[old]
        if anew or tenant_id not in self._counted:
            async with self._hub.database.engine() as conn:
                row = await conn.fetchrow(SQL["counts"], tenant_id, MOST)
            self._counted[tenant_id] = (now + _COUNTED_S, dict(row))
        return self._counted[tenant_id][1]

    async def _take(self, desk: Desk, page: Page) -> None:
        """Read the form and make sure that it comes from a page of ours. Raises ``Forbidden`` or ``BadInput``."""
        request = desk.request
        if not _same_origin(request):
            raise Forbidden("the form comes from another site", remedy="open the page here and send it again")
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in _FORMS:
            raise BadInput("an action takes a form", field="content-type", remedy="send the form of the page")
        length = request.headers.get("content-length", "")
        if not length.isdigit() or int(length) > page.most_bytes:
            raise TooLarge(f"the form may have {page.most_bytes:,} bytes", remedy="send less")
        desk.form = await request.form(max_files=20, max_fields=5000, max_part_size=page.most_bytes)
        sent = desk.text("csrf") or request.headers.get("x-csrf-token", "")
        if not hmac.compare_digest(sent.encode(), desk.csrf.encode()):
            raise Forbidden("the page was open for too long", remedy="load it anew and send it again")


def _same_origin(request: Request) -> bool:
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc.lower() == request.headers.get("host", "").lower()


def _told(error: Exception) -> CrossdockError:
    if isinstance(error, CrossdockError):
        return error
    if away := overload_of(error):
        return away
    log.error("unexpected", problem=type(error).__name__, exc_info=error)
    return CrossdockError("an unexpected error; it was logged", remedy="go back and try again")


def _shown(desk: Desk, problem: CrossdockError) -> Response:
    """Show the form again with the problem at its field, else a page of its own."""
    locked = isinstance(problem, Locked)
    if desk.again is not None and (locked or problem.status in (400, 404, 409, 422)):
        status = problem.status if locked else 422
        response = desk.show(desk.again.template, status=status, problem=problem, **desk.again.values)
    else:
        response = desk.show("problem.html", status=problem.status, told=problem)
    if isinstance(problem, Locked | Overloaded):
        response.headers["Retry-After"] = str(problem.retry_after_s)
    return response
