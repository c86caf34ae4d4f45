"""Our requests beside those of HubSpot's own Python client, for the paths both know (v3 and v4)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl

import hubspot
import pytest
from hubspot.crm.associations.v4 import (
    BatchInputPublicAssociationMultiArchive,
    BatchInputPublicDefaultAssociationMultiPost,
    BatchInputPublicFetchAssociationsBatchRequest,
)
from hubspot.crm.objects import (
    BatchInputSimplePublicObjectBatchInput,
    BatchInputSimplePublicObjectBatchInputUpsert,
    BatchInputSimplePublicObjectId,
    BatchReadInputSimplePublicObjectId,
    PublicObjectSearchRequest,
    SimplePublicObjectBatchInput,
    SimplePublicObjectBatchInputUpsert,
)
from hubspot.crm.properties import PropertyCreate, PropertyGroupCreate, PropertyUpdate

from crossdock.connect.client import Transport
from crossdock.connect.egress import Guard
from crossdock.connect.sandbox import serving
from crossdock.connectors.hubspot import CONNECTOR
from crossdock.connectors.hubspot.client import HubSpot
from crossdock.connectors.hubspot.setup import OWN, definition
from tests.contract.hubspot.scripted import TOKEN, Answer, Asked, Portal, access

Ours = Callable[[HubSpot], Awaitable[Any]]
Theirs = Callable[[Any], tuple[Any, Callable[[Any], Any]]]

UPSERT = {"id": "k", "idProperty": "crossdock_key", "properties": {"a": "1"}, "objectWriteTraceId": "w0"}
UPDATE = {"id": "9", "properties": {"a": ""}, "objectWriteTraceId": "w0"}
SNAKE = {"idProperty": "id_property", "objectWriteTraceId": "object_write_trace_id"}
OWN_KEY = definition(OWN.properties[0])
FILTER = {"propertyName": "hs_lastmodifieddate", "operator": "GTE", "value": "1763690000000"}
STAGES = {"propertyName": "dealstage", "operator": "IN", "values": ["closedwon", "paid"]}
OPTION = {"label": "Tea", "value": "Tea", "displayOrder": 0, "hidden": False}
GROUP = {"name": "crossdock", "label": "Crossdock", "displayOrder": -1}


def snake(fields: dict[str, Any]) -> dict[str, Any]:
    """Name fields as the official client does."""
    return {SNAKE.get(name, name): value for name, value in fields.items()}


def ends(to: Any) -> list[dict[str, Any]]:
    return [{"from": {"id": "1"}, "to": to}]


CASES: dict[str, tuple[Ours, Theirs]] = {
    "upsert": (
        lambda to: to.batch_upsert("deals", [UPSERT]),
        lambda crm: (
            crm.objects.batch_api,
            lambda api: api.upsert(
                "deals",
                BatchInputSimplePublicObjectBatchInputUpsert(
                    inputs=[SimplePublicObjectBatchInputUpsert(**snake(UPSERT))]
                ),
            ),
        ),
    ),
    "update": (
        lambda to: to.batch_update("deals", [UPDATE]),
        lambda crm: (
            crm.objects.batch_api,
            lambda api: api.update(
                "deals", BatchInputSimplePublicObjectBatchInput(inputs=[SimplePublicObjectBatchInput(**snake(UPDATE))])
            ),
        ),
    ),
    "archive": (
        lambda to: to.batch_archive("deals", ["9"]),
        lambda crm: (
            crm.objects.batch_api,
            lambda api: api.archive("deals", BatchInputSimplePublicObjectId(inputs=[{"id": "9"}])),
        ),
    ),
    "read": (
        lambda to: to.batch_read("contacts", ["a@b.test"], ["email"], "email"),
        lambda crm: (
            crm.objects.batch_api,
            lambda api: api.read(
                "contacts",
                BatchReadInputSimplePublicObjectId(
                    properties_with_history=[], id_property="email", inputs=[{"id": "a@b.test"}], properties=["email"]
                ),
            ),
        ),
    ),
    "list": (
        lambda to: to.list_objects("deals", ["a", "b"], ["contacts"], "33", 100),
        lambda crm: (
            crm.objects.basic_api,
            lambda api: api.get_page(
                "deals", limit=100, after="33", properties=["a", "b"], associations=["contacts"], archived=False
            ),
        ),
    ),
    "associate": (
        lambda to: to.associate_default("deals", "contacts", [("1", "2")]),
        lambda crm: (
            crm.associations.v4.batch_api,
            lambda api: api.create_default(
                "deals", "contacts", BatchInputPublicDefaultAssociationMultiPost(inputs=ends({"id": "2"}))
            ),
        ),
    ),
    "dissociate": (
        lambda to: to.dissociate("deals", "contacts", [("1", "2")]),
        lambda crm: (
            crm.associations.v4.batch_api,
            lambda api: api.archive(
                "deals", "contacts", BatchInputPublicAssociationMultiArchive(inputs=ends([{"id": "2"}]))
            ),
        ),
    ),
    "read associations": (
        lambda to: to.batch_read_associations("deals", "line_items", [{"id": "1", "after": "5"}]),
        lambda crm: (
            crm.associations.v4.batch_api,
            lambda api: api.get_page(
                "deals",
                "line_items",
                BatchInputPublicFetchAssociationsBatchRequest(inputs=[{"id": "1", "after": "5"}]),
            ),
        ),
    ),
    "properties": (
        lambda to: to.properties("deals"),
        lambda crm: (crm.properties.core_api, lambda api: api.get_all("deals", archived=False)),
    ),
    "create property": (
        lambda to: to.create_property("deals", OWN_KEY),
        lambda crm: (
            crm.properties.core_api,
            lambda api: api.create(
                "deals",
                PropertyCreate(
                    name=OWN_KEY["name"],
                    label=OWN_KEY["label"],
                    description=OWN_KEY["description"],
                    group_name=OWN_KEY["groupName"],
                    type=OWN_KEY["type"],
                    field_type=OWN_KEY["fieldType"],
                    has_unique_value=OWN_KEY["hasUniqueValue"],
                ),
            ),
        ),
    ),
    "groups": (
        lambda to: to.groups("deals"),
        lambda crm: (crm.properties.groups_api, lambda api: api.get_all("deals")),
    ),
    "create group": (
        lambda to: to.create_group("deals", GROUP),
        lambda crm: (
            crm.properties.groups_api,
            lambda api: api.create("deals", PropertyGroupCreate(name="crossdock", label="Crossdock", display_order=-1)),
        ),
    ),
    "list the bin": (
        lambda to: to.list_objects("deals", ["a"], [], None, 100, archived=True),
        lambda crm: (
            crm.objects.basic_api,
            lambda api: api.get_page("deals", limit=100, properties=["a"], archived=True),
        ),
    ),
    "read one": (
        lambda to: to.read_object("contacts", "51", ["email", "phone"]),
        lambda crm: (
            crm.objects.basic_api,
            lambda api: api.get_by_id("contacts", "51", properties=["email", "phone"], archived=False),
        ),
    ),
    "search": (
        lambda to: to.search("deals", [[FILTER]], "hs_lastmodifieddate", ["dealname"], 100),
        lambda crm: (
            crm.objects.search_api,
            lambda api: api.do_search(
                "deals",
                PublicObjectSearchRequest(
                    filter_groups=[{"filters": [FILTER]}],
                    sorts=[{"propertyName": "hs_lastmodifieddate", "direction": "ASCENDING"}],
                    properties=["dealname"],
                    limit=100,
                    after="0",
                ),
            ),
        ),
    ),
    "search, the newest first": (
        lambda to: to.search("deals", [[FILTER, STAGES]], "hs_object_id", ["dealname"], 25, falling=True),
        lambda crm: (
            crm.objects.search_api,
            lambda api: api.do_search(
                "deals",
                PublicObjectSearchRequest(
                    filter_groups=[{"filters": [FILTER, STAGES]}],
                    sorts=[{"propertyName": "hs_object_id", "direction": "DESCENDING"}],
                    properties=["dealname"],
                    limit=25,
                    after="0",
                ),
            ),
        ),
    ),
    "owners who left": (
        lambda to: to.owners(None, archived=True),
        lambda crm: (crm.owners.owners_api, lambda api: api.get_page(limit=500, archived=True)),
    ),
    "owners": (
        lambda to: to.owners("9"),
        lambda crm: (crm.owners.owners_api, lambda api: api.get_page(limit=500, after="9")),
    ),
    "one property": (
        lambda to: to.property_of("deals", "amount"),
        lambda crm: (crm.properties.core_api, lambda api: api.get_by_name("deals", "amount")),
    ),
    "add options": (
        lambda to: to.update_property("deals", "taste", {"options": [OPTION]}),
        lambda crm: (
            crm.properties.core_api,
            lambda api: api.update("deals", "taste", PropertyUpdate(options=[OPTION])),
        ),
    ),
    "pipelines": (
        lambda to: to.pipelines("deals"),
        lambda crm: (crm.pipelines.pipelines_api, lambda api: api.get_all("deals")),
    ),
}


def call(theirs: Theirs, url: str) -> None:
    """Make one call with the official client; what it makes of the empty answer does not matter."""
    api, run = theirs(hubspot.HubSpot(access_token=TOKEN, host=url).crm)
    try:
        run(api)
    except ValueError:
        pass  # the client insists on fields that the scripted answer lacks
    finally:
        api.api_client.close()
        api.api_client.rest_client.pool_manager.clear()


@pytest.mark.parametrize("name", CASES)
async def test_the_same_request(name: str) -> None:
    ours, theirs = CASES[name]
    portal = Portal(lambda asked: Answer(200, {}))
    async with serving(portal) as running, Transport(Guard(allow=("127.0.0.1/32",), production=False)) as transport:
        await ours(HubSpot(access(running.url, transport, api_version="v3"), CONNECTOR.manifest))
        await asyncio.to_thread(call, theirs, running.url)
    mine, official = portal.asked
    # the official client ends the path of owners with a slash; the documentation does not
    assert (mine.method, mine.path) == (official.method, official.path.removesuffix("/"))
    assert query(mine) == query(official)
    assert mine.body == official.body


def query(asked: Asked) -> list[tuple[str, str]]:
    """Return the query's pairs; booleans as the official client writes them (False) are the same word."""
    return sorted((name, value.lower()) for name, value in parse_qsl(asked.query))
