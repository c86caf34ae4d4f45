"""Doors of connecting by an account's own page: ``/connect/{connector}/callback`` and ``/connect/{connector}/return``.

The callback answers exactly 200 or the account deletes the keys it sent. The return page is for the browser of whoever
clicked; it shows no more than how far the authorization is whose state it carries.
"""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from crossdock.api.body import announced, read
from crossdock.api.problems import answer, refusal
from crossdock.api.telling import page
from crossdock.errors import CrossdockError
from crossdock.govern.authorizations import AuthorizationState
from crossdock.wiring import Hub

_LIMIT: Final = 16_384


class ConnectDoors:
    """The two doors."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def callback(self, request: Request) -> Response:
        """Take the keys; 200 once they were tried and the account is connected."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        try:
            announced(headers, _LIMIT)
            body = await read(request.receive, _LIMIT)
            await self._hub.authorizations.complete(request.path_params["connector"], headers, body)
        except Exception as error:  # noqa: BLE001 - the last wall: whatever happens, it is no 200
            if isinstance(error, CrossdockError) and error.status < 500:
                self._hub.refusals.note(error.code, subject="connect")
            return refusal(error)
        return answer({})

    async def back(self, request: Request) -> Response:
        """Tell the person how it went."""
        if request.query_params.get("success") == "0":
            return page("Not connected", "You did not give access. Nothing was changed; you may close this window.")
        state = request.query_params.get("user_id", "")
        try:
            found = await self._hub.authorizations.state(request.path_params["connector"], state)
            if found is not None and (onward := await onward_of(self._hub, state)):
                return onward
        except Exception as error:  # noqa: BLE001 - the last wall
            return refusal(error)
        return _told(found)


async def onward_of(hub: Hub, state: str) -> Response | None:
    """Return the way back to whoever sent a person by a connect link, once it is known how it went."""
    link = await hub.connect_links.of_state(state)
    if link is None or not link.onward or not (link.state == "connected" or link.problem):
        return None
    return RedirectResponse(link.onward, 303, {"Referrer-Policy": "no-referrer"})


def _told(found: AuthorizationState | None) -> Response:
    if found is None or found.state == "expired":
        return page("Not connected", "This link is unknown or too old. Begin anew.", 404)
    if found.state == "connected":
        return page("Connected", f"{found.name} is connected. You may close this window.")
    if found.state == "refused":
        return page("Not connected", f"{found.problem}. What to do: {found.remedy or 'begin anew'}.")
    return page("Not connected yet", "The keys have not come yet. Reload this page in some seconds.")
