"""A connector's form on a page: what was answered, what is shown again, and what the gallery says of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from crossdock.connect.connector import Connector
from crossdock.connect.manifest import FieldKind, FormField
from crossdock.govern.forms import needed_secrets
from crossdock.web.desk import Desk
from crossdock.web.words import capitalize_first

_PLURAL = {"company": "companies", "meta": "fields of its orders and users"}
_MOST_WORDS = 5


class Offer(msgspec.Struct, frozen=True):
    """A connector in the gallery."""

    name: str
    title: str
    mark: str
    reads: bool
    writes: bool
    said: str
    ways: tuple[str, ...]
    """How it can be connected: ``page`` (the account's own), ``oauth``, ``plugin``, ``keys``."""
    connected: int
    maturity: str


def offer_of(connector: Connector, connected: int) -> Offer:
    """Return what the gallery shows of a connector."""
    manifest = connector.manifest
    told = [stream.entity for stream in manifest.streams if not stream.optional]
    written = [name for action in manifest.actions if not action.stream for name in action.objects]
    said = []
    if told:
        said.append(f"tells of {_list(told)}")
    if written:
        said.append(f"takes {_list(written)}")
    return Offer(
        name=manifest.name,
        title=manifest.identity.title,
        mark=_mark(manifest.identity.title),
        reads=bool(told),
        writes=bool(written),
        said=capitalize_first("; ".join(said)),
        ways=ways_of(connector),
        connected=connected,
        maturity=manifest.identity.maturity,
    )


def ways_of(connector: Connector) -> tuple[str, ...]:
    """Return how a connector can be connected, the easiest way first."""
    if connector.manifest.name == "wordpress":
        return ("plugin",)
    ways = []
    if connector.authorization is not None:
        ways.append("page")
    if connector.manifest.auth.oauth2 is not None:
        ways.append("oauth")
    return (*ways, "keys")


def parted(connector: Connector) -> tuple[list[FormField], list[FormField]]:
    """Return the questions that have to be answered, and the others."""
    needed: list[FormField] = []
    others: list[FormField] = []
    for field in connector.manifest.form:
        (needed if field.required and field.default is None and not field.generated else others).append(field)
    return needed, others


def without_keys(connector: Connector) -> list[FormField]:
    """Return the questions that are left when a person lets us in elsewhere."""
    needed = needed_secrets(connector)
    return [field for field in connector.manifest.form if field.name not in needed]


def answers_of(desk: Desk, fields: Sequence[FormField]) -> dict[str, Any]:
    """Return what was answered; a field that was left empty is left out, a tick is true or false."""
    found: dict[str, Any] = {}
    for field in fields:
        if field.kind is FieldKind.BOOL:
            found[field.name] = "true" if desk.text(field.name) else "false"
        elif desk.text(field.name):
            found[field.name] = desk.text(field.name)
    return found


def again(desk: Desk, fields: Sequence[FormField]) -> dict[str, Any]:
    """Return what is shown again when a form is refused: everything but secrets."""
    return {
        field.name: bool(desk.text(field.name)) if field.kind is FieldKind.BOOL else desk.text(field.name)
        for field in fields
        if field.kind is not FieldKind.SECRET
    }


def _mark(title: str) -> str:
    """Return two letters that stand for a name: its capitals, else its first two."""
    capitals = "".join(letter for letter in title if letter.isupper())
    return capitals[:2] if len(capitals) > 1 else title[:2]


def _list(words: Sequence[str]) -> str:
    plain = [_PLURAL.get(word, word if word.endswith("s") else f"{word}s").replace("_", " ") for word in words]
    unique = list(dict.fromkeys(plain))
    return ", ".join(unique[:_MOST_WORDS]) + (" and more" if len(unique) > _MOST_WORDS else "")
