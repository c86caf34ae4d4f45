"""Figures as a portal takes them, and what makes a firm."""

from __future__ import annotations

from decimal import Decimal

import pytest

from crossdock.connectors.hubspot.figures import company, domain_of, figures
from crossdock.model.bought import Bought
from crossdock.model.commerce.address import Address


def test_figures_are_text_and_nothing_is_cleared() -> None:
    """Amounts keep their cents; no purchase clears the dates and the average."""
    told = Bought(orders=2, spent=(("EUR", Decimal("15.50")),), counts=(("EUR", 2),), currency="EUR")
    (write,) = figures("k", "a@example.test", told).writes
    assert write.match == ("email", "a@example.test")
    assert write.properties["crossdock_total_spent"] == "15.50"
    assert write.properties["crossdock_average_order"] == "7.75"
    assert write.properties["crossdock_first_order_at"] == ""
    (write,) = figures("k", "a@example.test", Bought()).writes
    assert (write.properties["crossdock_total_spent"], write.properties["crossdock_average_order"]) == ("0", "")


@pytest.mark.parametrize(
    ("address", "domain"),
    [
        ("ada@tea.example", "tea.example"),
        ("Ada@Sub.Tea.example", "sub.tea.example"),
        ("ada@gmail.com", ""),
        ("ada@yahoo.co.uk", ""),
        ("ada@mail.t-online.de", ""),
        ("nobody", ""),
    ],
)
def test_a_provider_is_nobodys_firm(address: str, domain: str) -> None:
    """Only a domain of its own says which firm it is."""
    assert domain_of(address) == domain


def test_a_firm_is_known_by_its_domain_else_by_its_name() -> None:
    """Spelling and legal form make no other firm; without a name there is none."""
    one = company(Address(company="Tea  GmbH", email="x@tea.example"), "x@tea.example")
    assert one is not None
    assert (one.key, one.alike, one.ensure) == ("company:tea.example", (("domain", "tea.example"),), True)
    assert one.properties["name"] == "Tea GmbH"
    keys = {company(Address(company=name), "x@gmail.com").key for name in ("Tea GmbH", "TEA gmbh.", "tea, GmbH")}  # type: ignore[union-attr]
    assert len(keys) == 1
    assert company(Address(company="Coffee GmbH"), "x@gmail.com").key not in keys  # type: ignore[union-attr]
    assert company(Address(company="  "), "x@tea.example") is None
