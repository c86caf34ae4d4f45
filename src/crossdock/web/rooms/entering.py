"""Coming in: the first person, the login with its second step, invitations, new passwords; and going out."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from starlette.responses import Response

from crossdock.errors import CrossdockError, Locked, NeedsCode, Overloaded, Unauthenticated
from crossdock.govern.people import Begun, Kind
from crossdock.govern.people.sessions import CODE_LIFE
from crossdock.web.cookies import SESSION
from crossdock.web.desk import Desk
from crossdock.web.page import Room

ROOM = Room()
TICKET: Final = "ticket"
"""The cookie between password and code."""
_SAID: Final = {
    "out": "You are logged out.",
    "password": "The new password is set; all sessions have ended. Log in with it.",
    "joined": "You have a seat there now. Log in to see it.",
}
"""What the login says first; a word in the address chooses it, so that no address can make it say anything else."""


@ROOM.open("/welcome")
async def welcome(desk: Desk) -> Response:
    """Show the first person's form."""
    token = desk.query.get("token", "")
    await desk.hub.people.links.look(Kind.FIRST_RUN, token)
    return _quiet(desk.show("entering/welcome.html", token=token, email="", name=""))


@ROOM.open("/welcome", acts=True)
async def welcomed(desk: Desk) -> Response:
    """Make the first person, owner of the default tenant, and let him in."""
    token, email, name = desk.text("token"), desk.text("email"), desk.text("name")
    desk.expect("entering/welcome.html", token=token, email=email, name=name)
    password = typed(desk)
    used = await desk.hub.people.links.use(Kind.FIRST_RUN, token, email=email, name=name, password=password)
    return await _in(desk, used.email, password, f"/t/{used.slug}")


@ROOM.open("/login")
async def login(desk: Desk) -> Response:
    """Show the login."""
    if not desk.guest:
        return desk.leave(onward_of(desk.query.get("next", "")))
    nobody = not await desk.hub.people.links.anybody()
    said = _SAID.get(desk.query.get("said", ""), "")
    return desk.show(
        "entering/login.html", email="", next=onward_of(desk.query.get("next", "")), said=said, nobody=nobody
    )


@ROOM.open("/login", acts=True)
async def logged_in(desk: Desk) -> Response:
    """Let somebody in who knows e-mail and password, or ask for the code."""
    email, onward = desk.text("email"), onward_of(desk.text("next"))
    try:
        return await _in(desk, email, typed(desk), onward)
    except (Unauthenticated, Locked, Overloaded) as refused:
        return _again(desk, "entering/login.html", refused, email=email, next=onward, said="", nobody=False)


@ROOM.open("/login/code")
async def code(desk: Desk) -> Response:
    """Show the second step."""
    onward = onward_of(desk.query.get("next", ""))
    if desk.cookies.get(TICKET) is None:
        return desk.leave("/login")
    return desk.show("entering/code.html", next=onward)


@ROOM.open("/login/code", acts=True)
async def coded(desk: Desk) -> Response:
    """Let somebody in by a one-time or recovery code."""
    onward = onward_of(desk.text("next"))
    try:
        begun = await desk.hub.people.sessions.finish(
            desk.cookies.get(TICKET) or "", desk.text("code"), agent=_agent(desk), address=desk.address
        )
    except (Unauthenticated, Locked) as refused:
        return _again(desk, "entering/code.html", refused, next=onward)
    return entered(desk, begun, onward)


@ROOM.open("/logout", acts=True)
async def logout(desk: Desk) -> Response:
    """End the session."""
    token = desk.cookies.get(SESSION)
    if token:
        await desk.hub.people.sessions.end(token)
    response = desk.leave("/login?said=out")
    desk.cookies.drop(response, SESSION)
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


@ROOM.open("/forgot")
async def forgot(desk: Desk) -> Response:
    """Ask for the address."""
    return desk.show("entering/forgot.html", email="", asked=False)


@ROOM.open("/forgot", acts=True)
async def forgotten(desk: Desk) -> Response:
    """Mail a link, if anybody has the address; the answer is the same."""
    desk.expect("entering/forgot.html", email=desk.text("email"), asked=False)
    await desk.hub.people.reaching.forgot(desk.text("email"), address=desk.address)
    return desk.show("entering/forgot.html", email=desk.text("email"), asked=True)


@ROOM.open("/reset")
async def reset(desk: Desk) -> Response:
    """Show the form for a new password."""
    token = desk.query.get("token", "")
    link = await desk.hub.people.links.look(Kind.RESET, token)
    return _quiet(desk.show("entering/reset.html", token=token, email=link.email))


@ROOM.open("/reset", acts=True)
async def renewed(desk: Desk) -> Response:
    """Set a new password. Codes are asked for at the login as before."""
    token = desk.text("token")
    link = await desk.hub.people.links.look(Kind.RESET, token)
    desk.expect("entering/reset.html", token=token, email=link.email)
    await desk.hub.people.links.use(Kind.RESET, token, password=typed(desk))
    response = desk.leave("/login?said=password")
    desk.cookies.drop(response, SESSION)
    return response


@ROOM.open("/invite")
async def invite(desk: Desk) -> Response:
    """Show what somebody is invited to."""
    token = desk.query.get("token", "")
    link = await desk.hub.people.links.look(Kind.INVITE, token)
    return _quiet(desk.show("entering/invite.html", token=token, link=link, name=""))


@ROOM.open("/invite", acts=True)
async def joined(desk: Desk) -> Response:
    """Give the seat; whoever has no password yet sets one and is in."""
    token, name = desk.text("token"), desk.text("name")
    link = await desk.hub.people.links.look(Kind.INVITE, token)
    desk.expect("entering/invite.html", token=token, link=link, name=name)
    password = typed(desk)
    used = await desk.hub.people.links.use(Kind.INVITE, token, name=name, password=password)
    onward = f"/t/{used.slug}"
    if not link.known:
        return await _in(desk, used.email, password, onward)
    if not desk.guest and desk.seat.person_id == used.person_id:
        return desk.leave(onward)
    return desk.leave(f"/login?said=joined&next={quote(onward)}")


def entered(desk: Desk, begun: Begun, onward: str) -> Response:
    """Send somebody on with the cookie of his session."""
    response = desk.leave(onward)
    keep(desk, response, begun)
    desk.cookies.drop(response, TICKET)
    return response


def keep(desk: Desk, response: Response, begun: Begun) -> None:
    """Give a session's token to the browser."""
    seconds = int(desk.hub.people.sessions.lives.whole.total_seconds())
    desk.cookies.put(response, SESSION, begun.token, seconds=seconds)


async def _in(desk: Desk, email: str, password: str, onward: str) -> Response:
    sessions = desk.hub.people.sessions
    try:
        begun = await sessions.begin(email, password, agent=_agent(desk), address=desk.address)
    except NeedsCode as asked:
        response = desk.leave("/login/code" if onward == "/" else f"/login/code?next={quote(onward)}")
        desk.cookies.put(response, TICKET, asked.ticket, seconds=int(CODE_LIFE.total_seconds()))
        return response
    return entered(desk, begun, onward)


def _again(desk: Desk, template: str, refused: CrossdockError, **values: object) -> Response:
    response = desk.show(template, status=refused.status, problem=refused, **values)
    if isinstance(refused, Locked | Overloaded):
        response.headers["Retry-After"] = str(refused.retry_after_s)
    return response


def onward_of(asked: str) -> str:
    """Return where to go on; an address of another host is none."""
    fine = asked.startswith("/") and not asked.startswith(("//", "/\\")) and asked.isprintable() and "\\" not in asked
    return asked if fine and not asked.startswith(("/login", "/logout")) else "/"


def typed(desk: Desk, name: str = "password") -> str:
    """Return a password as it was typed: spaces around it are part of it."""
    value = desk.form.get(name, "")
    return value if isinstance(value, str) else ""


def _agent(desk: Desk) -> str:
    return desk.request.headers.get("user-agent", "")


def _quiet(response: Response) -> Response:
    """Keep the one-time token of the address out of what the browser tells of where it comes from."""
    response.headers["Referrer-Policy"] = "strict-origin"
    return response
