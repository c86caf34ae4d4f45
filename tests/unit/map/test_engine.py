"""The mapping engine: sources, missing values, repeated objects, and errors that name field, rule and kind."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.flow.map import MappingFailed, MappingInvalid, compile_mapping
from crossdock.model.commerce.address import Address
from crossdock.model.commerce.lines import OrderLine
from crossdock.model.commerce.order import Order
from crossdock.model.mapping import Mapping, ObjectMapping, Rule, WhenMissing

ORDER = Order(
    id="17",
    number="A-17",
    status="processing",
    currency="EUR",
    total=Decimal("12.50"),
    billing=Address(first_name="Zoë", last_name="O’Neill", email="Zoe@Example.test"),
    lines=(
        OrderLine(id="1", name="Cup", quantity=Decimal(2), unit_price=Decimal("6.25")),
        OrderLine(id="2", name="Saucer", quantity=Decimal(1)),
    ),
    coupon_codes=("ten", "more"),
    created_at=datetime(2026, 1, 31, 12, 0, tzinfo=UTC),
)


def mapped(*rules: Rule, entity: Any = ORDER, word: str = "order", each: str | None = None) -> Any:
    """Run rules over one object."""
    run = compile_mapping(Mapping(word, "act", (ObjectMapping("thing", rules, each),)))
    found = run(entity).objects["thing"]
    return found if each else found[0]


def problems(*rules: Rule, each: str | None = None, word: str = "order") -> tuple[str, ...]:
    """Compile rules that are wrong; return what was said."""
    with pytest.raises(MappingInvalid) as caught:
        compile_mapping(Mapping(word, "act", (ObjectMapping("thing", rules, each),)))
    return caught.value.problems


def test_every_kind_of_source() -> None:
    assert mapped(
        Rule("a", path="billing.first_name"),
        Rule("b", expression="lines[0].name"),
        Rule("c", constant="shop"),
        Rule("d", template="#{number} {billing.first_name} {billing.phone}", transforms=("squeeze",)),
        Rule("e", path="total"),
        Rule("f", path="created_at"),
        Rule("g", path="coupon_codes", transforms=({"concat": "; "},)),
    ) == {
        "a": "Zoë",
        "b": "Cup",
        "c": "shop",
        "d": "#A-17 Zoë",
        "e": "12.50",
        "f": "2026-01-31T12:00:00Z",
        "g": "ten; more",
    }


def test_an_object_is_repeated_for_each_item_and_sees_the_whole_entity() -> None:
    found = mapped(Rule("name", path="name"), Rule("currency", path="$.currency"), each="lines")
    assert found == ({"name": "Cup", "currency": "EUR"}, {"name": "Saucer", "currency": "EUR"})


def test_a_document_without_a_word_is_read_by_its_keys() -> None:
    document = {"user": {"plan": "pro"}, "items": [{"sku": "x"}, {"sku": "y"}]}
    rules = (Rule("plan", path="user.plan"), Rule("second", path="items.1.sku"), Rule("none", path="items.7.sku"))
    assert mapped(*rules, entity=document, word="event") == {"plan": "pro", "second": "y"}
    assert mapped(Rule("sku", path="sku"), entity=document, word="event", each="items") == ({"sku": "x"}, {"sku": "y"})


@pytest.mark.parametrize(
    ("when", "default", "expected"),
    [
        (WhenMissing.SKIP, None, {}),
        (WhenMissing.NULL, None, {"x": None}),
        (WhenMissing.DEFAULT, "none given", {"x": "none given"}),
    ],
)
def test_what_is_missing(when: WhenMissing, default: str | None, expected: dict[str, str | None]) -> None:
    assert mapped(Rule("x", path="billing.phone", when_missing=when, default=default)) == expected


def test_missing_may_be_a_failure_that_names_the_field() -> None:
    with pytest.raises(MappingFailed) as caught:
        mapped(Rule("x", path="billing.phone", when_missing=WhenMissing.FAIL))
    failure = caught.value
    assert (failure.field, failure.rule, failure.value_kind) == ("thing.x", "path billing.phone", "nothing")
    assert failure.remedy


def test_a_template_is_missing_only_when_all_its_places_are() -> None:
    empty = Order(id="1", number="1", status="", currency="EUR", total=Decimal(0))
    assert mapped(Rule("x", template="Dear {billing.first_name} {billing.last_name}!"), entity=empty) == {}
    assert mapped(Rule("x", template="Dear {billing.first_name}!")) == {"x": "Dear Zoë!"}


def test_false_and_zero_are_values() -> None:
    assert mapped(Rule("x", expression="total == '1'"), Rule("y", path="tax_total")) == {"x": "false", "y": "0"}


def test_a_failure_never_tells_the_value() -> None:
    with pytest.raises(MappingFailed) as caught:
        mapped(Rule("x", path="billing.email", transforms=("lower", "number")))
    failure = caught.value
    assert (failure.rule, failure.value_kind) == ("transform number", "text")
    assert "example" not in str(failure).lower()


def test_a_group_or_list_needs_a_choice() -> None:
    with pytest.raises(MappingFailed, match="group of fields"):
        mapped(Rule("x", path="billing"))
    with pytest.raises(MappingFailed, match="list"):
        mapped(Rule("x", path="coupon_codes"))


def test_an_expression_that_does_not_fit_is_named() -> None:
    with pytest.raises(MappingFailed) as caught:
        mapped(Rule("x", expression="abs(number)"))
    assert caught.value.rule == "expression"


def test_all_problems_are_told_at_once() -> None:
    found = problems(
        Rule("a", path="billing.first"),
        Rule("b", path="total", constant="x"),
        Rule("c", expression="lines[?"),
        Rule("d", path="total", transforms=("shout",)),
        Rule("e", path="total", transforms=({"truncate": "x"},)),
        Rule("f", path="total", when_missing=WhenMissing.DEFAULT),
        Rule("g", path="total", default="0"),
        Rule("h", template="{number"),
        Rule("i", template="no place"),
        Rule("j", path="number.digits"),
        Rule("k", path="not a path"),
        Rule("", path="total"),
        Rule("l", path="$.total"),
        Rule("m", expression="a" * 501),
        Rule("n", path="total", transforms=({"trim": 1, "lower": 2},)),
        Rule("o", expression="[" + ",".join(["a"] * 240) + "]"),
        Rule("p", template="{number}" + "x" * 1000),
        Rule("q", constant="1"),
        Rule("q", constant="2"),
    )
    assert len(found) == 18
    assert any("Address has no field 'first'" in each for each in found)
    assert any("there is no transform 'shout'" in each for each in found)
    assert any(each.startswith("thing.q: has two rules") for each in found)


def test_each_must_be_a_list_of_things() -> None:
    assert "is no list" in problems(Rule("x", path="name"), each="number")[0]
    assert "has no field" in problems(Rule("x", path="name"), each="rows")[0]


def test_an_object_is_mapped_once_and_a_mapping_has_its_bound() -> None:
    twice = (ObjectMapping("thing", ()), ObjectMapping("thing", ()))
    with pytest.raises(MappingInvalid, match="mapped twice"):
        compile_mapping(Mapping("order", "act", twice))
    many = tuple(Rule(f"f{n}", constant="x") for n in range(501))
    assert "more than 500" in problems(*many)[0]


@given(st.text(), st.text(), st.sampled_from(["{billing.first_name}", "{billing.last_name}"]))
def test_a_template_puts_text_in_as_it_is(first: str, last: str, place: str) -> None:
    entity = Order(
        id="1",
        number="1",
        status="",
        currency="EUR",
        total=Decimal(0),
        billing=Address(first_name=first, last_name=last),
    )
    expected = first if "first" in place else last
    assert mapped(Rule("x", template=f"<{place}>"), entity=entity) == ({"x": f"<{expected}>"} if expected else {})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.decimals(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
TRANSFORMS = [
    "trim", "lower", "upper", "title", "squeeze", "strip_html", "phone", "concat", "first", "last", "date", "number",
    "money", "boolean", "country", "hash", {"truncate": 3}, {"split": ","}, {"default": "d"}, {"lookup": {"a": "b"}},
]  # fmt: skip


@given(JSON, st.lists(st.sampled_from(TRANSFORMS), max_size=3), st.sampled_from(list(WhenMissing)))
def test_any_value_ends_as_text_nothing_or_a_named_failure(
    value: Any, transforms: list[Any], when: WhenMissing
) -> None:
    default = "d" if when is WhenMissing.DEFAULT else None
    rule = Rule("x", path="a.b", transforms=tuple(transforms), when_missing=when, default=default)
    failed: list[MappingFailed] = []
    made: dict[str, str | None] = {}
    try:
        made = mapped(rule, entity={"a": {"b": value}}, word="event")
    except MappingFailed as failure:
        failed.append(failure)
    assert all(each.field == "thing.x" and each.remedy for each in failed)
    assert set(made) <= {"x"}
    assert all(each is None or isinstance(each, str) for each in made.values())


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        ("status == 'processing'", True),
        ("status == 'completed'", False),
        ("number", True),
        ("`0`", True),
        ("`false`", False),
        ("`null`", False),
        ("''", False),
        ("`[]`", False),
        ("`{}`", False),
        ("nothing_of_this_name", False),
        ("lines[?name == 'Cup']", True),
        ("lines[?name == 'Pot']", False),
    ],
)
@pytest.mark.parametrize("missing", WhenMissing)
def test_a_rule_with_a_condition_says_nothing_where_it_does_not_hold(
    when: str, holds: bool, missing: WhenMissing
) -> None:
    """Whatever it is to say when nothing is there: that is about the value."""
    default = "none" if missing is WhenMissing.DEFAULT else None
    rule = Rule("a", path="number", when=when, when_missing=missing, default=default)
    assert mapped(rule, Rule("b", constant="x")) == ({"a": "A-17"} if holds else {}) | {"b": "x"}


def test_inside_each_a_condition_belongs_to_the_item() -> None:
    rule = Rule("price", path="unit_price", when="name == 'Cup'")
    assert mapped(Rule("name", path="name"), rule, each="lines") == (
        {"name": "Cup", "price": "6.25"},
        {"name": "Saucer"},
    )


def test_a_condition_that_is_none_is_refused_and_one_that_breaks_fails_by_name() -> None:
    assert problems(Rule("a", path="number", when="status ==")) == (
        "thing.a: when: the expression is no JMESPath (IncompleteExpressionError)",
    )
    with pytest.raises(MappingFailed) as failed:
        mapped(Rule("a", path="number", when="length(total_tax)"))
    assert (failed.value.field, failed.value.rule) == ("thing.a", "when")
    assert "A-17" not in str(failed.value)
