"""Doors to what surrounds the records: properties, groups, pipelines, owners, the account and its limits."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from crossdock.connectors.hubspot.sandbox.calls import Answer, Call, batch_answer, paging
from crossdock.connectors.hubspot.sandbox.catalogue import SINGULAR, TYPE_IDS
from crossdock.connectors.hubspot.sandbox.drafts import key_text
from crossdock.connectors.hubspot.sandbox.instants import iso, zone
from crossdock.connectors.hubspot.sandbox.limits import Budget
from crossdock.connectors.hubspot.sandbox.refusals import Refused, invalid, not_found
from crossdock.connectors.hubspot.sandbox.stages import FIELDS


def properties(call: Call) -> Answer:
    """GET properties/{type}."""
    call.flag("archived")
    found = [] if call.flag("archived") else call.portal.schema.properties[call.kind()].values()
    return 200, {"results": [one.to_json() for one in found]}


def one_property(call: Call) -> Answer:
    """GET properties/{type}/{name}."""
    return 200, call.portal.schema.one(call.kind(), call.params["name"]).to_json()


def create_property(call: Call) -> Answer:
    """POST properties/{type}: 201, 409 when there is one of that name."""
    return 201, call.portal.schema.create(call.kind(), call.body(), _now(call)).to_json()


def update_property(call: Call) -> Answer:
    """PATCH properties/{type}/{name}."""
    return 200, call.portal.schema.update(call.kind(), call.params["name"], call.body(), _now(call)).to_json()


def archive_property(call: Call) -> Answer:
    """DELETE properties/{type}/{name}: 204."""
    kind, name = call.kind(), call.params["name"]
    call.portal.schema.archive(kind, name)
    call.portal.forget_property(kind, name)
    return 204, None


def create_properties(call: Call) -> Answer:
    """POST properties/{type}/batch/create: 201, or 207 naming those that were refused."""
    kind, results, errors = call.kind(), [], []
    for row in call.inputs():
        try:
            results.append(call.portal.schema.create(kind, row, _now(call)).to_json())
        except Refused as refused:
            errors.append(refused.row() | {"context": {"name": [str(row.get("name"))]}})
    return (207 if errors else 201), batch_answer(call, results, errors)


def read_properties(call: Call) -> Answer:
    """POST properties/{type}/batch/read: 200, or 207 naming those that do not exist."""
    kind, results, errors = call.kind(), [], []
    for row in call.inputs():
        name = key_text(row.get("name"), "name")
        try:
            results.append(call.portal.schema.one(kind, name).to_json())
        except Refused as refused:
            errors.append(refused.row() | {"context": {"name": [name]}})
    return (207 if errors else 200), batch_answer(call, results, errors)


def archive_properties(call: Call) -> Answer:
    """POST properties/{type}/batch/archive: 204."""
    kind = call.kind()
    for name in [key_text(row.get("name"), "name") for row in call.inputs()]:
        call.portal.schema.archive(kind, name)
        call.portal.forget_property(kind, name)
    return 204, None


def groups(call: Call) -> Answer:
    """GET properties/{type}/groups."""
    return 200, {"results": list(call.portal.schema.groups[call.kind()].values())}


def one_group(call: Call) -> Answer:
    """GET properties/{type}/groups/{name}."""
    found = call.portal.schema.groups[call.kind()].get(call.params["name"])
    if found is None:
        raise not_found(f"Property group {call.params['name']} does not exist")
    return 200, found


def create_group(call: Call) -> Answer:
    """POST properties/{type}/groups: 201, 409 when there is one of that name."""
    return 201, call.portal.schema.create_group(call.kind(), call.body())


def pipelines(call: Call) -> Answer:
    """GET pipelines/{type}."""
    return 200, {"results": list(call.portal.pipelines.of(call.kind()).values())}


def create_pipeline(call: Call) -> Answer:
    """POST pipelines/{type}."""
    return 201, call.portal.pipelines.create(call.kind(), call.body(), _now(call))


def one_pipeline(call: Call) -> Answer:
    """GET pipelines/{type}/{pipelineId}."""
    return 200, call.portal.pipelines.one(call.kind(), call.params["pipelineId"])


def delete_pipeline(call: Call) -> Answer:
    """DELETE pipelines/{type}/{pipelineId}: refused while records refer to it, unless the caller says not to look."""
    kind, pipeline_id = call.kind(), call.params["pipelineId"]
    call.portal.pipelines.one(kind, pipeline_id)
    _unused(call, kind, FIELDS[kind][0], pipeline_id)
    if len(call.portal.pipelines.of(kind)) == 1:
        raise invalid("The last pipeline of an object type cannot be deleted")
    del call.portal.pipelines.of(kind)[pipeline_id]
    return 204, None


def stages(call: Call) -> Answer:
    """GET pipelines/{type}/{pipelineId}/stages."""
    return 200, {"results": call.portal.pipelines.one(call.kind(), call.params["pipelineId"])["stages"]}


def create_stage(call: Call) -> Answer:
    """POST pipelines/{type}/{pipelineId}/stages."""
    made = call.portal.pipelines.create_stage(call.kind(), call.params["pipelineId"], call.body(), _now(call))
    return 201, made


def one_stage(call: Call) -> Answer:
    """GET pipelines/{type}/{pipelineId}/stages/{stageId}."""
    return 200, call.portal.pipelines.stage(call.kind(), call.params["pipelineId"], call.params["stageId"])


def delete_stage(call: Call) -> Answer:
    """DELETE pipelines/{type}/{pipelineId}/stages/{stageId}: refused while records stand in it."""
    kind, pipeline_id, stage_id = call.kind(), call.params["pipelineId"], call.params["stageId"]
    stage = call.portal.pipelines.stage(kind, pipeline_id, stage_id)
    _unused(call, kind, FIELDS[kind][1], stage_id)
    call.portal.pipelines.one(kind, pipeline_id)["stages"].remove(stage)
    return 204, None


def owners(call: Call) -> Answer:
    """GET owners, by ``email`` or all; those who have left stand in the list of the archived alone (vendor)."""
    limit, after = call.page(100, 500)
    email, left = call.text("email"), call.flag("archived")
    listed = [one for one in call.portal.owners if one["archived"] is left]
    found = [one for one in listed if email is None or one["email"] == email.lower()]
    start = int(after) if after is not None and after.isdigit() else 0
    body: dict[str, Any] = {"results": found[start : start + limit]}
    if len(found) > start + limit:
        body["paging"] = paging(str(start + limit))
    return 200, body


def one_owner(call: Call) -> Answer:
    """GET owners/{ownerId}."""
    for one in call.portal.owners:
        if one["id"] == call.params["ownerId"]:
            return 200, one
    raise not_found()


def details(call: Call) -> Answer:
    """GET account-info details."""
    settings = call.portal.settings
    offset = call.portal.clock.now().astimezone(zone(settings.time_zone)).utcoffset() or timedelta()
    minutes = int(offset.total_seconds() // 60)
    sign = "-" if minutes < 0 else "+"
    return 200, {
        "portalId": settings.portal_id,
        "accountType": "STANDARD",
        "timeZone": settings.time_zone,
        "companyCurrency": settings.currency,
        "additionalCurrencies": [code for code in settings.currencies if code != settings.currency],
        "utcOffset": f"{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}",
        "utcOffsetMilliseconds": minutes * 60_000,
        "uiDomain": "app.hubspot.com",
        "dataHostingLocation": "na1",
    }


def api_usage(call: Call, budget: Budget) -> Answer:
    """GET account-info api-usage/daily/private-apps."""
    here = call.portal.clock.now().astimezone(zone(call.portal.settings.time_zone))
    midnight = datetime(here.year, here.month, here.day, tzinfo=here.tzinfo) + timedelta(days=1)
    usage = {
        "name": "private-apps-api-calls-daily",
        "usageLimit": call.portal.settings.daily,
        "currentUsage": budget.used_today,
        "collectedAt": _now(call),
        "fetchStatus": "SUCCESS",
        "resetsAt": iso(int(midnight.timestamp() * 1000)),
    }
    return 200, {"results": [usage]}


def record_limits(call: Call) -> Answer:
    """GET limits records: how full each object type is (the shape is a guess)."""
    limit = 15_000_000
    rows = []
    for kind, type_id in TYPE_IDS.items():
        usage = sum(1 for record in call.portal.records[kind].values() if record.archived_ms is None)
        rows.append(
            {
                "objectTypeId": type_id,
                "singularLabel": SINGULAR[kind],
                "pluralLabel": kind,
                "limit": limit,
                "usage": usage,
                "percentage": usage * 100 / limit,
            }
        )
    return 200, {"hubspotDefinedObjectTypes": rows, "customObjectTypes": {"limit": 10, "usage": 0, "byObjectType": []}}


def _unused(call: Call, kind: str, name: str, value: str) -> None:
    asked = call.text("validateReferencesBeforeDelete") or call.text("validateDealStageUsagesBeforeDelete")
    look = asked == "true" if asked is not None else call.version == "2026-09"
    if not look:
        return
    using = [
        one.id
        for one in call.portal.records[kind].values()
        if one.archived_ms is None and one.properties.get(name) == value
    ]
    if using:
        raise invalid(f"{name} {value} is in use by {len(using)} records", sub_category="Pipelines.IN_USE")


def _now(call: Call) -> str:
    return iso(call.portal.clock.ms())
