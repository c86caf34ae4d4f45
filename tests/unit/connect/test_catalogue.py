"""Connectors are found, loaded late, and a broken one stays alone."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from crossdock.connect import catalogue as module
from crossdock.connect.catalogue import GROUP, Catalogue, UnknownConnector
from crossdock.connect.newcomer import BadName, create

DIST_INFO = """Metadata-Version: 2.1
Name: outside
Version: 1
"""


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Install a distribution with one good connector and several broken ones, as files on the path."""
    create("guest", tmp_path)
    info = tmp_path / "outside-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(DIST_INFO)
    (info / "entry_points.txt").write_text(
        f"[{GROUP}]\n"
        "guest = crossdock_guest:CONNECTOR\n"
        "absent = crossdock_absent:CONNECTOR\n"
        "other = crossdock_guest:CONNECTOR\n"
        "thing = crossdock_guest:MANIFEST\n"
        "webhook = crossdock_guest:CONNECTOR\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.syspath_prepend(str(tmp_path / "crossdock-guest" / "src"))
    yield tmp_path
    for name in [m for m in sys.modules if m.startswith("crossdock_guest")]:
        del sys.modules[name]


def test_what_comes_with_the_product_is_there() -> None:
    assert "webhook" in module.names()
    assert module.get("webhook").manifest.name == "webhook"
    assert module.get("webhook") is module.get("webhook")
    assert "webhook" in {c.manifest.name for c in module.connectors()}
    assert "webhook" not in module.broken()


def test_nothing_is_imported_before_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [m for m in sys.modules if m.startswith("crossdock.connectors.webhook")]:
        monkeypatch.delitem(sys.modules, name)
    assert "webhook" in Catalogue().names
    assert "crossdock.connectors.webhook" not in sys.modules


def test_what_is_not_there_is_told_with_what_is() -> None:
    with pytest.raises(UnknownConnector, match=r"no connector 'ghost'; there are .*webhook") as caught:
        module.get("ghost")
    assert "webhook" in caught.value.known


@pytest.mark.usefixtures("outside")
def test_outside_connectors_join_and_broken_ones_stay_alone() -> None:
    found = Catalogue()
    assert found.get("guest").manifest.identity.title == "Guest"
    assert not found.built_in("guest")
    assert found.built_in("webhook")
    assert found.get("webhook").manifest.identity.title == "Webhook"
    for name, why in (
        ("absent", "ModuleNotFoundError"),
        ("other", "called 'guest'"),
        ("thing", "expected a Connector"),
    ):
        with pytest.raises(UnknownConnector, match="cannot be loaded"):
            found.get(name)
        assert why in found.broken()[name]
    assert {"guest", "webhook"} <= {c.manifest.name for c in found.connectors()}
    assert found.broken()["webhook (crossdock_guest:CONNECTOR)"] == "its name is taken"


def test_a_broken_manifest_is_told_by_field(outside: Path) -> None:
    manifest = outside / "crossdock-guest" / "src" / "crossdock_guest" / "manifest.toml"
    manifest.write_text(manifest.read_text().replace('kinds = ["bearer"]', 'kinds = ["magic"]'))
    found = Catalogue()
    with pytest.raises(UnknownConnector, match=r"manifest.toml: auth.kinds\[0\]"):
        found.get("guest")


@pytest.mark.parametrize("name", ["", "A", "a", "1a", "a-b", "class", "x" * 40, "../x"])
def test_a_newcomer_needs_a_name(name: str, tmp_path: Path) -> None:
    with pytest.raises(BadName, match="2 to 31"):
        create(name, tmp_path)


def test_a_newcomer_overwrites_nothing(tmp_path: Path) -> None:
    made = create("acme", tmp_path)
    assert all(path.is_file() for path in made)
    assert not any(re.search(r"@[A-Z]+@", path.read_text()) for path in made)
    with pytest.raises(FileExistsError):
        create("acme", tmp_path)


def test_the_entry_point_is_the_connector(tmp_path: Path) -> None:
    create("acme", tmp_path)
    text = (tmp_path / "crossdock-acme" / "pyproject.toml").read_text()
    assert f'[project.entry-points."{GROUP}"]\nacme = "crossdock_acme:CONNECTOR"' in text


SPEAKING = """
import msgspec
from crossdock.connect import manifest
from crossdock.connect.connector import Connector

own = manifest.load(__import__("pathlib").Path(__file__).with_name("manifest.toml"))
streams = tuple(
    manifest.Stream(name=name, entity=name, path="/", cursor="none", volatile=kept)
    for name, kept in (("order", ()), ("customer", ("own",)), ("unheard", ()))
)
CONNECTOR = Connector(msgspec.structs.replace(own, streams=streams), speaks="@LIKE@")
"""


@pytest.mark.usefixtures("outside")
@pytest.mark.parametrize("like", ["woocommerce", "ghost"])
def test_a_connector_borrows_the_words_of_the_one_it_speaks_like(outside: Path, like: str) -> None:
    (outside / "crossdock-guest" / "src" / "crossdock_guest" / "__init__.py").write_text(
        SPEAKING.replace("@LIKE@", like)
    )
    found = Catalogue()
    guest, shop = found.get("guest"), found.get("woocommerce")
    assert shop.read is not None
    assert shop.observe is not None
    volatile = {stream.name: stream.volatile for stream in guest.manifest.streams}
    if like == "ghost":
        assert (guest.read, guest.observe) == (None, None), "where the other is absent, documents stay documents"
        assert volatile == {"order": (), "customer": ("own",), "unheard": ()}
        return
    assert (guest.read, guest.observe) == (shop.read, shop.observe)
    assert volatile == {"order": shop.manifest.stream("order").volatile, "customer": ("own",), "unheard": ()}
    assert volatile["order"], "an order changes without meaning"
    assert found.get("guest") is guest
