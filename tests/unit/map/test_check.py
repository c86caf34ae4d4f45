"""A mapping against the schemas of both sides: each rule that can be broken, and what is right."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from crossdock.connectors.hubspot import MAPPINGS
from crossdock.flow.map import compile_mapping
from crossdock.flow.map.catalogue import TRANSFORMS
from crossdock.flow.map.check import check
from crossdock.flow.map.problems import Problem, Weight
from crossdock.flow.map.rules import MAX_ENTITY, MAX_GROWTH
from crossdock.flow.map.transforms import TABLE
from crossdock.flow.schema.seen import described
from crossdock.model.commerce.marks import Meta
from crossdock.model.commerce.order import Order
from crossdock.model.mapping import Mapping, ObjectMapping, Rule
from crossdock.model.schema import Field, FieldType, Object, Option, Schema
from crossdock.model.sensitivity import Sensitivity
from tests.unit.map.test_engine import ORDER, mapped, problems

SEEN = Order(
    id="1",
    number="1",
    status="new",
    currency="EUR",
    total=Decimal(1),
    meta=(Meta(key="_vat", value="DE1"), Meta(key="known_allergies", value="nuts")),
)
SOURCE = described("order", [SEEN])
DEALS = Object(
    name="deals",
    fields=(
        Field(name="dealname", type=FieldType.TEXT, required=True),
        Field(name="amount", type=FieldType.NUMBER),
        Field(name="closedate", type=FieldType.TIME),
        Field(name="won", type=FieldType.BOOLEAN),
        Field(name="hs_created", type=FieldType.TIME, read_only=True),
        Field(name="dealtype", type=FieldType.ENUMERATION, options=(Option("new"), Option("old"))),
        Field(name="tags", type=FieldType.ENUMERATION, multiple=True, options=(Option("a"), Option("b"))),
        Field(name="owner", type=FieldType.ENUMERATION),
    ),
)
NAME = Rule("dealname", path="number")


def found(*rules: Rule, cleared: Sensitivity = Sensitivity.PII, name: bool = True, each: str | None = None) -> Any:
    """Return (target, rule, weight) of all that is wrong."""
    part = ObjectMapping("deals", (*rules, *((NAME,) if name and not each else ())), each)
    told = check(Mapping("order", "order", (part,)), SOURCE, Schema(destination=(DEALS,)), cleared=cleared)
    return [(one.target, one.rule, one.weight) for one in told if not (each and one.rule == "required-missing")]


ERROR, WARNING = Weight.ERROR, Weight.WARNING


@pytest.mark.parametrize(
    ("rule", "broken"),
    [
        (Rule("dealnam", path="number"), ("dealnam", "unknown-field", ERROR)),
        (Rule("hs_created", path="created_at"), ("hs_created", "read-only", ERROR)),
        (Rule("amount", path="status"), ("amount", "type-clash", ERROR)),
        (Rule("amount", constant="much"), ("amount", "type-clash", ERROR)),
        (Rule("amount", path="paid_at"), ("amount", "type-clash", ERROR)),
        (Rule("closedate", path="number"), ("closedate", "type-clash", ERROR)),
        (Rule("won", path="total"), ("won", "type-clash", ERROR)),
        (Rule("amount", path="lines"), ("amount", "type-clash", ERROR)),
        (Rule("amount", path="lines", transforms=("trim",)), ("amount", "type-clash", ERROR)),
        (Rule("dealtype", constant="other"), ("dealtype", "enumeration-value", ERROR)),
        (Rule("dealtype", constant=" OLDER ", transforms=("trim", "lower")), ("dealtype", "enumeration-value", ERROR)),
        (
            Rule("dealtype", path="status", transforms=({"lookup": {"new": "nu"}},)),
            ("dealtype", "enumeration-value", ERROR),
        ),
        (Rule("dealtype", path="payment_status"), ("dealtype", "enumeration-value", ERROR)),
        (Rule("tags", constant="a;c"), ("tags", "enumeration-value", ERROR)),
        (Rule("dealtype", path="status"), ("dealtype", "enumeration-open", WARNING)),
        (Rule("owner", path="meta._nobody"), ("owner", "not-seen", WARNING)),
        (Rule("owner", path="meta.known_allergies"), ("owner", "sensitive-field", ERROR)),
        (Rule("owner", template="{number} {meta.known_allergies}"), ("owner", "sensitive-field", ERROR)),
        (Rule("owner", expression="meta[?key=='known_allergies'].value"), ("owner", "sensitive-field", ERROR)),
        (Rule("owner", expression="to_string(@)"), ("owner", "sensitive-field", ERROR)),
        (Rule("owner", path="nobody.knows"), ("owner", "invalid", ERROR)),
    ],
)
def test_what_is_broken_is_named(rule: Rule, broken: tuple[str, str, Weight]) -> None:
    assert found(rule) == [broken]


@pytest.mark.parametrize(
    "rule",
    [
        Rule("amount", path="total"),
        Rule("amount", constant="12.50"),
        Rule("amount", path="status", transforms=("number",)),
        Rule("amount", path="meta._vat", transforms=("money",)),
        Rule("closedate", path="paid_at"),
        Rule("closedate", path="number", transforms=("date",)),
        Rule("won", path="prices_include_tax"),
        Rule("won", path="status", transforms=({"lookup": {"completed": "true"}},)),
        Rule("won", path="status", transforms=("boolean",)),
        Rule("dealtype", path="status", transforms=({"lookup": {"table": {"x": "old"}, "else": "new"}},)),
        Rule("tags", constant="a;b"),
        Rule("owner", path="coupon_codes", transforms=({"concat": ", "},)),
        Rule("owner", path="meta._vat"),
        Rule("owner", expression="meta[?key=='_vat'].value | [0]"),
        Rule("owner", path="lines.0.sku"),
    ],
)
def test_what_fits_is_left_alone(rule: Rule) -> None:
    assert found(rule) == []


def test_a_required_field_without_a_rule_is_an_error() -> None:
    assert found(Rule("amount", path="total"), name=False) == [("dealname", "required-missing", ERROR)]


def test_a_required_field_under_a_condition_is_worth_a_word() -> None:
    rule = Rule("dealname", path="number", when="status == 'new'")
    assert found(rule, name=False) == [("dealname", "required-missing", Weight.WARNING)]


def test_a_field_is_as_private_as_what_its_condition_sees() -> None:
    rule = Rule("amount", path="total", when="meta[?key == 'known_allergies']")
    assert found(Rule("amount", path="total"), cleared=Sensitivity.NONE) == []
    assert found(rule, cleared=Sensitivity.NONE) == [("amount", "sensitive-field", ERROR)]


def test_a_destination_that_is_cleared_for_things_alone_gets_no_people() -> None:
    people = Rule("owner", path="billing.email")
    assert found(people) == []
    assert found(people, cleared=Sensitivity.NONE) == [("owner", "sensitive-field", ERROR)]
    assert found(Rule("owner", path="meta.known_allergies"), cleared=Sensitivity.PHI) == []
    assert ("owner", "sensitive-field", ERROR) in found(Rule("owner", path="lines.0.meta.diagnosis"))
    # what nobody has seen yet counts as personal
    assert ("owner", "sensitive-field", ERROR) in found(Rule("owner", path="meta._new"), cleared=Sensitivity.NONE)
    # an expression is as private as what it names
    assert found(Rule("owner", expression="billing.email"), cleared=Sensitivity.NONE)[0][1] == "sensitive-field"
    assert found(Rule("owner", expression="lines[0].sku"), cleared=Sensitivity.NONE) == []
    assert found(Rule("owner", expression="billing"), cleared=Sensitivity.NONE)[0][1] == "sensitive-field"


def test_inside_each_a_path_belongs_to_the_item() -> None:
    assert found(Rule("amount", path="total"), Rule("dealname", path="name"), each="lines") == []
    assert found(Rule("amount", path="sku"), each="lines") == [("amount", "type-clash", ERROR)]
    assert found(Rule("dealname", path="$.billing.email"), each="lines", cleared=Sensitivity.NONE) == [
        ("dealname", "sensitive-field", ERROR)
    ]


def test_an_object_that_the_action_does_not_write_is_an_error() -> None:
    part = ObjectMapping("tickets", (NAME,))
    mapping, schema = Mapping("order", "order", (part,)), Schema(destination=(DEALS,))
    (told,) = check(mapping, SOURCE, schema, cleared=Sensitivity.PII, objects=("deals", "orders"))
    assert (told.rule, told.weight) == ("unknown-object", ERROR)
    (told,) = check(mapping, SOURCE, schema, cleared=Sensitivity.PII)
    assert (told.rule, told.weight) == ("unknown-object", ERROR)
    # the connector writes it, and this account has none of them: its plan chooses another
    (told,) = check(mapping, SOURCE, schema, cleared=Sensitivity.PII, objects=("deals", "tickets"))
    assert (told.rule, told.weight) == ("unknown-object", WARNING)


def test_a_near_name_is_proposed() -> None:
    part = ObjectMapping("deals", (Rule("dealnam", path="number"), NAME))
    (told,) = check(Mapping("order", "order", (part,)), SOURCE, Schema(destination=(DEALS,)), cleared=Sensitivity.PII)
    assert told == Problem("deals", "dealnam", "unknown-field", "deals has no such field", "did you mean dealname?")


def test_what_nobody_knows_is_not_compared() -> None:
    part = ObjectMapping("deals", (Rule("anything", path="number"),))
    assert check(Mapping("order", "order", (part,)), None, Schema(), cleared=Sensitivity.PII) == []


def test_every_transform_is_described_with_an_example_that_compiles() -> None:
    assert [one.name for one in TRANSFORMS] == list(TABLE)
    for one in TRANSFORMS:
        rule = Rule("x", path="number", transforms=(one.example,))
        compile_mapping(Mapping("order", "order", (ObjectMapping("deals", (rule,)),)))


@pytest.mark.parametrize(
    "expression",
    [
        "|".join(["[@,@]"] * 9),
        "[" + ",".join(["[" + ",".join(["id"] * 17) + "]"] * 2) + "]",
        "to_string([to_string([to_string(@)])])",
    ],
)
def test_an_expression_cannot_grow_without_bound(expression: str) -> None:
    (told,) = problems(Rule("a", expression=expression))
    assert "an expression may" in told


def test_the_largest_growth_is_allowed() -> None:
    assert MAX_GROWTH == 2**8
    doubled = "number|" + "|".join(["[@,@]"] * 8) + "|length(@)"
    assert mapped(Rule("a", expression=doubled))["a"] == "2"


def test_an_entity_too_large_for_an_expression_is_refused_and_paths_still_work() -> None:
    document = {"id": "1", "much": "x" * MAX_ENTITY}
    assert mapped(Rule("a", path="id"), entity=document, word="event") == {"a": "1"}
    with pytest.raises(ValueError, match="too large for an expression"):
        mapped(Rule("a", expression="id"), entity=document, word="event")


def test_the_defaults_compile() -> None:
    for mapping in MAPPINGS:
        compile_mapping(mapping)
    assert ORDER.number
