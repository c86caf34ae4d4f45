"""Where a site's REST API is, and what is signed when it is called."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from crossdock.connect.auth import Outgoing
from crossdock.connectors.wordpress.routes import STATUS, known, others, rest_of
from crossdock.connectors.wordpress.signature import HubSignature


@pytest.mark.parametrize(
    ("rest_url", "path", "query"),
    [
        ("https://site.example/wp-json/", "/wp-json/crossdock/v1/status", ()),
        ("https://Site.Example:8443/blog/wp-json", "/blog/wp-json/crossdock/v1/status", ()),
        ("https://site.example/index.php?rest_route=/", "/index.php", (("rest_route", STATUS),)),
        ("https://site.example/?rest_route=/&lang=de", "/", (("rest_route", STATUS), ("lang", "de"))),
        ("https://site.example/wp-json/?lang=de", "/wp-json/crossdock/v1/status", (("lang", "de"),)),
    ],
)
def test_a_route_is_asked_for_as_the_site_says(rest_url: str, path: str, query: tuple[tuple[str, str], ...]) -> None:
    rest = rest_of(rest_url)
    assert rest.at(STATUS) == (path, query)
    assert rest_of(rest.url) == rest


@pytest.mark.parametrize("said", ["", "site.example/wp-json/", "ftp://site.example/", "https://a:b@site.example/"])
def test_what_is_no_address_is_refused(said: str) -> None:
    with pytest.raises(ValueError, match="rest_url"):
        rest_of(said)


def test_what_the_check_found_goes_before_the_usual_place() -> None:
    config = {"url": "https://site.example/blog/wp-admin/"}
    assert known(config, {}).url == "https://site.example/blog/wp-json/"
    found = known(config, {"rest_url": "https://site.example/blog/?rest_route=/"})
    assert found.plain
    assert [rest.url for rest in others(config, found)] == [
        "https://site.example/blog/wp-json/",
        "https://site.example/blog/index.php/wp-json/",
    ]


@pytest.mark.parametrize(
    ("url", "query", "target"),
    [
        ("https://site.example/wp-json/crossdock/v1/status", (), "/wp-json/crossdock/v1/status"),
        ("https://site.example/", (("rest_route", STATUS),), "/?rest_route=/crossdock/v1/status"),
        ("https://site.example", (("lang", "de & fr"),), "/?lang=de%20%26%20fr"),
    ],
)
def test_the_request_target_is_signed_as_it_is_sent(url: str, query: tuple[tuple[str, str], ...], target: str) -> None:
    auth = HubSignature("cdk_1", "cds_1", lambda: 1_800_000_000.9, lambda: "nonce-of-sixteen")
    sent = auth.apply(Outgoing("POST", url, query, {}, b"{}"))
    said = f"v1-hub\nPOST\n{target}\n1800000000\nnonce-of-sixteen\n".encode() + b"{}"
    assert sent.headers["X-Crossdock-Signature"] == "v1=" + hmac.new(b"cds_1", said, hashlib.sha256).hexdigest()
    assert sent.url.removeprefix("https://site.example").lstrip("/") == target.lstrip("/")
    assert sent.query == ()
    assert "cds_1" not in repr(auth)


def test_nonces_differ() -> None:
    auth = HubSignature("cdk_1", "cds_1", lambda: 1.0)
    made = {auth.apply(Outgoing("GET", "https://site.example/")).headers["X-Crossdock-Nonce"] for _ in range(50)}
    assert len(made) == 50
    assert all(16 <= len(nonce) <= 64 for nonce in made)
