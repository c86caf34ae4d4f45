"""``POST /fields``: what the site found by discovery."""

from __future__ import annotations

from starlette.requests import Request

from crossdock.api.integrations.operation import Caller, Operation, Reply
from crossdock.api.integrations.wordpress import words
from crossdock.api.integrations.wordpress.checking import checked
from crossdock.api.integrations.wordpress.items import parsed
from crossdock.govern.sites.fields import Found
from crossdock.wiring import Hub


def operations(hub: Hub) -> tuple[Operation, ...]:
    """Return the operations."""

    async def put(caller: Caller, request: Request) -> Reply:
        del request
        word = checked(words.Fields, parsed(caller.body))
        found = [Found(one.path, one.type, one.sample or "") for one in word.fields]
        home = caller.connection
        return Reply({"kept": await hub.site_fields.put(home.tenant_id, home.id, word.kind, found)})

    return (
        Operation(
            method="POST",
            path="/fields",
            summary="Tell the fields that were found in the site's data, with a sample of each (personal ones masked).",
            does=put,
            body="fields",
            body_example={"kind": "order", "fields": [{"path": "meta_data.foo", "type": "text", "sample": "a…z"}]},
            answers={200: "kept"},
            example={"kept": 1},
        ),
    )
