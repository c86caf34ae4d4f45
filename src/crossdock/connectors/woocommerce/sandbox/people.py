"""Invented people, places and goods with the variety of a real shop: scripts, emoji, markup, quotes, long names."""

from __future__ import annotations

import random
from typing import Any

FIRST = (
    "Ana",
    "Zoë",
    "Nguyễn",
    "美咲",
    "محمد",
    "O'Brien",
    "Søren",
    "Łukasz",
    "Maria",
    "李",
    "Jean-Luc",
    "Иван",
    "Ngozi",
    "Priya",
    "John",
    "Grace",
    "Ólafur",
    "Yuki",
    "Fatima",
    "Robert",
)
LAST = (
    "García",
    "Smith",
    "Kim",
    "Ó Súilleabháin",
    "<script>",
    '"Quote"',
    "Müller & Söhne",
    "Nowak",
    "de la Cruz",
    "Wang",
    "Петров",
    "Okafor",
    "Patel",
    "Jónsdóttir",
    "Tanaka",
    "Haddad",
    "Van der Berg",
    "Brown",
    "Çelik",
    "Johnson",
)
PLACES: tuple[dict[str, str], ...] = (
    {"city": "San Francisco", "state": "CA", "postcode": "94103", "country": "US"},
    {"city": "Portland", "state": "OR", "postcode": "97201", "country": "US"},
    {"city": "München", "state": "DE-BY", "postcode": "80331", "country": "DE"},
    {"city": "London", "state": "", "postcode": "SW1A 1AA", "country": "GB"},
    {"city": "千代田区", "state": "JP13", "postcode": "100-0001", "country": "JP"},
    {"city": "Düsseldorf", "state": "DE-NW", "postcode": "40210", "country": "DE"},
)
CURRENCY = {"US": "USD", "DE": "EUR", "GB": "GBP", "JP": "JPY"}
COMPANIES = ("", "", "", "", "Acme & Sons", "Fußpflege GmbH", "株式会社テスト", "Café <b>Crème</b>")
GOODS = (
    "Vitamin D3",
    "Omega-3 Fish Oil",
    "Magnesium",
    "Intake Session",
    "Follow-up Session",
    "Yoga Mat",
    "Café Crème ☕",
    "Größe L",
    "お茶 セット",
    "زيت الزيتون",
    "Gift Card",
    "Probiotic",
    "<b>Bold</b> &amp; \"quoted\" 'name'",
    "😀 Emoji Pack",
    "Sleep Tea",
    "Running Shoe",
    "Massage Oil",
    "Notebook A5",
    "Ünïcode Mug",
    "Desk Lamp",
)
CATEGORIES: tuple[dict[str, Any], ...] = (
    {"id": 15, "name": "Uncategorized", "slug": "uncategorized"},
    {"id": 16, "name": "Vitamins", "slug": "vitamins"},
    {"id": 17, "name": "Therapy", "slug": "therapy"},
    {"id": 18, "name": "Coaching", "slug": "coaching"},
    {"id": 19, "name": "Ünïcode", "slug": "unicode"},
    {"id": 20, "name": "子供", "slug": "%e5%ad%90%e4%be%9b"},
)
PAYMENTS = (("stripe", "Card"), ("paypal", "PayPal"), ("bacs", "Bank transfer"), ("cod", "Cash"))
NOTES = ("", "", "", "", "Please ring twice", "Für dich ❤️", 'a/b "c" <i>d</i> & e', "配達は午後に", "🙏")

ENGRAVING = {"key": "engraving", "value": "Für dich ❤️"}


def person(rng: random.Random, number: int) -> dict[str, Any]:
    """Return a person: names, e-mail, phone, company and place; ``number`` makes the e-mail address unique."""
    place = rng.choice(PLACES)
    phone = f"+1 (555) {number % 1000:03d}-{number % 10000:04d}" if rng.random() < 0.6 else ""
    return {
        "first_name": rng.choice(FIRST),
        "last_name": rng.choice(LAST),
        "company": rng.choice(COMPANIES),
        "email": f"c{number}@example.com",
        "phone": phone,
        "address_1": f"{number % 900 + 1} Main St",
        "address_2": rng.choice(("", "", "", "Apt 4/2")),
        **place,
    }


def address(who: dict[str, Any], *, email: str | None) -> dict[str, str]:
    """Return a billing address (``email`` given) or a shipping address (None) in WooCommerce's key order."""
    names = ("first_name", "last_name", "company", "address_1", "address_2", "city", "state", "postcode", "country")
    out = {name: str(who[name]) for name in names}
    if email is not None:
        out["email"] = email
    out["phone"] = str(who["phone"])
    return out


def spelled(rng: random.Random, email: str) -> str:
    """Return an e-mail address as the same person may type it another day."""
    name, _, host = email.partition("@")
    return rng.choice((email, email, f"{name.upper()}@{host}", f"{name.title()}@Example.COM"))
