"""Mappings that go out and come in again are the same; what a mapping writes says what the entity said."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import orjson
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crossdock.flow.map import compile_mapping
from crossdock.flow.map.compose import Override, composed, plain_override
from crossdock.flow.map.differ import differences, written
from crossdock.flow.mapping.words import draft_in, exported
from crossdock.model.commerce.address import Address
from crossdock.model.commerce.marks import Meta
from crossdock.model.commerce.order import Order
from crossdock.model.mapping import Mapping, ObjectMapping, Owner, Rule, WhenMissing

NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,12}", fullmatch=True)
WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20)
TRANSFORMS = st.sampled_from(
    [
        "trim",
        "upper",
        {"truncate": 12},
        {"lookup": {"table": {"yes": "no", "1": "~"}, "else": "null"}},
        {"money": {"min": "0", "places": 2}},
        {"date": {"format": "date", "zone": "Europe/Berlin"}},
        {"concat": ": "},
        {"split": {"by": "#", "take": -1}},
    ]
)


@st.composite
def rules(draw: st.DrawFn, target: str) -> Rule:
    """Draw a rule that compiles."""
    source: dict[str, Any] = draw(
        st.sampled_from(
            [
                {"path": "billing.first_name"},
                {"path": "meta._vat"},
                {"template": "#{number}: {billing.last_name}"},
                {"expression": "meta[?key=='Größe (EU)'].value | [0]"},
            ]
        )
        | WORDS.map(lambda text: {"constant": text})
    )
    missing = draw(st.sampled_from(WhenMissing))
    return Rule(
        target,
        **source,
        transforms=tuple(draw(st.lists(TRANSFORMS, max_size=3))),
        when_missing=missing,
        default=draw(WORDS) if missing is WhenMissing.DEFAULT else None,
        owner=draw(st.sampled_from(Owner)),
        fill_blanks=draw(st.booleans()),
        when=draw(st.sampled_from([None, "status == 'completed'", "meta[0]"])),
    )


@st.composite
def objects(draw: st.DrawFn) -> ObjectMapping:
    """Draw an object with some rules."""
    targets = draw(st.lists(NAMES, min_size=1, max_size=4, unique=True))
    return ObjectMapping(draw(NAMES), tuple(draw(rules(target)) for target in targets))


MAPPINGS = st.lists(objects(), min_size=1, max_size=3, unique_by=lambda one: one.object).map(
    lambda parts: Mapping("order", "order", tuple(parts))
)


def shown(mapping: Mapping, made_of: Any = None) -> dict[str, Any]:
    """Return a version as the desk shows it."""
    return {"mapping": written(mapping), "made_of": made_of, "note": "why: #1", "default": False}


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(MAPPINGS)
def test_a_mapping_is_the_same_after_yaml_and_after_the_database(mapping: Mapping) -> None:
    compile_mapping(mapping)
    text = exported(shown(mapping))
    draft = draft_in(text.encode())
    assert draft.objects == mapping.objects
    assert (draft.entity, draft.action, draft.note) == ("order", "order", "why: #1")
    assert yaml.safe_load(text)["objects"] == written(mapping)["objects"], "another author's reader agrees"
    stored = msgspec.convert(orjson.loads(orjson.dumps(written(mapping))), Mapping)
    assert stored == mapping
    assert differences(mapping, stored) == []


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(MAPPINGS, MAPPINGS, st.data())
def test_overrides_are_the_same_after_yaml_and_change_only_what_they_name(
    template: Mapping, other: Mapping, data: st.DataObject
) -> None:
    overrides = []
    for part in other.objects:
        mine = next((one for one in template.objects if one.object == part.object), None)
        droppable = [rule.target for rule in mine.rules] if mine else []
        own = {rule.target for rule in part.rules}
        drop = tuple(name for name in droppable if name not in own and data.draw(st.booleans()))
        overrides.append(Override(part.object, part.rules, drop))
    made_of = {"template": "orders", "version": 3, "overrides": [plain_override(one) for one in overrides]}
    draft = draft_in(exported(shown(template, made_of)).encode())
    assert (draft.template, draft.template_version, draft.overrides) == ("orders", 3, tuple(overrides))
    laid = composed(template, overrides)
    touched = {(one.object, rule.target) for one in overrides for rule in one.set}
    touched |= {(one.object, target) for one in overrides for target in one.drop}
    assert {(one.object, one.target) for one in differences(template, laid)} <= touched
    by_target = {(part.object, rule.target): rule for part in laid.objects for rule in part.rules}
    for one in overrides:
        assert all(by_target[one.object, rule.target] == rule for rule in one.set)
        assert not any((one.object, target) in by_target for target in one.drop)


@settings(max_examples=200, deadline=None)
@given(
    total=st.decimals(-(10**9), 10**9, places=4, allow_nan=False, allow_infinity=False),
    at=st.datetimes(datetime(1990, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    first=WORDS.filter(lambda text: text.strip() == text),
    vat=WORDS,
)
def test_what_is_written_says_what_the_entity_said(total: Decimal, at: datetime, first: str, vat: str) -> None:
    order = Order(
        id="1",
        number="1",
        status="new",
        currency="EUR",
        total=total,
        paid_at=at,
        billing=Address(first_name=first),
        meta=(Meta(key="_vat", value="old"), Meta(key="_vat", value=vat)),
    )
    part = ObjectMapping(
        "deals",
        (
            Rule("amount", path="total", transforms=("money",)),
            Rule("closedate", path="paid_at", transforms=("date",)),
            Rule("name", path="billing.first_name"),
            Rule("vat", path="meta._vat"),
            Rule("same", expression="meta[?key=='_vat'].value | [-1]"),
        ),
    )
    made = compile_mapping(Mapping("order", "order", (part,)))(order).one("deals")
    assert Decimal(made["amount"] or "") == total
    said = datetime.fromisoformat(made["closedate"] or "")
    assert said == at.replace(microsecond=at.microsecond // 1000 * 1000)
    assert (made["name"], made["vat"], made["same"]) == (first, vat, vat)
