"""What a rule says when it is wrong, word for word, and where exactly its limits lie: people act on these sentences."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from crossdock.flow.map import MappingFailed, MappingInvalid, compile_mapping
from crossdock.flow.map.engine import MAX_RULES, kind_of
from crossdock.flow.map.paths import check, getter, item_word
from crossdock.flow.map.rules import MAX_PARTS, MAX_TEMPLATE
from crossdock.flow.map.transforms import TABLE, Unfit, text
from crossdock.kit.expression import MAX_TEXT
from crossdock.model.commerce.address import Address
from crossdock.model.commerce.lines import OrderLine
from crossdock.model.commerce.order import Order
from crossdock.model.mapping import Mapping, ObjectMapping, Rule
from tests.unit.map.test_engine import ORDER, mapped, problems

REFUSED_ARGUMENTS: list[tuple[str, Any, str]] = [
    ("trim", "x", "takes no argument"),
    ("first", 1, "takes no argument"),
    ("last", "x", "takes no argument"),
    ("concat", 3, "takes the text to put between (concat: ', ')"),
    ("split", None, "takes the text to split at, or {by: ',', take: 0}"),
    ("split", "", "takes the text to split at, or {by: ',', take: 0}"),
    ("split", {"take": 0}, "takes the text to split at, or {by: ',', take: 0}"),
    ("split", {"by": ",", "take": "0"}, "takes the text to split at, or {by: ',', take: 0}"),
    ("default", 3, "takes the text to use instead of nothing"),
    ("lookup", {}, "takes a table, or {table: {...}, else: '...'}"),
    ("lookup", "x", "takes a table, or {table: {...}, else: '...'}"),
    ("date", "year", "takes iso, date or ms"),
    ("date", {"format": "date", "zone": "Nowhere/City"}, "takes a known time zone (Europe/Berlin)"),
    ("number", "x", "takes {min: '0', max: '9', places: 2}"),
    ("money", {"step": 1}, "takes {min: '0', max: '9', places: 2}"),
    ("money", {"places": 13}, "takes places from 0 to 12"),
    ("money", {"places": -1}, "takes places from 0 to 12"),
    ("money", {"places": "2"}, "takes places from 0 to 12"),
    ("money", {"min": "x"}, "takes numbers as min and max"),
    ("boolean", "x", "takes {true: 'Yes', false: 'No'}"),
    ("boolean", {"maybe": "x"}, "takes {true: 'Yes', false: 'No'}"),
    ("truncate", 0, "takes the greatest number of characters"),
    ("truncate", True, "takes the greatest number of characters"),
    ("truncate", None, "takes the greatest number of characters"),
    ("country", "long", "takes code or name"),
    ("hash", "md5", "takes sha256 or nothing"),
]
UNFIT: list[tuple[str, Any, Any, str]] = [
    ("trim", None, ["a"], "join a list with concat, or name one field of it"),
    ("date", None, "tomorrow", "give a time such as 2026-01-31T12:00:00Z"),
    ("number", None, "twelve", "give a number such as 12.50, without separators"),
    ("number", None, True, "give a number such as 12.50"),
    ("number", None, "NaN", "give a finite number"),
    ("number", None, "1" + "0" * 24, "give a number of at most 24 digits"),
    ("boolean", None, "perhaps", "give true or false, yes or no, 1 or 0"),
    ("country", None, "Atlantis", "give an ISO 3166-1 code (DE) or an English country name"),
]
APPLIED: list[tuple[str, Any, Any, Any]] = [
    ("trim", None, " a ", "a"),
    ("squeeze", None, " a  b ", "a b"),
    ("lower", None, "Ab", "ab"),
    ("upper", None, "Ab", "AB"),
    ("title", None, "o'neill’s CUP", "O'neill’s Cup"),
    ("strip_html", None, "a < b", "a < b"),
    ("strip_html", None, "R&amp;D", "R&D"),
    ("strip_html", None, "<p>a</p><p>b</p>", "a\nb"),
    ("strip_html", None, " a \n\n b ", "a\nb"),
    ("strip_html", None, "<STYLE>x</STYLE>y<!-- z -->", "y"),
    ("phone", None, "0049 30-123/456.78", "+493012345678"),
    ("phone", None, " 030  1234 ", "030 1234"),
    ("concat", None, ["a", None, "", 1], "a 1"),
    ("concat", "-", ("a", "b"), "a-b"),
    ("concat", None, Decimal("1.50"), "1.50"),
    ("split", ",", "a, b", ["a", "b"]),
    ("split", {"by": ","}, "a, b", ["a", "b"]),
    ("split", {"by": ",", "take": 1}, "a, b", "b"),
    ("split", {"by": ",", "take": -2}, "a, b", "a"),
    ("split", {"by": ",", "take": -3}, "a, b", None),
    ("split", {"by": ",", "take": 2}, "a, b", None),
    ("first", None, ["a", "b"], "a"),
    ("last", None, ("a", "b"), "b"),
    ("first", None, [], None),
    ("last", None, "plain", "plain"),
    ("default", "x", "", "x"),
    ("default", "x", None, "x"),
    ("default", "x", [], "x"),
    ("default", "x", "XXXX", "XXXX"),
    ("lookup", {"1": "one"}, 1, "one"),
    ("lookup", {"1": "one"}, "2", None),
    ("lookup", {"table": {"a": "b"}, "else": "c"}, "z", "c"),
    ("lookup", {"table": "chair"}, "table", "chair"),
    ("date", None, "2026-01-31T12:00:00", "2026-01-31T12:00:00Z"),
    ("date", None, " 2026-01-31T12:00:00+02:00 ", "2026-01-31T10:00:00Z"),
    ("date", {}, datetime(2026, 1, 31, 12, tzinfo=UTC), "2026-01-31T12:00:00Z"),
    ("date", "ms", datetime(2026, 1, 31, 12, 0, 0, 500_000, tzinfo=UTC), "1769860800500"),
    ("date", {"format": "date", "zone": "Europe/Berlin"}, "2026-01-31T23:30:00Z", "2026-02-01"),
    ("date", {"format": "date"}, "2026-01-31T23:30:00Z", "2026-01-31"),
    (
        "date",
        {"format": "date", "zone": "UTC"},
        datetime(2026, 2, 1, 0, 30, tzinfo=timezone(timedelta(hours=1))),
        "2026-01-31",
    ),
    ("number", None, "2.500", Decimal("2.5")),
    ("number", None, "0.00", Decimal(0)),
    ("number", {"places": 0}, "2.5", Decimal(3)),
    ("money", None, "2.500", Decimal("2.500")),
    ("money", {"places": 2}, "2.500", Decimal("2.500")),
    ("money", {"places": 2}, "2.505", Decimal("2.51")),
    ("money", {"places": 2}, "-2.505", Decimal("-2.51")),
    ("money", {"min": "0", "max": 9}, "-1", Decimal(0)),
    ("money", {"min": "0", "max": 9}, "10", Decimal(9)),
    ("money", {"places": 12}, "0.0000000000005", Decimal("1E-12")),
    ("money", {"places": 0}, "1.4", Decimal(1)),
    ("boolean", None, True, "true"),
    ("boolean", None, " YES ", "true"),
    ("boolean", None, "on", "true"),
    ("boolean", None, 1, "true"),
    ("boolean", None, "no", "false"),
    ("boolean", None, "off", "false"),
    ("boolean", None, "0", "false"),
    ("boolean", None, False, "false"),
    ("boolean", {"true": "Y"}, "true", "Y"),
    ("boolean", {"true": "Y"}, "false", "false"),
    ("boolean", {"false": "N"}, "false", "N"),
    ("boolean", {"false": "N"}, "true", "true"),
    ("truncate", 2, "abc", "ab"),
    ("truncate", 1, "a", "a"),
    ("country", None, " germany ", "DE"),
    ("country", "code", "de", "DE"),
    ("country", "name", "de", "Germany"),
    ("country", "name", "GERMANY", "Germany"),
    ("hash", None, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
]


@pytest.mark.parametrize(("name", "argument", "said"), REFUSED_ARGUMENTS)
def test_a_wrong_argument_is_named(name: str, argument: Any, said: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole text is compared
        TABLE[name](argument)
    assert str(caught.value) == said
    assert problems(Rule("a", path="number", transforms=({name: argument},))) == (f"thing.a: transform {name} {said}",)


@pytest.mark.parametrize(("name", "argument", "value", "said"), UNFIT)
def test_a_value_that_does_not_fit_is_told_with_its_remedy(name: str, argument: Any, value: Any, said: str) -> None:
    with pytest.raises(Unfit) as caught:
        TABLE[name](argument)(value)
    assert str(caught.value) == said


@pytest.mark.parametrize(("name", "argument", "value", "made"), APPLIED)
def test_what_a_transform_makes(name: str, argument: Any, value: Any, made: Any) -> None:
    found = TABLE[name](argument)(value)
    assert (found, str(found)) == (made, str(made))


def test_numbers_are_written_out_up_to_a_limit() -> None:
    assert text(Decimal("1E+24")) == "1" + "0" * 24
    assert text(Decimal("1E-24")) == "0." + "0" * 23 + "1"
    assert text(1.5) == "1.5"
    for beyond in ("1E+25", "1E-25"):
        with pytest.raises(Unfit, match=r"^give a number of at most 24 digits$"):
            text(Decimal(beyond))


def test_times_are_written_in_utc_to_the_millisecond() -> None:
    berlin = timezone(timedelta(hours=1))
    assert text(datetime(2026, 1, 31, 12, tzinfo=berlin)) == "2026-01-31T11:00:00Z"
    assert text(datetime(2026, 1, 31, 12, 0, 0, 1500, tzinfo=berlin)) == "2026-01-31T11:00:00.001Z"


@pytest.mark.parametrize(
    ("value", "named"),
    [
        (None, "nothing"),
        ("", "nothing"),
        ([], "nothing"),
        (True, "boolean"),
        ("a", "text"),
        (["a"], "list"),
        (("a",), "list"),
        ({"a": 1}, "group of fields"),
        (ORDER, "group of fields"),
        (Decimal(1), "decimal"),
        (1.5, "float"),
    ],
)
def test_kinds_have_names_that_people_know(value: Any, named: str) -> None:
    assert kind_of(value) == named


def test_what_is_wrong_with_a_rule_is_said_word_for_word() -> None:
    found = {
        "template": [
            ("x" * (MAX_TEMPLATE + 1), f"a template has at most {MAX_TEMPLATE} characters"),
            ("a {number", "a brace in the template has no partner; write {path}"),
            ("number} {number}", "a brace in the template has no partner; write {path}"),
            ("number", "a template without a {path} is a constant"),
        ],
        "expression": [
            ("x" * (MAX_TEXT + 1), f"an expression has at most {MAX_TEXT} characters"),
            ("a[", "the expression is no JMESPath (IncompleteExpressionError)"),
            ("[" + ",".join("a" for _ in range(MAX_PARTS)) + "]", f"an expression has at most {MAX_PARTS} parts"),
        ],
    }
    for source, cases in found.items():
        for given, said in cases:
            assert problems(Rule("a", **{source: given})) == (f"thing.a: {said}",)
    assert problems(Rule("a", path="number", transforms=({"trim": None, "lower": None},))) == (
        "thing.a: a transform is a name, or {name: argument}",
    )
    assert problems(Rule("a", path="number", transforms=("shout",))) == (
        f"thing.a: there is no transform 'shout'; there are {', '.join(sorted(TABLE))}",
    )
    assert problems(Rule("a", path="$.number")) == ("thing.a: $. is the whole entity, inside each; leave it out here",)


def test_the_limits_themselves_are_allowed() -> None:
    fits = "{number}" + "x" * (MAX_TEMPLATE - 8)
    assert mapped(Rule("a", template=fits))["a"] == "A-17" + "x" * (MAX_TEMPLATE - 8)
    word = "number" + " " * (MAX_TEXT - 6)
    assert mapped(Rule("a", expression=word)) == {"a": "A-17"}
    many = "[" + ",".join("id" for _ in range((MAX_TEXT - 2) // 3)) + "]"
    assert mapped(Rule("a", expression=many, transforms=({"concat": ""},)))["a"].startswith("1717")
    exact = "[" + ",".join("a" for _ in range(MAX_PARTS - 1)) + "]"
    assert mapped(Rule("a", expression=exact, transforms=("first", {"default": "none"}))) == {"a": "none"}
    rules = tuple(Rule(f"f{n}", constant="x") for n in range(MAX_RULES))
    assert len(mapped(*rules)) == MAX_RULES


def test_every_problem_of_a_mapping_is_in_its_one_sentence() -> None:
    with pytest.raises(MappingInvalid) as caught:
        compile_mapping(Mapping("order", "act", (ObjectMapping("thing", (Rule("", path="id"), Rule("b")), None),)))
    assert str(caught.value) == (
        "the mapping is not valid: thing.: name the target field"
        " | thing.b: give exactly one of path, expression, constant, template"
    )


def test_a_missing_place_of_a_template_is_empty_text() -> None:
    assert mapped(Rule("a", template="{number}/{billing.phone}.")) == {"a": "A-17/."}
    assert mapped(Rule("a", template="{billing.phone}{billing.company}x")) == {}
    both = Rule("a", template="{name} of {$.number} for {$.billing.phone}!")
    assert mapped(both, each="lines")[0] == {"a": "Cup of A-17 for !"}


def test_an_expression_that_does_not_fit_says_what_to_do() -> None:
    with pytest.raises(MappingFailed) as caught:
        mapped(Rule("a", expression="abs(number)"))
    assert caught.value.remedy == "make the expression fit the entity's fields (try it in a preview)"


def test_default_alone_is_asked_about_nothing() -> None:
    assert mapped(Rule("a", path="billing.phone", transforms=("upper", {"default": "none"}, "lower"))) == {"a": "none"}
    assert mapped(Rule("a", path="billing.phone", transforms=("upper", "lower"))) == {}


def test_paths_are_checked_against_the_words() -> None:
    assert check("number", Order) == ""
    assert check("billing.first_name", Order) == ""
    assert check("lines.0.name", Order) == ""
    assert check("number.x", Order) == "'number.x' goes on after the plain value before 'x'"
    fields = ", ".join(sorted(Address.__struct_fields__))
    assert check("billing.nose", Order) == f"Address has no field 'nose'; it has {fields}"
    assert check("a..b", None) == "'a..b' is no dotted path"
    assert check("a" * 200, None) == ""
    assert check("a" * 201, None) == f"{'a' * 40!r} is no dotted path"
    assert item_word(Order, "lines") is OrderLine
    assert item_word(Order, "coupon_codes") is None
    assert item_word(Order, "number") is None


def test_values_are_found_by_keys_places_and_fields() -> None:
    document = {"a": [{"b": 1}, ORDER], "n": None}
    read = getter(["a.0.b", "a.1.number", "a.2.b", "a.x", "n.z", "a.1.nose", "a"], None)
    assert read(document) == (1, "A-17", None, None, None, None, document["a"])
    assert getter([], Order)(ORDER) == ()
    assert getter(["number"], Order)(ORDER) == ("A-17",)
    assert getter(["billing.first_name", "total"], Order)(ORDER) == ("Zoë", Decimal("12.50"))
