"""What is personal or secret of people stands nowhere but sealed: not in the audit, the log, the metrics, an error."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Awaitable

import prometheus_client
import pyotp
import pytest

from crossdock.errors import CrossdockError
from crossdock.govern.access import Role
from crossdock.govern.people import Kind
from crossdock.kit.ids import Prefix, show
from crossdock.wiring import Hub
from tests.support.people import OWNER, PASSWORD, enter_first, people_of

NAME, MOVED, OTHER = "Olga Owner", "canary.moved@people.example", "canary.other@people.example"
NEW = "a lamp and a bicycle"
AGENT = "Mozilla (X11; Linux) Firefox/130 canary"
TABLES = (
    "SELECT relname AS t FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition"
    " AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'"
)
OURS = ("person", "session", "password", "totp", "link", "member")
PUBLIC = "8.8.4.4"


class Life:
    """What one person did, from the first link to the last logout, and what was secret of it."""

    def __init__(self, hub: Hub) -> None:
        self.hub, self.people = hub, people_of(hub)
        self.secrets: list[str] = [PASSWORD, NEW]
        self.told: list[str] = []
        self.ids: set[str] = set()

    async def refused(self, work: Awaitable[object]) -> None:
        """Keep what a refusal says."""
        with pytest.raises(CrossdockError) as refusal:
            await work
        self.told.append(f"{refusal.value!r} {refusal.value.as_problem()}")

    async def live(self) -> None:
        """Come in, change all of one's own, and leave."""
        sessions, account = self.people.sessions, self.people.account
        person = await enter_first(self.people)
        begun = await sessions.begin(OWNER, PASSWORD, agent=AGENT, address=PUBLIC)
        await self.refused(sessions.begin(OWNER, NEW, agent="", address=PUBLIC))
        await self.refused(sessions.begin("typo@@" + OWNER, NEW, agent="", address=PUBLIC))
        await account.describe(person, name="Olga Other-Canary", zone="Europe/Berlin")
        begun = await account.email(begun.token, MOVED)
        await self.refused(account.email(begun.token, "no " + MOVED))
        setup = await account.plan_totp(begun.token)
        changed = await account.set_totp(begun.token, pyotp.TOTP(setup.secret).now())
        again = await account.new_recovery(changed.begun.token)
        begun = await account.drop_totp(again.begun.token)
        begun = await account.password(begun.token, PASSWORD, NEW, address=PUBLIC)
        await self.invite(show(Prefix.USER, person))
        link = await self.people.reaching.reset(person, actor="cli", totp=True)
        await sessions.end(begun.token)
        self.ids.add(show(Prefix.USER, person))
        self.told.append(f"{changed!r} {begun!r} {setup!r}")
        self.secrets += [begun.token, setup.secret, *changed.codes, *again.codes, link.partition("=")[2]]

    async def invite(self, actor: str) -> None:
        """Have somebody else come, be changed, and be gone."""
        tenant, members = await self.hub.tenants.find(), self.people.members
        invited = await self.people.reaching.invite(tenant, OTHER, Role.OWNER, actor=actor)
        await self.refused(self.people.reaching.invite(tenant, "bad " + OTHER, Role.OWNER, actor=actor))
        await self.refused(members.find(tenant, "unknown.canary@people.example"))
        assert invited.link is not None
        token = invited.link.partition("=")[2]
        await self.people.links.use(Kind.INVITE, token, name="Otto Other-Canary", password=PASSWORD)
        await self.refused(self.people.links.use(Kind.INVITE, token, name="Otto Other-Canary", password=PASSWORD))
        await members.role(tenant, invited.person_id, Role.ADMIN, actor=actor)
        self.told.append(f"{invited!r} {await members.list(tenant)!r}")
        await self.people.reaching.forgot(OTHER, address=PUBLIC)
        await self.people.reaching.drain()
        await members.disable(invited.person_id, actor="cli")
        await members.enable(invited.person_id, actor="cli")
        await members.remove(tenant, invited.person_id, actor=actor)
        self.ids.add(show(Prefix.USER, invited.person_id))
        self.secrets.append(token)


async def everything(hub: Hub) -> str:
    """Return the text of every row of every table."""
    kept = []
    async with hub.database.engine() as conn:
        for table in await conn.fetch(TABLES):
            kept += [row["t"] for row in await conn.fetch(f'SELECT x::text AS t FROM "{table["t"]}" x')]
    return "\n".join(kept)


async def test_a_whole_life_of_a_person_leaves_no_personal_word(hub: Hub, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    life = Life(hub)
    await life.live()
    places = {
        "database": await everything(hub),
        "log": caplog.text,
        "metrics": prometheus_client.generate_latest().decode(),
        "what was told": "\n".join(life.told),
    }
    for place, text in places.items():
        for word in (OWNER, MOVED, OTHER, NAME, "Canary", "canary", PUBLIC, "people.example", *life.secrets):
            assert word not in text, f"{place} holds {word!r}"
            assert word.encode().hex() not in text, f"{place} holds {word!r} as bytes"


async def test_the_audit_names_persons_by_their_ids_alone(hub: Hub) -> None:
    life = Life(hub)
    await life.live()
    async with hub.database.engine() as conn:
        entries = await conn.fetch("SELECT actor, action, subject, detail::text AS detail FROM audit_entry")
    ours = [row for row in entries if row["action"].split(".")[0] in OURS]
    assert {row["subject"] for row in ours} == life.ids
    assert {row["actor"] for row in ours} == life.ids | {"cli"}
    assert {row["action"] for row in ours} == {
        "link.reset",
        "member.accept",
        "member.invite",
        "member.remove",
        "member.role",
        "password.change",
        "person.change",
        "person.disable",
        "person.email",
        "person.enable",
        "person.first",
        "session.begin",
        "session.end",
        "totp.off",
        "totp.on",
        "totp.recovery_codes",
    }
    assert "canary" not in str(entries).lower()


async def test_personal_changes_stand_in_the_audit_of_every_tenant_of_the_person(hub: Hub) -> None:
    people, other = people_of(hub), await hub.tenants.add("other")
    await hub.tenants.add("third")
    person = await enter_first(people)
    invited = await people.members.invite(other, OWNER, Role.VIEWER, actor="test")
    await people.links.use(Kind.INVITE, invited.token)
    await people.account.describe(person, name="O", zone="UTC")
    with contextlib.suppress(CrossdockError):
        await people.account.describe(person, name="", zone="UTC")
    async with hub.database.engine() as conn:
        rows = await conn.fetch(
            "SELECT slug, detail::text FROM audit_entry JOIN tenant USING (tenant_id) WHERE action = 'person.change'"
        )
    assert sorted(row["slug"] for row in rows) == ["default", "other"]
    assert {row["detail"] for row in rows} == {'{"fields": ["name"]}'}
