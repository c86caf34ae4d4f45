"""The paths of the hub's words, and what documents without a word hold."""

from __future__ import annotations

import pytest

from crossdock.flow.map import paths
from crossdock.flow.schema import WORDS, word_fields
from crossdock.flow.schema.seen import described
from crossdock.flow.schema.words import ITEM
from crossdock.model.commerce.marks import Meta
from crossdock.model.commerce.order import Order
from crossdock.model.schema import FieldType
from crossdock.model.sensitivity import Sensitivity, guess, worst


@pytest.mark.parametrize("entity", sorted(WORDS))
def test_every_path_of_a_word_is_one_a_rule_may_name(entity: str) -> None:
    fields = word_fields(entity)
    assert len({field.name for field in fields}) == len(fields) > 5
    for field in fields:
        head, item, tail = field.name.partition(ITEM)
        assert paths.check(head, WORDS[entity]) == ""
        if item and ITEM not in tail:
            assert paths.check(tail, paths.item_word(WORDS[entity], head)) == ""


def test_sensitivity_is_the_vocabularys_own() -> None:
    by_name = {field.name: field for field in word_fields("order")}
    assert by_name["billing.email"].sensitivity is Sensitivity.PII
    assert by_name["total"].sensitivity is Sensitivity.NONE
    assert by_name["total"].type is FieldType.NUMBER


def test_meta_is_named_by_its_key_and_by_an_expression_where_no_path_can() -> None:
    rows = (Meta(key="_vat", value="DE1"), Meta(key="Size (EU)", value="42"), Meta(key="diagnosis", value="x"))
    order = Order(id="1", number="1", status="new", currency="EUR", total=1, meta=rows)  # type: ignore[arg-type]
    by_label = {field.label: field for field in described("order", [order]).fields if field.custom}
    assert by_label["_vat"].name == "meta._vat"
    assert paths.getter(["meta._vat"], Order)(order) == ("DE1",)
    assert "meta[?key=='Size (EU)']" in by_label["Size (EU)"].name
    assert by_label["Size (EU)"].type is FieldType.NUMBER
    assert by_label["diagnosis"].sensitivity is Sensitivity.PHI


def test_of_a_key_that_stands_twice_the_last_value_counts() -> None:
    rows = (Meta(key="k", value="old"), Meta(key="k", value={"deep": "new"}))
    order = Order(id="1", number="1", status="new", currency="EUR", total=1, meta=rows)  # type: ignore[arg-type]
    assert paths.getter(["meta.k.deep", "meta.absent"], Order)(order) == ("new", None)


def test_a_document_without_a_word_tells_its_keys() -> None:
    found = described("assessment", [{"score": 7, "who": {"mail": "a@b.example"}}, {"score": 9, "tags": ["x"]}])
    by_name = {field.name: field for field in found.fields}
    assert by_name["score"].type is FieldType.NUMBER
    assert by_name["score"].seen == 2
    assert by_name["who.mail"].sensitivity is Sensitivity.PII
    assert by_name["tags"].type is FieldType.LIST
    assert found.looked_at == 2


@pytest.mark.parametrize(
    ("name", "sensitivity"),
    [
        ("amount", Sensitivity.NONE),
        ("dealstage", Sensitivity.NONE),
        ("page", Sensitivity.NONE),
        ("firstname", Sensitivity.PII),
        ("vat_number", Sensitivity.PII),
        ("known_allergies", Sensitivity.PHI),
    ],
)
def test_a_guess_by_name(name: str, sensitivity: Sensitivity) -> None:
    assert guess(name) is sensitivity


def test_the_worst_of_some() -> None:
    assert worst() is Sensitivity.NONE
    assert worst(Sensitivity.PII, Sensitivity.PHI, Sensitivity.NONE) is Sensitivity.PHI
