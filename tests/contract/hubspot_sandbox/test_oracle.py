"""The official client runs unchanged against the sandbox, with the v3 and v4 paths it knows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import hubspot
import pytest
from hubspot.crm import contacts, deals, objects, pipelines, products, properties
from hubspot.crm.associations import v4

from crossdock.connectors.hubspot.sandbox import TOKEN

from .conftest import ONE_LOOP, Caller

pytestmark = ONE_LOOP


@pytest.fixture
def client(portal: Caller) -> Any:
    return hubspot.Client.create(access_token=TOKEN, host=portal.url)


async def run(call: Callable[..., Any], *args: Any, **more: Any) -> Any:
    """Run a call of the official client, which blocks, beside the sandbox's loop."""
    return await asyncio.to_thread(call, *args, **more)


async def test_contacts(portal: Caller, client: Any) -> None:
    api = client.crm.contacts
    given = contacts.SimplePublicObjectInputForCreate(properties={"email": "Ann@x.example", "firstname": "Ann"})
    made = await run(api.basic_api.create, simple_public_object_input_for_create=given)
    assert made.properties["email"] == "ann@x.example"
    with pytest.raises(contacts.exceptions.ApiException) as refused:
        await run(api.basic_api.create, simple_public_object_input_for_create=given)
    assert refused.value.status == 409
    assert f"Existing ID: {made.id}" in refused.value.body
    change = contacts.SimplePublicObjectInput(properties={"city": "Köln"})
    await run(api.basic_api.update, made.id, change)
    read = await run(api.basic_api.get_by_id, "ann@x.example", properties=["city"], id_property="email")
    assert (read.id, read.properties["city"]) == (made.id, "Köln")
    rows = [
        contacts.SimplePublicObjectBatchInputUpsert(
            id=mail, id_property="email", properties={"email": mail}, object_write_trace_id=mail
        )
        for mail in ("ann@x.example", "bob@x.example")
    ]
    done = await run(api.batch_api.upsert, contacts.BatchInputSimplePublicObjectBatchInputUpsert(inputs=rows))
    assert [row.new for row in done.results] == [False, True]
    await portal.advance(5)
    one = {"propertyName": "city", "operator": "EQ", "value": "Köln"}
    found = await run(api.search_api.do_search, contacts.PublicObjectSearchRequest(filter_groups=[{"filters": [one]}]))
    assert [row.id for row in found.results] == [made.id]
    assert {row.id for row in await run(api.get_all)} == {row.id for row in done.results}
    await run(api.basic_api.archive, made.id)
    with pytest.raises(contacts.exceptions.ApiException) as missing:
        await run(api.basic_api.get_by_id, made.id)
    assert missing.value.status == 404


async def test_partial_failures_are_read_by_the_client(client: Any) -> None:
    rows = [
        contacts.SimplePublicObjectBatchInputUpsert(
            id=mail, id_property="email", properties={"email": mail} | extra, object_write_trace_id=mail
        )
        for mail, extra in (("a@x.example", {}), ("b@x.example", {"nope": "1"}))
    ]
    body = contacts.BatchInputSimplePublicObjectBatchInputUpsert(inputs=rows)
    done = await run(client.crm.contacts.batch_api.upsert, body)
    assert [row.object_write_trace_id for row in done.results] == ["a@x.example"]
    assert done.num_errors == 1
    assert done.errors[0].context == {"objectWriteTraceId": ["b@x.example"]}


async def test_properties_groups_and_pipelines(client: Any) -> None:
    group = properties.PropertyGroupCreate(name="shop", label="Shop")
    await run(client.crm.properties.groups_api.create, "deals", group)
    wanted = properties.PropertyCreate(
        name="shop_key", label="Key", group_name="shop", type="string", field_type="text", has_unique_value=True
    )
    made = await run(client.crm.properties.core_api.create, "deals", wanted)
    assert made.has_unique_value
    with pytest.raises(properties.exceptions.ApiException) as refused:
        await run(client.crm.properties.core_api.create, "deals", wanted)
    assert refused.value.status == 409
    found = await run(client.crm.properties.core_api.get_all, "deals")
    assert "shop_key" in {one.name for one in found.results}
    known = await run(client.crm.pipelines.pipelines_api.get_all, "deals")
    assert [stage.id for stage in known.results[0].stages][-2:] == ["closedwon", "closedlost"]
    stage = pipelines.PipelineStageInput(label="New", display_order=9, metadata={"probability": "0.5"})
    added = await run(client.crm.pipelines.pipeline_stages_api.create, "deals", "default", stage)
    assert added.metadata["isClosed"] == "false"


async def test_deals_lines_and_associations(client: Any) -> None:
    mug = products.SimplePublicObjectInputForCreate(properties={"name": "Mug", "price": "5"})
    product = await run(client.crm.products.basic_api.create, simple_public_object_input_for_create=mug)
    given = deals.SimplePublicObjectInputForCreate(properties={"dealname": "#1", "dealstage": "closedwon"})
    deal = await run(client.crm.deals.basic_api.create, simple_public_object_input_for_create=given)
    line_in = objects.SimplePublicObjectInputForCreate(properties={"hs_product_id": product.id, "quantity": "2"})
    line = await run(client.crm.objects.basic_api.create, "line_items", line_in)
    pair = v4.PublicDefaultAssociationMultiPost(_from={"id": deal.id}, to={"id": line.id})
    body = v4.BatchInputPublicDefaultAssociationMultiPost(inputs=[pair])
    done = await run(client.crm.associations.v4.batch_api.create_default, "deals", "line_items", body)
    assert done.results[0].association_spec.association_type_id == 19
    asked = v4.BatchInputPublicFetchAssociationsBatchRequest(inputs=[{"id": deal.id}])
    found = await run(client.crm.associations.v4.batch_api.get_page, "deals", "line_items", asked)
    assert [end.to_object_id for end in found.results[0].to] == [line.id]
    read = await run(client.crm.deals.basic_api.get_by_id, deal.id, associations=["line_items"])
    assert read.associations["line items"].results[0].id == line.id
    await run(client.crm.associations.v4.basic_api.archive, "deals", deal.id, "line_items", line.id)
    left = await run(client.crm.associations.v4.basic_api.get_page, "deals", deal.id, "line_items")
    assert left.results == []


async def test_a_bad_token_and_the_owners(portal: Caller, client: Any) -> None:
    owners = await run(client.crm.owners.owners_api.get_page)
    assert owners.results[0].email == "owner@portal.example"
    wrong = hubspot.Client.create(access_token="wrong", host=portal.url)
    with pytest.raises(contacts.exceptions.ApiException) as refused:
        await run(wrong.crm.contacts.basic_api.get_page)
    assert refused.value.status == 401
