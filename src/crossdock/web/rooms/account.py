"""A person's own account: what he is called, his password, his one-time codes, where he is logged in."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from crossdock.errors import BadInput, NotFresh
from crossdock.govern.people.account import Changed
from crossdock.govern.people.rules import zones
from crossdock.web.cookies import SESSION
from crossdock.web.desk import Desk
from crossdock.web.page import Room
from crossdock.web.qr import qr
from crossdock.web.rooms.entering import keep, onward_of, typed

ROOM = Room()
_HOME = "/account"
_TOTP = "/account/totp"


@ROOM.own("/account")
async def account(desk: Desk) -> Response:
    """Show all of it."""
    return desk.show("account/account.html", **await _shown(desk))


@ROOM.own("/account", acts=True)
async def described(desk: Desk) -> Response:
    """Change name, time zone and theme."""
    values = {name: desk.text(name) for name in ("name", "zone", "theme")}
    desk.expect("account/account.html", **{**await _shown(desk), **values, "zone_name": values["zone"]})
    await desk.hub.people.account.describe(desk.seat.person_id, **values)
    return desk.leave(_HOME, said="Saved.")


@ROOM.own("/account/email", acts=True)
async def readdressed(desk: Desk) -> Response:
    """Change the e-mail address."""
    if not desk.seat.fresh:
        return desk.leave(desk.confirming(_HOME))
    desk.expect("account/account.html", **{**await _shown(desk), "email": desk.text("email")})
    begun = await desk.hub.people.account.email(_token(desk), desk.text("email"))
    response = desk.leave(f"{_HOME}?said=email")
    keep(desk, response, begun)
    return response


@ROOM.own("/account/password", acts=True)
async def repassworded(desk: Desk) -> Response:
    """Change the password; all other sessions end."""
    desk.expect("account/account.html", **await _shown(desk))
    begun = await desk.hub.people.account.password(
        _token(desk), typed(desk, "current"), typed(desk, "password"), address=desk.address
    )
    response = desk.leave(f"{_HOME}?said=password")
    keep(desk, response, begun)
    return response


@ROOM.own("/account/confirm")
async def confirm(desk: Desk) -> Response:
    """Ask for the password once more."""
    return desk.show("account/confirm.html", next=onward_of(desk.query.get("next", "")))


@ROOM.own("/account/confirm", acts=True)
async def confirmed(desk: Desk) -> Response:
    """Take it; the session goes on under a new token."""
    onward = onward_of(desk.text("next"))
    desk.expect("account/confirm.html", next=onward)
    begun = await desk.hub.people.sessions.confirm(_token(desk), typed(desk, "password"), address=desk.address)
    response = desk.leave(onward)
    keep(desk, response, begun)
    return response


@ROOM.own("/account/totp")
async def totp(desk: Desk) -> Response:
    """Show how the second step stands; while one is set up, its QR code."""
    if not desk.seat.fresh:
        return desk.leave(desk.confirming(_TOTP))
    return desk.show("account/totp.html", **await _second_step(desk))


@ROOM.own("/account/totp/plan", acts=True)
async def plan(desk: Desk) -> Response:
    """Draw a secret for an app."""
    try:
        await desk.hub.people.account.plan_totp(_token(desk))
    except NotFresh:
        return desk.leave(desk.confirming(_TOTP))
    return desk.leave(_TOTP)


@ROOM.own("/account/totp", acts=True)
async def turned_on(desk: Desk) -> Response:
    """Turn codes on by a first one; the recovery codes are shown, this once."""
    if not desk.seat.fresh:
        return desk.leave(desk.confirming(_TOTP))
    desk.expect("account/totp.html", **await _second_step(desk))
    changed = await desk.hub.people.account.set_totp(_token(desk), desk.text("code"))
    return _codes(desk, changed)


@ROOM.own("/account/totp/codes", acts=True)
async def new_codes(desk: Desk) -> Response:
    """Make new recovery codes; the older are over."""
    try:
        changed = await desk.hub.people.account.new_recovery(_token(desk))
    except NotFresh:
        return desk.leave(desk.confirming(_TOTP))
    return _codes(desk, changed)


@ROOM.own("/account/totp/off", acts=True)
async def turned_off(desk: Desk) -> Response:
    """Turn codes off."""
    try:
        begun = await desk.hub.people.account.drop_totp(_token(desk))
    except NotFresh:
        return desk.leave(desk.confirming(_TOTP))
    response = desk.leave(f"{_HOME}?said=totp")
    keep(desk, response, begun)
    return response


@ROOM.own("/account/sessions/end", acts=True)
async def ended(desk: Desk) -> Response:
    """End one session, or all but this one."""
    sessions, person_id = desk.hub.people.sessions, desk.seat.person_id
    asked = desk.text("session")
    if asked == "others":
        count = await sessions.revoke_all(person_id, but=desk.seat.session_id)
        return desk.leave(_HOME, said=f"{count} other sessions have ended." if count != 1 else "The other has ended.")
    found = [one["id"] for one in await sessions.list(person_id) if str(one["id"]) == asked]
    if not found:
        raise BadInput("there is no such session", field="session", remedy="it may have ended already: load the page")
    await sessions.revoke(person_id, found[0])
    return desk.leave(_HOME, said="The session has ended.")


@ROOM.own("/account/tenants")
async def tenants(desk: Desk) -> Response:
    """Show where the person has a seat."""
    return desk.show("account/tenants.html")


_SAID = {
    "email": "The e-mail address is changed; all other sessions have ended.",
    "password": "The password is changed; all other sessions have ended.",
    "totp": "One-time codes are off; all other sessions have ended.",
}
"""Said by a word in the address: the session has a new token, which the seal of a toast is not of."""


async def _shown(desk: Desk) -> dict[str, Any]:
    people, person_id = desk.hub.people, desk.seat.person_id
    profile = await people.account.one(person_id)
    return {
        "profile": profile,
        "name": profile.name,
        "zone_name": profile.zone,
        "theme": profile.theme,
        "email": profile.email,
        "zones": sorted(zones()),
        "sessions": await people.sessions.list(person_id),
        "said": _SAID.get(desk.query.get("said", ""), ""),
    }


async def _second_step(desk: Desk) -> dict[str, Any]:
    profile = await desk.hub.people.account.one(desk.seat.person_id)
    setup = None if profile.totp else await desk.hub.people.account.planned_totp(_token(desk))
    code = qr(setup.uri, "QR code with the secret that stands below as text") if setup else ""
    spaced = " ".join(setup.secret[i : i + 4] for i in range(0, len(setup.secret), 4)) if setup else ""
    return {"profile": profile, "qr": code, "secret": spaced}


def _codes(desk: Desk, changed: Changed) -> Response:
    """Show recovery codes, this once."""
    response = desk.show("account/codes.html", codes=changed.codes)
    keep(desk, response, changed.begun)
    return response


def _token(desk: Desk) -> str:
    return desk.cookies.get(SESSION) or ""
