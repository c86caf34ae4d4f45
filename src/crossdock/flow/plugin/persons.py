"""People by their e-mail: customers that are told of without an id, and whose orders they are."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

import msgspec
import orjson

from crossdock.flow.plugin.items import BY_MAIL, Item, Linked, wrong


class Sealer(Protocol):
    """The part of the vault that is needed here."""

    def open_body(self, sealed: bytes, row: bytes) -> bytes: ...
    def subject(self, identifier: str) -> bytes: ...


def nameless(item: Item) -> bool:
    """Whether an item tells of a customer without the site's id."""
    return item.kind == "customer" and item.action == "saved" and item.origin != "test" and not item.data.get("id")


def mail_of(item: Item) -> str:
    """Return the e-mail of the person of an order or customer, in lower case; empty where there is none."""
    billing = item.data.get("billing")
    found = item.data.get("email") if item.kind == "customer" else None
    if not found and isinstance(billing, dict):
        found = billing.get("email")
    mail = found.strip().lower() if isinstance(found, str) else ""
    return mail if "@" in mail else ""


class Mails:
    """The e-mails of one batch by their keyed hashes."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer
        self.hashes: dict[bytes, str] = {}

    def add(self, mail: str) -> None:
        """Note an e-mail to be looked up."""
        if mail:
            self.hashes[self._sealer.subject(mail)] = mail

    def named(self, item: Item, rows: Sequence[Any], *, read: bool) -> Item:
        """Return the item under the id of the customer with its e-mail, laid over what is on record of that one.

        Nobody with that e-mail: a home whose site nobody can ask (not ``read``) gets an id of the hub's. Raises
        ``Invalid`` for a shop with REST keys, which knows its customers by ids of its own.
        """
        mail = mail_of(item)
        if not mail:
            raise wrong("data.email", "a customer needs an id or an e-mail", "send data.id or data.email")
        subject = self._sealer.subject(mail)
        row = next((row for row in rows if row["subject"] == subject), None)
        if row is not None:
            return msgspec.structs.replace(item, data=self._laid_over(item, row))
        if read:
            raise wrong("data.id", "no customer of this shop has that e-mail", "send the customer's id in the shop")
        return msgspec.structs.replace(item, data={**item.data, "id": BY_MAIL + subject.hex()})

    def _laid_over(self, item: Item, row: Any) -> dict[str, Any]:
        known: dict[str, Any] = {}
        if row["body"] is not None:
            known = orjson.loads(self._sealer.open_body(row["body"], row["event_id"].bytes))
        external_id = row["external_id"]
        whole = over(known, {name: value for name, value in item.data.items() if name != "id"})
        return {**whole, "id": int(external_id) if external_id.isdigit() else external_id}


def over(known: Mapping[str, Any], news: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is known with the news laid over it; objects are laid over one another, all else replaces."""
    whole = dict(known)
    for name, value in news.items():
        before = whole.get(name)
        whole[name] = over(before, value) if isinstance(before, dict) and isinstance(value, dict) else value
    return whole


def linked(by_id: Any, by_mail: Any, made: set[uuid.UUID | None]) -> Linked:
    """Say whose order it is: rows of the customer found by id and by e-mail, and the events of this very batch."""
    row, how = by_id, "id"
    if row is None and by_mail is not None and by_mail["id"] is not None:
        row, how = by_mail, "email"
    if row is not None:
        fresh = row["seq"] == 1 and row["event_id"] in made
        return Linked(row["id"], _found(how), "new" if fresh else "existing")
    if by_mail is not None and by_mail["bought"]:
        return Linked(None, "email", "existing")
    return Linked(None, "none", "new")


def _found(how: str) -> Literal["id", "email"]:
    return "id" if how == "id" else "email"
