"""Whose word counts for a field, and what is only filled in."""

from __future__ import annotations

import pytest

from crossdock.flow.map import compile_mapping
from crossdock.model.commerce.customer import Customer
from crossdock.model.mapping import Mapping, ObjectMapping, Owner, Rule, kept_by
from crossdock.model.plan import Plan, Step, Verb, Write, with_blanks

RULES = (
    Rule("email", path="email"),
    Rule("firstname", path="first_name", fill_blanks=True),
    Rule("phone", constant="1", owner=Owner.CRM),
    Rule("source", constant="shop", owner=Owner.HUB),
)


def test_a_mapping_says_what_it_only_fills_in() -> None:
    run = compile_mapping(Mapping("customer", "contact", (ObjectMapping("contacts", RULES),)))
    mapped = run(Customer(id="1", email="a@b.example", first_name="Ann"))
    assert mapped.blanks == {"contacts": frozenset({"firstname", "phone"})}
    assert mapped.one("contacts")["source"] == "shop"


@pytest.mark.parametrize("word", ["crm", "fill_blanks"])
def test_a_connection_says_it_too(word: str) -> None:
    config = {"field_owners": {"contacts.phone": word, "deals.amount": "store", "nonsense": "crm"}}
    assert kept_by(config) == {"contacts": frozenset({"phone"})}
    assert kept_by({"field_owners": "x"}) == {}


def test_only_upserts_of_that_object_carry_it_and_never_what_they_are_found_by() -> None:
    fields = {"email": "a@b.example", "phone": "1"}
    person = Write(Verb.UPSERT, "contacts", "k", properties=dict(fields), match=("email", "a@b.example"))
    deal = Write(Verb.UPSERT, "deals", "d", properties={"phone": "1"})
    tie = Write(Verb.ASSOCIATE, "contacts", "k")
    plan = with_blanks(Plan((Step("s", (person, deal, tie)),)), {"contacts": frozenset({"phone", "email", "other"})})
    assert [write.blanks for write in plan.steps[0].writes] == [frozenset({"phone"}), frozenset(), frozenset()]
