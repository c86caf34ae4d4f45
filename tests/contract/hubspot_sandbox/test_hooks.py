"""What the sandbox's app tells: events as the vendor writes them, signed as the vendor's own client signs."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hubspot.utils.signature import Signature

from tests.contract.hubspot.harness import HARNESS, PortalBench

pytestmark = pytest.mark.asyncio
URL = "https://hub.example.test/webhooks/hubspot/app/54321?a=x%3Ay%20z"
DECODED = "https://hub.example.test/webhooks/hubspot/app/54321?a=x:y%20z"
SECRET = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"


async def told(bench: PortalBench) -> list[dict[str, Any]]:
    """Return the messages that wait."""
    messages: list[dict[str, Any]] = (await bench.control("POST", "webhooks"))["messages"]
    return messages


@pytest.mark.parametrize("version", ["v1", "v2", "v3"])
async def test_signatures_are_those_of_the_vendors_client(version: str) -> None:
    """In every age; v3 with the address decoded as the vendor does."""
    async with HARNESS.open(webhook_url=URL, webhook_signature=version) as bench:
        await bench.seed(1)
        (message,) = await told(bench)
        headers = message["headers"]
        if version == "v3":
            at = headers["x-hubspot-request-timestamp"]
            theirs = Signature.get_signature(SECRET, message["body"], "v3", DECODED, "POST", at)
            assert headers["x-hubspot-signature-v3"] == theirs
        else:
            assert headers["x-hubspot-signature-version"] == version
            theirs = Signature.get_signature(SECRET, message["body"], version, URL, "POST")
            assert headers["x-hubspot-signature"] == theirs


async def test_at_most_a_hundred_events_a_message_and_each_once() -> None:
    """A contact that is made is a creation and a change for each of its properties."""
    async with HARNESS.open(webhook_url=URL) as bench:
        await bench.seed(60)
        messages = [orjson.loads(one["body"]) for one in await told(bench)]
        assert [len(one) for one in messages[:-1]] == [100] * (len(messages) - 1)
        events = [event for message in messages for event in message]
        assert len([one for one in events if one["subscriptionType"] == "contact.creation"]) == 60
        changes = [one for one in events if one["subscriptionType"] == "contact.propertyChange"]
        assert {one["portalId"] for one in events} == {62515}
        assert "email" in {one["propertyName"] for one in changes}
        assert await told(bench) == []


async def test_deletions_merges_and_erasures_are_told_as_such() -> None:
    """A merge names both records; our own writes say that an integration made them."""
    async with HARNESS.open(webhook_url=URL) as bench:
        kept, merged, gone, erased = await bench.seed(4)
        await told(bench)
        await bench.act("merge", type="contacts", id=kept, other=merged)
        await bench.act("archive", type="contacts", id=gone)
        await bench.act("erase", type="contacts", id=erased)
        reply = await bench.raw("PATCH", f"/crm/objects/2026-09/contacts/{kept}", {"properties": {"firstname": "Ada"}})
        assert reply.status == 200
        events = [event for one in await told(bench) for event in orjson.loads(one["body"])]
        (merge,) = [one for one in events if one["subscriptionType"] == "contact.merge"]
        assert (merge["primaryObjectId"], merge["mergedObjectIds"]) == (int(kept), [int(merged)])
        kinds = {(one["subscriptionType"], str(one["objectId"])) for one in events}
        assert {("contact.deletion", gone), ("contact.privacyDeletion", erased)} <= kinds
        (ours,) = [one for one in events if one.get("propertyName") == "firstname"]
        assert (ours["changeSource"], ours["sourceId"]) == ("INTEGRATION", "54321")


async def test_nothing_is_told_while_no_address_is_set() -> None:
    """A portal without an app keeps no events."""
    async with HARNESS.open() as bench:
        await bench.seed(1)
        assert await told(bench) == []
