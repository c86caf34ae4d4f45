"""What a person has bought, on the contact; and the firm an order was made for. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from crossdock.connectors.hubspot import mapper
from crossdock.connectors.hubspot.mapper import COMPANIES, CONTACTS, KEY
from crossdock.model.bought import Bought
from crossdock.model.commerce.address import Address
from crossdock.model.plan import Ref, Step, Verb, Write

_FREE: Final = frozenset(
    """
    gmail googlemail yahoo ymail hotmail outlook live msn icloud me mac aol gmx web t-online freenet mail inbox proton
    protonmail pm tutanota posteo mailbox fastmail zoho yandex qq 163 126 sina naver daum orange wanadoo free laposte
    libero virgilio alice tiscali seznam wp o2 onet interia bluewin telia comcast verizon att sbcglobal rediffmail
    """.split()  # noqa: SIM905 - a list of words is read as words
)
"""Providers of mail for everybody: such an address says nothing of a firm."""
_ENDINGS: Final = re.compile(
    r"\b(gmbh|ag|kg|ug|ohg|inc|llc|ltd|limited|corp|co|sa|sas|sarl|srl|spa|bv|nv|ab|as|oy|plc)\b\.?|[^\w\s]"
)


def wanted(config: Mapping[str, Any]) -> bool:
    """Whether a connection's contacts carry the figures."""
    return config.get("figures") is True


def figures(key: str, address: str, told: Bought) -> Step:
    """Return the step that writes what was bought: every value anew, so that writing it twice is writing it once."""
    by_currency = "; ".join(f"{currency} {_text(amount)}" for currency, amount in told.spent)
    values: dict[str, str | Ref | None] = {
        "email": address,
        "crossdock_orders_count": str(told.orders),
        "crossdock_total_spent": _text(told.total) if told.currency else "0",
        "crossdock_spent_currency": told.currency,
        "crossdock_spent_by_currency": by_currency,
        "crossdock_average_order": "" if told.average is None else _text(told.average),
        "crossdock_first_order_at": _moment(told.first_at),
        "crossdock_last_order_at": _moment(told.last_at),
        "crossdock_categories": "; ".join(told.categories)[:_LONGEST],
    }
    write = Write(Verb.UPSERT, CONTACTS, key, properties=values, match=("email", address), parent_key=key)
    return Step("figures", (write,))


_LONGEST: Final = 60_000


def _text(amount: Decimal) -> str:
    return f"{amount:f}"


def _moment(at: datetime | None) -> str:
    return "" if at is None else at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def company(billing: Address, address: str | None) -> Write | None:
    """Return the firm of a billing address, by its mail's domain, else by its name; None where none is named.

    A provider's domain is nobody's firm. The firm is made sure of, and its fields are left to whoever keeps them.
    """
    name = " ".join(billing.company.split())
    if not name:
        return None
    domain = domain_of(address) if address else ""
    key = f"company:{domain}" if domain else f"company:{hashlib.sha256(_plain(name).encode()).hexdigest()[:32]}"
    fields: dict[str, str | Ref | None] = {"name": name, KEY: key}
    told = {
        "domain": domain,
        "city": billing.city.strip(),
        "country": billing.country.strip(),
        "phone": "" if domain else billing.phone.strip(),
    }
    fields.update({field: value for field, value in told.items() if value})
    alike = (("domain", domain),) if domain else (("name", name),)
    return Write(
        Verb.UPSERT, COMPANIES, key, properties=fields, match=(KEY, key), parent_key=key, ensure=True, alike=alike
    )


def domain_of(address: str) -> str:
    """Return the domain of an address in lower case; empty for a provider of mail for everybody."""
    domain = mapper.address_of(address)
    if domain is None:
        return ""
    domain = domain.rpartition("@")[2]
    return "" if _FREE & set(domain.split(".")[:-1]) else domain


def _plain(name: str) -> str:
    return " ".join(_ENDINGS.sub(" ", name.lower()).split()) or name.lower()


def at_company(key: str, contact: Write | None, firm: Write, sale: str) -> list[Write]:
    """Return the associations of a firm: its buyer and the sale."""
    ends = [Write(Verb.ASSOCIATE, sale, key, parent_key=key, to=Ref(COMPANIES, firm.key))]
    if contact is not None:
        ends.append(Write(Verb.ASSOCIATE, CONTACTS, contact.key, parent_key=contact.key, to=Ref(COMPANIES, firm.key)))
    return ends
