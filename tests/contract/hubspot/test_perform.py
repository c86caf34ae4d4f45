"""Writes against answers of every shape HubSpot may give."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from crossdock.model.outcome import Delivered, Gone, Refresh, Rejected, Retry, Throttled, Unknown
from crossdock.model.plan import Ref, Resolved, Verb, Write
from tests.contract.hubspot.scripted import Answer, Asked, portal


def deal(number: int, external_id: str | None = None, **properties: str | None) -> Resolved:
    """An upsert of a deal by our key."""
    key = f"shop:order:{number}"
    fields: dict[str, str | None] = {"dealname": f"#{number}", "crossdock_key": key, **properties}
    return Resolved(Write(Verb.UPSERT, "deals", key, match=("crossdock_key", key)), external_id, fields)


def person(key: str, email: str, external_id: str | None = None, *, ensure: bool = False, **more: str) -> Resolved:
    """An upsert of a contact by its address."""
    fields: dict[str, str | None] = {"email": email, **more}
    write = Write(Verb.UPSERT, "contacts", key, match=("email", email), ensure=ensure)
    return Resolved(write, external_id, fields)


def done(asked: Asked, first: int = 100) -> list[dict[str, Any]]:
    """Results as HubSpot gives them: our inputs with an id, in another order."""
    return [
        {
            "id": each["id"] if "idProperty" not in each else str(first + n),
            "properties": dict(each.get("properties") or {}),
            "objectWriteTraceId": each.get("objectWriteTraceId"),
            "new": True,
        }
        for n, each in enumerate(asked.body["inputs"])
    ][::-1]


@pytest.mark.parametrize("status", [200, 201, 207])
async def test_every_success_is_read_alike(status: int) -> None:
    async with portal(lambda asked: Answer(status, {"status": "COMPLETE", "results": done(asked)})) as (app, to):
        assert await to.perform("deal", [deal(1), deal(2)]) == [Delivered("100"), Delivered("101")]
        assert app.paths() == ["POST deals/batch/upsert"]


@pytest.mark.parametrize("status", [200, 207])
async def test_a_bad_row_fails_alone_wherever_its_error_stands(status: int) -> None:
    def script(asked: Asked) -> Answer:
        bad = asked.body["inputs"][1]["objectWriteTraceId"]
        error = {
            "status": "error",
            "category": "VALIDATION_ERROR",
            "message": 'Property values were not valid: [{"name":"amount","message":"secret-value"}]',
            "context": {"objectWriteTraceId": [bad]},
            "errors": [{"message": "secret-value", "code": "INVALID_LONG", "context": {"propertyName": ["amount"]}}],
        }
        return Answer(status, {"results": [done(asked)[2], done(asked)[0]], "numErrors": 1, "errors": [error]})

    async with portal(script) as (app, to):
        first, second, third = await to.perform("deal", [deal(1), deal(2), deal(3)])
    assert (first, third) == (Delivered("100"), Delivered("102"))
    assert isinstance(second, Rejected)
    assert (second.field, second.code) == ("amount", "VALIDATION_ERROR")
    assert "INVALID_LONG" in second.reason
    assert "secret-value" not in second.reason
    assert len(app.asked) == 1


@pytest.mark.parametrize("status", [400, 409])
async def test_a_refused_batch_is_halved_until_the_bad_row_stands_alone(status: int) -> None:
    def script(asked: Asked) -> Answer:
        if "shop:order:7" in asked.ids:
            return Answer(status, {"status": "error", "category": "VALIDATION_ERROR", "message": "no good"})
        return Answer(200, {"results": done(asked, int(asked.ids[0].split(":")[2]))})

    async with portal(script) as (app, to):
        outcomes = await to.perform("deal", [deal(n) for n in range(64)])
    assert [n for n, outcome in enumerate(outcomes) if not isinstance(outcome, Delivered)] == [7]
    assert isinstance(outcomes[7], Rejected)
    assert len(app.asked) <= 2 * 6 + 1


async def test_the_search_for_bad_rows_is_bounded() -> None:
    async with portal(lambda asked: Answer(400, {"category": "VALIDATION_ERROR"})) as (app, to):
        outcomes = await to.perform("deal", [deal(n) for n in range(200)])
    assert len(app.asked) <= 62 + 2
    assert {type(outcome) for outcome in outcomes} == {Rejected, Retry}


async def test_an_error_that_names_nobody_is_found_by_asking_again() -> None:
    def script(asked: Asked) -> Answer:
        good = [each for each in done(asked) if each["properties"]["dealname"] != "#2"]
        errors = [] if len(good) == len(asked.ids) else [{"category": "VALIDATION_ERROR", "message": "one is bad"}]
        return Answer(207, {"results": good, "errors": errors})

    async with portal(script) as (app, to):
        first, second = await to.perform("deal", [deal(1), deal(2)])
    assert isinstance(first, Delivered)
    assert isinstance(second, Rejected)
    assert len(app.asked) == 2


async def test_a_batch_holds_a_hundred_and_no_record_twice() -> None:
    async with portal(lambda asked: Answer(200, {"results": done(asked)})) as (app, to):
        outcomes = await to.perform("deal", [deal(n % 150, amount=str(n)) for n in range(300)])
    assert all(isinstance(outcome, Delivered) for outcome in outcomes)
    assert sorted(len(asked.ids) for asked in app.asked) == [50, 100]
    assert all(len(set(asked.ids)) == len(asked.ids) for asked in app.asked)
    sent = {each["id"]: each["properties"]["amount"] for asked in app.asked for each in asked.body["inputs"]}
    assert sent["shop:order:3"] == "153"


async def test_one_person_under_two_names_is_one_row_and_fields_win_over_ensuring() -> None:
    async with portal(lambda asked: Answer(200, {"results": done(asked)})) as (app, to):
        outcomes = await to.perform(
            "contact",
            [
                person("guest:1", "a@example.test", ensure=True),
                person("shop:customer:1", "A@example.test", firstname="Zoë"),
                person("guest:2", "a@example.test", ensure=True),
            ],
        )
    assert outcomes == [Delivered("100")] * 3
    (asked,) = app.asked
    assert [each["properties"]["firstname"] for each in asked.body["inputs"]] == ["Zoë"]


async def test_what_is_only_ensured_is_looked_up_and_left_alone() -> None:
    def script(asked: Asked) -> Answer:
        if asked.path.endswith("read"):
            there = [{"id": "55", "properties": {"email": "a@example.test"}}]
            return Answer(207, {"results": there, "numErrors": 1, "errors": [{"category": "OBJECT_NOT_FOUND"}]})
        return Answer(200, {"results": done(asked)})

    async with portal(script) as (app, to):
        writes = [
            person("shop:customer:1", "a@example.test", ensure=True, firstname="A"),
            person("shop:customer:2", "b@example.test", ensure=True, firstname="B"),
            person("shop:customer:3", "c@example.test", "77", ensure=True, firstname="C"),
        ]
        assert await to.perform("contact", writes) == [Delivered("55"), Delivered("100"), Delivered("77")]
    assert app.paths() == ["POST contacts/batch/read", "POST contacts/batch/upsert"]
    assert app.asked[0].body["idProperty"] == "email"
    assert app.asked[1].ids == ["b@example.test"]


async def test_a_known_link_is_updated_by_id_and_nothing_is_cleared_by_null() -> None:
    async with portal(lambda asked: Answer(200, {"results": done(asked)})) as (app, to):
        assert await to.perform("deal", [deal(1, "901", crossdock_coupons=None)]) == [Delivered("901")]
    (asked,) = app.asked
    assert asked.path == "/crm/objects/2026-09/deals/batch/update"
    assert "idProperty" not in asked.body["inputs"][0]
    assert asked.body["inputs"][0]["properties"]["crossdock_coupons"] == ""


async def test_a_linked_record_that_is_gone() -> None:
    def script(asked: Asked) -> Answer:
        error = {"category": "OBJECT_NOT_FOUND", "message": "not there", "context": {"ids": ["902"]}}
        return Answer(207, {"results": [each for each in done(asked) if each["id"] != "902"], "errors": [error]})

    async with portal(script) as (_, to):
        kept, gone = await to.perform("deal", [deal(1, "901"), deal(2, "902")])
    assert kept == Delivered("901")
    assert isinstance(gone, Gone)


async def test_a_merged_record_is_known_by_its_new_id() -> None:
    def script(asked: Asked) -> Answer:
        return Answer(200, {"results": [{**done(asked)[0], "id": "999"}]})

    async with portal(script) as (_, to):
        assert await to.perform("deal", [deal(1, "901")]) == [Delivered("999")]


async def test_a_contact_that_has_the_address_already_is_written() -> None:
    def script(asked: Asked) -> Answer:
        if asked.path.endswith("upsert"):
            message = "Contact already exists. Existing ID: 4711"
            return Answer(409, {"status": "error", "category": "CONFLICT", "message": message})
        return Answer(200, {"results": done(asked)})

    async with portal(script) as (app, to):
        outcomes = await to.perform("contact", [person("k", "alias@example.test", firstname="Zoë")])
    assert outcomes == [Delivered("4711")]
    assert app.asked[1].body["inputs"][0]["properties"] == {"firstname": "Zoë"}


async def test_a_lifecycle_stage_that_would_go_back_is_left_out() -> None:
    def script(asked: Asked) -> Answer:
        if "lifecyclestage" in asked.body["inputs"][0]["properties"]:
            inner = {"code": "INVALID_OPTION", "context": {"propertyName": ["lifecyclestage"]}}
            return Answer(400, {"category": "VALIDATION_ERROR", "message": "no", "errors": [inner]})
        return Answer(200, {"results": done(asked)})

    async with portal(script) as (app, to):
        outcomes = await to.perform("contact", [person("k", "a@example.test", city="Ulm", lifecyclestage="customer")])
    assert outcomes == [Delivered("100")]
    assert app.asked[1].body["inputs"][0]["properties"] == {"email": "a@example.test", "city": "Ulm"}


async def test_a_shared_contact_that_went_with_another_account_is_not_pulled_back() -> None:
    held = {"email": "new@example.test", "crossdock_customer_id": "other:customer:1"}

    def script(asked: Asked) -> Answer:
        if asked.path.endswith("read"):
            return Answer(200, {"results": [{"id": each, "properties": held} for each in asked.ids]})
        return Answer(200, {"results": done(asked, 300)})

    mine = "shop:customer:1"
    async with portal(script) as (app, to):
        anew = await to.perform("contact", [person(mine, "old@example.test", "5", crossdock_customer_id=mine)])
        same = await to.perform("contact", [person(mine, "NEW@example.test", "5", crossdock_customer_id=mine)])
        left = Write(Verb.UPSERT, "contacts", mine)
        gone = await to.perform("contact", [Resolved(left, "5", {"crossdock_customer_state": "deleted"})])
    assert (anew, same, gone) == ([Delivered("300")], [Delivered("5")], [Delivered("5")])
    assert app.paths() == [
        "POST contacts/batch/read",
        "POST contacts/batch/upsert",
        "POST contacts/batch/read",
        "POST contacts/batch/update",
        "POST contacts/batch/read",
    ]


async def test_throttled_for_the_window_or_until_the_portals_midnight() -> None:
    said: list[Answer] = [
        Answer(429, {"policyName": "TEN_SECONDLY_ROLLING"}, {"X-HubSpot-RateLimit-Interval-Milliseconds": "10000"}),
        Answer(429, {"policyName": "SECONDLY"}),
        Answer(429, {"policyName": "TEN_SECONDLY_ROLLING"}, {"Retry-After": "3"}),
        Answer(429, {"policyName": "DAILY"}),
        Answer(429),
    ]
    async with portal(lambda asked: said[len(app.asked) - 1]) as (app, to):
        waits = []
        for _ in said:
            (outcome,) = await to.perform("deal", [deal(1)])
            assert isinstance(outcome, Throttled)
            waits.append(outcome.after_s)
    # the clock stands at 12:00 UTC, 13:00 in the portal's Berlin: eleven hours are left of its day
    assert waits == [10.0, 1.0, 3.0, 11 * 3600.0, 10.0]


async def test_once_throttled_no_further_call_of_the_step_is_made() -> None:
    async with portal(lambda asked: Answer(429, {"policyName": "SECONDLY"})) as (app, to):
        outcomes = await to.perform("deal", [deal(n) for n in range(1000)])
    assert {type(outcome) for outcome in outcomes} == {Throttled}
    assert len(app.asked) <= 4


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(401, {"category": "EXPIRED_AUTHENTICATION"}), Refresh),
        (Answer(403, {"category": "MISSING_SCOPES"}), Refresh),
        (Answer(423, {}), Retry),
        (Answer(477, {}, {"Retry-After": "7200"}), Retry),
        (Answer(500, {}), Retry),
        (Answer(502, None), Retry),
        (Answer(200, ["no object"]), Unknown),
        (Answer(cut=True), Unknown),
    ],
)
async def test_what_an_answer_means_for_every_write_of_its_call(answer: Answer, kind: type) -> None:
    async with portal(lambda asked: answer) as (_, to):
        outcomes = await to.perform("deal", [deal(1), deal(2)])
    assert [type(outcome) for outcome in outcomes] == [kind, kind]


async def test_associations_are_batched_by_kind_and_deduplicated() -> None:
    def script(asked: Asked) -> Answer:
        results = [{"from": each["from"], "to": each["to"]} for each in asked.body["inputs"]]
        return Answer(200, {"status": "COMPLETE", "results": results})

    def link(other: str, to_id: str | None) -> Resolved:
        write = Write(Verb.ASSOCIATE, "deals", "shop:order:1", to=Ref(other, "k"))
        return Resolved(write, "1", {}, from_id="1", to_id=to_id)

    async with portal(script) as (app, to):
        outcomes = await to.perform(
            "associations",
            [link("contacts", "7"), link("line_items", "8"), link("line_items", "8"), link("line_items", None)],
        )
    assert outcomes[:3] == [Delivered("1")] * 3
    assert isinstance(outcomes[3], Retry)
    assert sorted(asked.path for asked in app.asked) == [
        "/crm/associations/2026-09/deals/contacts/batch/associate/default",
        "/crm/associations/2026-09/deals/line_items/batch/associate/default",
    ]


async def test_archiving_and_dissociating() -> None:
    async with portal(lambda asked: Answer(204)) as (app, to):
        archive = Write(Verb.ARCHIVE, "deals", "shop:order:1", match=("crossdock_key", "shop:order:1"))
        apart = Write(Verb.DISSOCIATE, "deals", "shop:order:1", to=Ref("contacts", "k"))
        assert await to.perform("archive-deal", [Resolved(archive, "1", {})]) == [Delivered("1")]
        assert await to.perform("archive-deal", [Resolved(archive, None, {})]) == [Delivered(None)]
        assert await to.perform("apart", [Resolved(apart, "1", {}, from_id="1", to_id="2")]) == [Delivered("1")]
    assert [asked.path.rsplit("/", 1)[1] for asked in app.asked] == ["archive", "archive"]
    assert app.asked[1].body == {"inputs": [{"from": {"id": "1"}, "to": [{"id": "2"}]}]}


async def test_archiving_what_is_gone_is_done() -> None:
    async with portal(lambda asked: Answer(404, {"category": "OBJECT_NOT_FOUND"})) as (_, to):
        archive = Write(Verb.ARCHIVE, "deals", "k")
        assert await to.perform("archive-deal", [Resolved(archive, "1", {})]) == [Delivered("1")]


async def test_what_cannot_be_written() -> None:
    async with portal(lambda asked: Answer(500)) as (app, to):
        (message,) = await to.perform("x", [Resolved(Write(Verb.SEND, "deals", "k"), None, {})])
        (lost,) = await to.perform("x", [Resolved(Write(Verb.UPSERT, "deals", "k"), None, {})])
    assert isinstance(message, Rejected)
    assert isinstance(lost, Gone)
    assert not app.asked


@pytest.mark.parametrize(
    ("version", "objects", "associations"),
    [
        ("2026-03", "/crm/objects/2026-03/deals/batch/upsert", "/crm/associations/2026-03/deals/contacts/"),
        ("v3", "/crm/v3/objects/deals/batch/upsert", "/crm/v4/associations/deals/contacts/"),
    ],
)
async def test_paths_of_other_versions(version: str, objects: str, associations: str) -> None:
    async with portal(lambda asked: Answer(503), api_version=version) as (app, to):
        await to.perform("deal", [deal(1)])
        write = Write(Verb.ASSOCIATE, "deals", "k", to=Ref("contacts", "k"))
        await to.perform("associations", [Resolved(write, "1", {}, from_id="1", to_id="2")])
    assert app.asked[0].path == objects
    assert app.asked[1].path == associations + "batch/associate/default"


def kept(resolved: Resolved, *names: str) -> Resolved:
    """The same write, which only fills in some properties."""
    return msgspec.structs.replace(resolved, write=msgspec.structs.replace(resolved.write, blanks=frozenset(names)))


async def test_what_stands_is_left_alone_and_blanks_are_filled() -> None:
    def script(asked: Asked) -> Answer:
        if not asked.path.endswith("batch/read"):
            return Answer(200, {"results": done(asked)})
        stands = [
            {"id": each["id"], "properties": {"phone": "their own" if each["id"] == "5" else "", "city": None}}
            for each in asked.body["inputs"]
        ]
        return Answer(200, {"results": stands})

    async with portal(script) as (app, to):
        writes = [deal(1, "5", phone="ours", city="Bern"), deal(2, "6", phone="ours", city="Bern")]
        assert await to.perform("deal", [kept(one, "phone", "city") for one in writes]) == [
            Delivered("5"),
            Delivered("6"),
        ]
    assert app.paths() == ["POST deals/batch/read", "POST deals/batch/update"]
    sent = {each["id"]: each["properties"] for each in app.asked[-1].body["inputs"]}
    assert "phone" not in sent["5"]
    assert (sent["5"]["city"], sent["6"]["phone"]) == ("Bern", "ours")


async def test_a_look_that_fails_writes_nothing() -> None:
    async with portal(lambda asked: Answer(503, {"message": "x"})) as (app, to):
        outcomes = await to.perform("deal", [kept(deal(1, "5", phone="ours"), "phone")])
    assert isinstance(outcomes[0], Retry | Unknown)
    assert app.paths() == ["POST deals/batch/read"]
