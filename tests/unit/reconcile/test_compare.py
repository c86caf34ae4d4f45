"""What the prover calls missing, drifted or right."""

from __future__ import annotations

from crossdock.flow.reconcile.compare import Snapshot, compare
from crossdock.model.plan import Found, Ref, Verb, Write


def _same(kind: str, name: str, sent: str | None, found: str | None) -> bool:
    del kind, name
    return sent == found


def _writes() -> list[Write]:
    buyer = Write(
        Verb.UPSERT,
        "contacts",
        "guest:1",
        properties={},
        match=("email", "zoe@example.org"),
        parent_key="g",
        ensure=True,
    )
    deal = Write(Verb.UPSERT, "deals", "s:order:1", properties={}, match=("key", "s:order:1"), parent_key="s:order:1")
    link = Write(Verb.ASSOCIATE, "deals", "s:order:1", parent_key="s:order:1", to=Ref("contacts", "guest:1"))
    return [buyer, deal, link]


def _snapshot(associated: str) -> Snapshot:
    snapshot = Snapshot()
    snapshot.add(Found("contacts", "40", None, {"email": "moved@example.org"}, frozenset()))
    snapshot.add(Found("contacts", "41", None, {"email": "Zoe@example.org"}, frozenset()))
    snapshot.add(Found("deals", "10", "s:order:1", {}, frozenset({("contacts", associated)})))
    return snapshot


def test_an_order_belongs_to_the_contact_that_has_the_address_now() -> None:
    """A link may still name a contact whose address has moved on."""
    links = {("contacts", "guest:1"): "40"}
    assert compare("s:order:1", _writes(), _snapshot("41"), links, _same).drifted == []
    assert compare("s:order:1", _writes(), _snapshot("40"), links, _same).drifted == ["deals to contacts"]
