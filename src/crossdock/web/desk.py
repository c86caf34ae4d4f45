"""One request of a person: who asks, what was sent along, and the ways to answer."""

from __future__ import annotations

import base64
import hashlib
import hmac
import uuid
from collections.abc import AsyncIterable, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
import orjson
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from crossdock.errors import BadInput, CrossdockError
from crossdock.govern.access import Role
from crossdock.govern.people.seat import Seat
from crossdock.kit.forwarded import caller_of
from crossdock.kit.ids import Prefix, parse, show
from crossdock.web.cookies import Cookies
from crossdock.web.exports import Row, exported
from crossdock.web.render import rendered
from crossdock.wiring import Hub

_TONES = ("good", "warn", "bad", "live")
SAID = "said"


class Toast(msgspec.Struct, frozen=True):
    """What is said once, after something was done; ``link`` leads to its result."""

    said: str
    tone: str = "good"
    link: str = ""
    label: str = ""


class Again(msgspec.Struct, frozen=True):
    """The page that shows a form again when what was sent is refused."""

    template: str
    values: dict[str, Any]


class Desk:
    """What a page's function is given."""

    def __init__(self, hub: Hub, request: Request, cookies: Cookies, seat: Seat | None, csrf: str) -> None:
        self.hub = hub
        self.request = request
        self.cookies = cookies
        self.csrf = csrf
        self.form = FormData()
        self.counts: dict[str, int] = {}
        """What the sidebar counts."""
        self.again: Again | None = None
        self._seat = seat

    @property
    def seat(self) -> Seat:
        """Return the person who asks; of pages that need one."""
        assert self._seat is not None
        return self._seat

    @property
    def guest(self) -> bool:
        """Whether nobody is logged in."""
        return self._seat is None

    @property
    def tenant_id(self) -> uuid.UUID:
        """Return the tenant whose pages these are."""
        return self.seat.tenant_id

    @property
    def actor(self) -> str:
        """Return who does it, as the audit names it."""
        return show(Prefix.USER, self.seat.person_id)

    @property
    def query(self) -> Mapping[str, str]:
        """Return what stands in the address."""
        return self.request.query_params

    @property
    def wants_part(self) -> bool:
        """Whether htmx asks for a fragment."""
        return self.request.headers.get("hx-request") == "true"

    @property
    def address(self) -> str:
        """Return the network address of the caller, behind the proxies that the settings name."""
        peer = self.request.client.host if self.request.client else ""
        return caller_of(peer, self.request.headers.getlist("x-forwarded-for"), self.hub.settings.proxies)

    def may(self, role: Role | str) -> bool:
        """Whether the person may do what a role may."""
        return self._seat is not None and self._seat.role.covers(Role(role))

    def id(self, prefix: Prefix, name: str) -> uuid.UUID:
        """Return an id of the path, the form or the query. Raises ``BadInput`` that names it."""
        given = self.request.path_params.get(name) or self.text(name) or self.query.get(name, "")
        try:
            return parse(prefix, str(given))
        except ValueError:
            raise BadInput(f"{name} is no id of this kind", field=name, remedy=f"it begins with {prefix}_") from None

    def text(self, name: str, default: str = "") -> str:
        """Return a field of the form, without spaces around it."""
        value = self.form.get(name, default)
        return default if isinstance(value, UploadFile) else value.strip()

    def texts(self, name: str) -> list[str]:
        """Return all values of a field of the form."""
        return [value for value in self.form.getlist(name) if isinstance(value, str)]

    def to(self, path: str = "/", **query: Any) -> str:
        """Return the address of a page of this tenant; what is None or empty is left out of the query."""
        return _address(f"/t/{self.seat.slug}{'' if path == '/' else path}", query)

    def here(self, **changes: Any) -> str:
        """Return this page's address with parts of its query changed; None takes a part out."""
        return _address(self.request.url.path, {**self.query, **changes})

    def asked(self, names: Iterable[str]) -> dict[str, str]:
        """Return what the address says of some names; what it leaves empty is left out."""
        return {name: self.query[name] for name in names if self.query.get(name)}

    def confirming(self, address: str) -> str:
        """Return the address where the password is asked for once more; from there it goes on to ``address``."""
        return f"/account/confirm?next={quote(address)}"

    def expect(self, template: str, **values: Any) -> None:
        """Say which form is shown again, with the problem at its field, when the action refuses what was sent."""
        self.again = Again(template, values)

    def show(
        self, template: str, *, status: int = 200, problem: CrossdockError | None = None, **values: Any
    ) -> Response:
        """Answer a whole page."""
        toast = self._toast()
        text = rendered(template, desk=self, seat=self._seat, toast=toast, problem=problem, **values)
        response = HTMLResponse(text, status)
        if toast is not None:
            self.cookies.drop(response, SAID)
        return response

    def part(self, template: str, **values: Any) -> Response:
        """Answer a fragment of a page."""
        return HTMLResponse(rendered(template, desk=self, seat=self._seat, toast=None, problem=None, **values))

    def go(self, path: str, *, said: str = "", tone: str = "good", link: str = "", label: str = "") -> Response:
        """Send the browser on to a page (303), which shows what was said. ``path`` is one of this tenant's."""
        return self.leave(self.to(path) if self._seat else path, said=said, tone=tone, link=link, label=label)

    def leave(self, address: str, *, said: str = "", tone: str = "good", link: str = "", label: str = "") -> Response:
        """Send the browser on to an address of this hub."""
        response: Response = RedirectResponse(address, 303)
        if self.wants_part:
            response = Response(status_code=204, headers={"HX-Redirect": address})
        if said:
            assert tone in _TONES
            told = orjson.dumps([said, tone, link, label])
            value = base64.urlsafe_b64encode(told).decode().rstrip("=")
            self.cookies.put(response, SAID, f"{value}.{self._seal(value)}", seconds=120)
        return response

    async def export(self, name: str, columns: Sequence[str], rows: AsyncIterable[Row] | Sequence[Row]) -> Response:
        """Answer a table as a file: CSV or JSON, as ``?format=`` says."""
        return await exported(name, columns, rows, self.query.get("format", "csv"))

    def confirm(
        self,
        *,
        title: str,
        said: str,
        action: str,
        label: str,
        back: str,
        name: str = "",
        fields: Mapping[str, Any] | None = None,
        tone: str = "live",
        problem: CrossdockError | None = None,
    ) -> Response:
        """Answer the page that asks before something is done; ``name`` must be typed when it is given."""
        return self.show(
            "confirm.html",
            title=title,
            said=said,
            action=action,
            label=label,
            back=back,
            name=name,
            fields=dict(fields or {}),
            tone=tone,
            problem=problem,
            status=422 if problem else 200,
        )

    def _seal(self, value: str) -> str:
        return hmac.new(self.csrf.encode(), b"said:" + value.encode(), hashlib.sha256).hexdigest()[:32]

    def _toast(self) -> Toast | None:
        value, _, seal = (self.cookies.get(SAID) or "").rpartition(".")
        if not value or not hmac.compare_digest(seal, self._seal(value)):
            return None
        said, tone, link, label = orjson.loads(base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)))
        return Toast(said, tone, link, label)


def _address(path: str, query: Mapping[str, Any]) -> str:
    asked = urlencode({name: value for name, value in query.items() if value not in (None, "")}, doseq=True)
    return f"{path}?{asked}" if asked else path
