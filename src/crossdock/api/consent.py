"""The door that a vendor's page of consent sends people back to: ``/oauth/callback``."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from crossdock.api.connecting import onward_of
from crossdock.api.problems import refusal
from crossdock.api.telling import page
from crossdock.errors import CrossdockError
from crossdock.wiring import Hub

_LONGEST: Final = 8192


class ConsentDoor:
    """Completes what a person has consented to."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def callback(self, request: Request) -> Response:
        """Use the state up, exchange the code, try the account; tell the person how it went."""
        if len(request.url.query) > _LONGEST:
            return page("Not connected", "This address is too long. Begin anew.", 400)
        try:
            ended = await self._hub.oauth.complete(dict(request.query_params))
            if onward := await onward_of(self._hub, request.query_params.get("state", "")):
                return onward
        except CrossdockError as error:
            if error.status < 500:
                self._hub.refusals.note(error.code, subject="oauth")
            return page("Not connected", f"{_sentence(error.problem)} What to do: {error.remedy}.", error.status)
        except Exception as error:  # noqa: BLE001 - the last wall
            return refusal(error)
        done = "is connected again" if ended.reconnected else "is connected"
        notes = " ".join(f"Note: {warning}." for warning in ended.warnings)
        return page("Connected", f"{ended.name} {done}. You may close this window. {notes}".strip())


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."
