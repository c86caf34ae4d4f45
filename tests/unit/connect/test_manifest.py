"""Manifests are read strictly, and every complaint names file, field and rule."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from crossdock.connect import sheet
from crossdock.connect.manifest import FieldKind, Manifest, ManifestError, load, parse

GOOD = """
[identity]
name = "acme"
title = "Acme"
version = "1.0.0"
docs = "https://acme.example/docs"
categories = ["crm"]
[auth]
kinds = ["bearer"]
scopes = ["crm.read"]
[hosts]
allow = ["api.acme.example", "*.eu.acme.example"]
[[form]]
name = "token"
label = "Token"
kind = "secret"
[[form]]
name = "size"
label = "Size"
kind = "choice"
choices = ["s", "l"]
default = "s"
[[streams]]
name = "order"
entity = "order"
path = "/orders"
cursor = "modified"
[[streams]]
name = "refund"
entity = "refund"
path = "/orders/{parent}/refunds"
cursor = "full"
parent = "order"
[[actions]]
name = "deal"
entities = ["order"]
kind = "state"
objects = ["contact", "deal"]
batch = 100
[limits]
requests = 100
per_s = 10.0
daily = 250000
endpoints = [{ path = "/search", requests = 4, per_s = 1.0 }]
source = "the vendor's page on limits"
[webhooks]
topics = ["order.updated"]
signature = "base64(HMAC-SHA256(secret, body))"
[[errors]]
status = "5xx"
outcome = "retry"
message = "a | b"
[quality]
check-good = "done"
check-bad-credentials = "exempt: the vendor has no credentials"
"""


def test_every_part_is_typed() -> None:
    manifest = parse(GOOD)
    assert manifest.name == "acme"
    assert manifest.stream("refund").parent == "order"
    assert manifest.action("deal").batch == 100
    assert manifest.secrets == {"token"}
    assert manifest.form[1].kind is FieldKind.CHOICE
    assert manifest.limits.endpoints[0].requests == 4


@pytest.mark.parametrize("word", ["stream", "action"])
def test_what_is_not_there_is_named(word: str) -> None:
    with pytest.raises(KeyError, match=f"acme has no {word} 'ghost'"):
        getattr(parse(GOOD), word)("ghost")


BROKEN = {
    "an unknown key": ('kinds = ["bearer"]', 'kinds = ["bearer"]\ncolour = "red"', "auth.colour", "unknown field"),
    "a missing key": ('title = "Acme"\n', "", "identity.title", "missing required field"),
    "an unknown kind": ('kinds = ["bearer"]', 'kinds = ["magic"]', "auth.kinds[0]", "Invalid enum"),
    "no kind": ('kinds = ["bearer"]', "kinds = []", "auth.kinds", "at least one"),
    "a wrong type": ("requests = 100\n", 'requests = "many"\n', "limits.requests", "Expected `int`"),
    "a limit of nothing": ("requests = 100\n", "requests = 0\n", "limits.requests", "more than 0"),
    "a name in capitals": ('name = "acme"', 'name = "Acme"', "identity.name", "lower-case"),
    "a maturity of its own": (
        'title = "Acme"',
        'title = "Acme"\nmaturity = "ripe"',
        "identity.maturity",
        "stable, beta or alpha",
    ),
    "a URL as host": ('"api.acme.example"', '"https://api.acme.example"', "hosts.allow[0]", "host name"),
    "hosts and user_given": ("[hosts]\n", "[hosts]\nuser_given = true\n", "hosts", "either"),
    "two fields of one name": ('name = "size"', 'name = "token"', "form[1].name", "twice"),
    "a choice without choices": ('choices = ["s", "l"]\n', "", "form[1].choices", "expected for a choice"),
    "a default that is no choice": ('default = "s"', 'default = "xl"', "form[1].default", "one of choices"),
    "a parent that is not there": ('parent = "order"', 'parent = "ghost"', "streams[1].parent", "no stream 'ghost'"),
    "a status class of its own": ('status = "5xx"', 'status = "9xx"', "errors[0].status", "a class such as"),
    "a rule about nothing": ('status = "5xx"\n', "", "errors[0].status", "at least one of"),
    "a broken pattern": ('status = "5xx"', 'pattern = "("', "errors[0].pattern", "no regular expression"),
    "an exemption without a fact": (
        "exempt: the vendor has no credentials",
        "exempt: n/a",
        "quality.check-bad",
        "vendor",
    ),
    "a quality of its own": ('check-good = "done"', 'check-good = "fine"', "quality.check-good", "done"),
    "no TOML": ("[auth]", "[auth", "file", "is not TOML"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_manifest_is_refused_by_field_and_rule(case: str) -> None:
    old, new, field, rule = BROKEN[case]
    assert old in GOOD
    with pytest.raises(ManifestError) as caught:
        parse(GOOD.replace(old, new, 1), "acme/manifest.toml")
    assert caught.value.field.startswith(field)
    assert re.search(re.escape(rule), caught.value.rule), caught.value.rule
    assert str(caught.value).startswith("acme/manifest.toml: ")


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="cannot be read"):
        load(tmp_path / "manifest.toml")


def test_the_page_shows_every_fact(tmp_path: Path) -> None:
    manifest: Manifest = parse(GOOD)
    page = sheet.write(manifest, tmp_path / "pages").read_text(encoding="utf-8")
    for fact in ("crm.read", "*.eu.acme.example", "/orders/{parent}/refunds", "250000 requests a day", "`/search`: 4"):
        assert fact in page
    assert "a \\| b" in page
    assert page.endswith("\n")
    assert not page.endswith("\n\n")
