"""Links by mail: through which server they may go, and what happens when none takes them."""

from __future__ import annotations

import re
import uuid

import pytest

from crossdock.errors import ExpiredLink
from crossdock.govern.access import Role
from crossdock.govern.alerts.channels import NewChannel
from crossdock.govern.people import Kind, People
from crossdock.govern.people.reaching import LETTERS
from crossdock.wiring import Hub
from tests.support.inboxes import Mailbox, mailbox
from tests.support.people import OWNER, PASSWORD, enter, enter_first, people_of

OTHER = "other@people.example"


async def add_channel(hub: Hub, tenant: uuid.UUID, box: Mailbox) -> None:
    """Let a tenant's alerts go to a mailbox."""
    form = {
        "host": "127.0.0.1",
        "port": box.port,
        "security": "none",
        "sender": "hub@hub.example",
        "to": ["alerts@people.example"],
    }
    await hub.alerting.channels.add(tenant, NewChannel("mail", "email", form), actor="test")


def link_in(text: str, page: str) -> str:
    """Return the token of the link in a letter."""
    found = re.search(rf"http://127\.0\.0\.1:8484{page}\?token=(\S+)", text)
    assert found, text
    return found[1]


async def forgot(people: People, email: str) -> None:
    await people.reaching.forgot(email, address="")
    await people.reaching.drain()


async def test_an_invitation_goes_through_the_inviting_tenants_server(hub: Hub) -> None:
    people, other = people_of(hub), await hub.tenants.add("other", "Other Ltd")
    async with mailbox() as ours, mailbox() as theirs:
        await add_channel(hub, await hub.tenants.find(), ours)
        await add_channel(hub, other, theirs)
        invited = await people.reaching.invite(other, OTHER, Role.ADMIN, actor="test")
        assert (invited.mailed, invited.link, invited.problem) == (True, None, "")
        assert ours.messages == []
        assert theirs.subjects == ["[Crossdock] You are invited to Other Ltd"]
        assert str(theirs.messages[0]["To"]) == OTHER
        token = link_in(theirs.text(0), "/invite")
        assert (await people.links.use(Kind.INVITE, token, name="O", password=PASSWORD)).slug == "other"


async def test_an_invitation_that_no_server_takes_is_shown(hub: Hub) -> None:
    people, tenant = people_of(hub), await hub.tenants.find()
    async with mailbox() as box:
        await add_channel(hub, tenant, box)
        box.refuse = ["554 no", "554 no"]
        invited = await people.reaching.invite(tenant, OTHER, Role.VIEWER, actor="test")
        assert not invited.mailed
        assert invited.problem
        assert OTHER not in invited.problem
        assert invited.link is not None
        token = invited.link.partition("=")[2]
        assert (await people.links.look(Kind.INVITE, token)).email == OTHER


async def test_a_lost_password_is_mended_by_mail_to_whoever_has_the_address(hub: Hub) -> None:
    people = people_of(hub)
    await enter_first(people)
    async with mailbox() as box:
        await add_channel(hub, await hub.tenants.find(), box)
        await forgot(people, "nobody@people.example")
        assert box.messages == []
        await forgot(people, f" {OWNER.upper()} ")
        assert [str(one["To"]) for one in box.messages] == [OWNER]
        token = link_in(box.text(0), "/reset")
        await people.links.use(Kind.RESET, token, password="a lamp and a bicycle")
        begun = await people.sessions.begin(OWNER, "a lamp and a bicycle", agent="", address="")
        await people.account.password(begun.token, "a lamp and a bicycle", PASSWORD, address="")
        await people.reaching.drain()
        assert box.subjects[1:] == ["[Crossdock] The password was changed"]
        with pytest.raises(ExpiredLink):
            await people.links.look(Kind.RESET, token)


async def test_nobody_is_written_to_without_end(hub: Hub) -> None:
    people = people_of(hub)
    await enter_first(people)
    async with mailbox() as box:
        await add_channel(hub, await hub.tenants.find(), box)
        for _ in range(LETTERS.free + 3):
            await forgot(people, OWNER)
        assert len(box.messages) == LETTERS.free
        begun = await people.sessions.begin(OWNER, PASSWORD, agent="", address="")
        assert begun.token, "to be written to locks nobody out"


async def test_a_link_that_opens_several_tenants_goes_through_no_server_of_one_of_them(hub: Hub) -> None:
    """Whoever runs that server would come into the others with it."""
    people, one, two = people_of(hub), await hub.tenants.add("one"), await hub.tenants.add("two")
    await enter_first(people)
    await enter(people, one, OTHER, Role.VIEWER)
    async with mailbox() as theirs, mailbox() as house:
        await add_channel(hub, one, theirs)
        await forgot(people, OTHER)
        assert len(theirs.messages) == 1, "of his only tenant it may"
        await enter(people, two, OTHER, Role.OWNER)
        await forgot(people, OTHER)
        assert len(theirs.messages) == 1
        await add_channel(hub, await hub.tenants.find(), house)
        await forgot(people, OTHER)
        assert (len(theirs.messages), len(house.messages)) == (1, 1)


async def test_an_invitation_that_was_not_accepted_opens_no_way_for_the_letter(hub: Hub) -> None:
    people, one, two = people_of(hub), await hub.tenants.add("one"), await hub.tenants.add("two")
    await enter(people, one, OTHER, Role.OWNER)
    await people.members.invite(two, OTHER, Role.OWNER, actor="test")
    async with mailbox() as theirs:
        await add_channel(hub, two, theirs)
        await forgot(people, OTHER)
        assert theirs.messages == []


async def test_the_older_address_hears_that_it_was_changed(hub: Hub) -> None:
    people = people_of(hub)
    await enter_first(people)
    async with mailbox() as box:
        await add_channel(hub, await hub.tenants.find(), box)
        begun = await people.sessions.begin(OWNER, PASSWORD, agent="", address="")
        await people.account.email(begun.token, OTHER)
        await people.reaching.drain()
        assert [(str(one["To"]), str(one["Subject"])) for one in box.messages] == [
            (OWNER, "[Crossdock] The e-mail address was changed")
        ]
        assert OTHER not in box.text(0)
