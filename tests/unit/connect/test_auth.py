"""Proofs of who we are: against recordings of a real store, public vectors, and constructions by hand."""

from __future__ import annotations

import base64
import hashlib
import hmac
from urllib.parse import parse_qsl, unquote, urlsplit

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossdock.connect.auth import NoAuth, Outgoing
from crossdock.connect.auth.basic import Basic
from crossdock.connect.auth.bearer import Bearer
from crossdock.connect.auth.header import HeaderKey
from crossdock.connect.auth.oauth1 import OAuth1, base_string, base_url, encode
from crossdock.connect.auth.query import QueryKeys
from crossdock.connect.auth.standard_webhooks import BadSignature, headers, key_of, new_secret, signature, verify
from tests.support.shared import RECORDINGS, needs_recordings

REQUEST = Outgoing("GET", "https://shop.example.com/wp-json/wc/v3/orders", (("page", "2"),))


def test_kinds_add_their_proof_and_keep_the_request() -> None:
    assert NoAuth().apply(REQUEST) is REQUEST
    assert Basic("ck_1", "cs_ü").apply(REQUEST).headers == {
        "Authorization": "Basic " + base64.b64encode("ck_1:cs_ü".encode()).decode()
    }
    assert Bearer(" pat-1 ").apply(REQUEST).headers == {"Authorization": "Bearer pat-1"}
    assert HeaderKey("X-Key", "k").apply(REQUEST).headers == {"X-Key": "k"}
    assert QueryKeys({"consumer_key": "ck", "consumer_secret": "cs"}).apply(REQUEST).query == (
        ("page", "2"),
        ("consumer_key", "ck"),
        ("consumer_secret", "cs"),
    )
    assert REQUEST.headers == {}


def test_no_repr_shows_a_secret() -> None:
    kinds = [Basic("n", "canary"), Bearer("canary"), HeaderKey("X", "canary"), QueryKeys({"k": "canary"})]
    for kind in (*kinds, OAuth1("canary", "canary")):
        assert "canary" not in repr(kind)
        assert "canary" not in repr(kind.apply(REQUEST))


@pytest.mark.parametrize("token", ["", "  ", "a\nb", "tök"])
def test_what_no_header_can_carry_is_refused(token: str) -> None:
    with pytest.raises(ValueError, match="pasted whole"):
        Bearer(token)
    with pytest.raises(ValueError, match="pasted whole"):
        HeaderKey("X-Key", token)


def test_a_colon_in_the_name_is_refused() -> None:
    with pytest.raises(ValueError, match="colon"):
        Basic("a:b", "c")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://Shop.example.com:80/wp-json", "http://shop.example.com/wp-json"),
        ("https://shop.example.com:443/a?b=c", "https://shop.example.com/a"),
        ("http://127.0.0.1:8481/wp-json", "http://127.0.0.1:8481/wp-json"),
        ("https://shop.example.com:80", "https://shop.example.com:80/"),
        ("http://[::1]:8080/a", "http://[::1]:8080/a"),
    ],
)
def test_the_signed_url_has_no_default_port(url: str, expected: str) -> None:
    assert base_url(url) == expected


def test_the_example_of_rfc_5849_has_its_base_string() -> None:
    """RFC 5849, 3.4.1.1 (without the form body's repeated a3, which has no bracket to keep in order)."""
    query = (
        ("b5", "=%3D"),
        ("a3", "a"),
        ("c@", ""),
        ("a2", "r b"),
        ("oauth_consumer_key", "9djdj82h48djs9d2"),
        ("oauth_token", "kkk9d7dh3k39sjv7"),
        ("oauth_signature_method", "HMAC-SHA1"),
        ("oauth_timestamp", "137131201"),
        ("oauth_nonce", "7d8f3e4a"),
        ("c2", ""),
    )
    assert base_string("post", "http://EXAMPLE.COM:80/request", query) == (
        "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26c2%3D%26"
        "oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1%26"
        "oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"
    )


@needs_recordings
@pytest.mark.parametrize(
    "name",
    ["oauth_sha1_query", "oauth_array_param_indexed", "oauth_readonly_get", "oauth_post_json", "oauth_timestamp_13min"],
)
def test_base_strings_are_those_a_real_store_took(name: str) -> None:
    recorded = orjson.loads((RECORDINGS / "auth" / f"{name}.json").read_bytes())
    assert recorded["response"]["status"] in (200, 201)
    method, target, _ = recorded["request"]["line"].split(" ")
    host = dict(recorded["request"]["headers"])["Host"]
    query = tuple(p for p in parse_qsl(urlsplit(target).query) if p[0] != "oauth_signature")
    said = recorded["note"].split("signature base string: ")[1].split()[0]
    assert base_string(method, f"http://{host}{urlsplit(target).path}", query) == said


def test_the_signature_is_that_of_a_construction_by_hand() -> None:
    signer = OAuth1("ck", "c&s", now=lambda: 1795228681.9, nonce=lambda: "n0nce")
    signed = signer.apply(Outgoing("GET", "http://shop.example.com/wp-json/wc/v3/orders", (("search", "a b+ü"),)))
    text = (
        "GET&http%3A%2F%2Fshop.example.com%2Fwp-json%2Fwc%2Fv3%2Forders&oauth_consumer_key%3Dck%26oauth_nonce%3Dn0nce"
        "%26oauth_signature_method%3DHMAC-SHA256%26oauth_timestamp%3D1795228681%26search%3Da%2520b%252B%25C3%25BC"
    )
    expected = base64.b64encode(hmac.new(b"c%26s&", text.encode(), hashlib.sha256).digest()).decode()
    assert dict(signed.query)["oauth_signature"] == expected
    assert signed.query[0] == ("search", "a b+ü")


def test_arrays_keep_their_order_and_empty_indexes_are_refused() -> None:
    query = tuple((f"status[{i}]", str(i)) for i in range(11))
    joined = unquote(base_string("GET", "http://a.example/", query).rpartition("&")[2])
    assert [unquote(p) for p in joined.split("&")] == [f"status[{i}]={i}" for i in range(11)]
    with pytest.raises(ValueError, match=r"status\[0\]"):
        OAuth1("k", "s").apply(Outgoing("GET", "http://a.example/", (("status[]", "x"),)))
    with pytest.raises(ValueError, match="HMAC-SHA1"):
        OAuth1("k", "s", method="PLAINTEXT")


@settings(deadline=None)
@given(st.text())
def test_encoding_is_reversible_and_unreserved(text: str) -> None:
    text = text.encode("utf-8", "replace").decode()
    assert unquote(encode(text)) == text
    assert set(encode(text)) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%")


VECTOR_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_the_public_vector_of_standard_webhooks() -> None:
    made = signature(key_of(VECTOR_SECRET), "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@settings(deadline=None)
@given(st.binary(max_size=300), st.integers(0, 2**33), st.binary(min_size=24, max_size=64))
def test_what_is_signed_verifies_and_nothing_else(body: bytes, stamp: int, key: bytes) -> None:
    made = headers([key], "msg_1", stamp, body)
    verify([b"x" * 24, key], made, body, stamp + 299)
    for wrong in ({**made, "webhook-id": "msg_2"}, {**made, "webhook-timestamp": str(stamp + 1)}):
        with pytest.raises(BadSignature, match="mismatch"):
            verify([key], wrong, body, stamp)
    with pytest.raises(BadSignature, match="mismatch"):
        verify([key], made, body + b" ", stamp)
    for now in (stamp + 301, stamp - 301):
        with pytest.raises(BadSignature, match="stale"):
            verify([key], made, body, now)


def test_both_secrets_verify_while_one_replaces_the_other() -> None:
    old, new = key_of(new_secret()), key_of(new_secret())
    made = headers([new, old], "msg_1", 1000, b"{}")
    verify([old], made, b"{}", 1000)
    verify([new], made, b"{}", 1000)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"webhook-id": ""}, "missing"),
        ({"webhook-signature": ""}, "missing"),
        ({"webhook-timestamp": "-5"}, "malformed"),
        ({"webhook-timestamp": "1" * 13}, "malformed"),
        ({"webhook-timestamp": "١٠٠٠"}, "malformed"),
        ({"webhook-signature": "v1,é"}, "mismatch"),
        ({"webhook-signature": "v1a,AAAA"}, "mismatch"),
    ],
)
def test_malformed_headers_are_refused(change: dict[str, str], reason: str) -> None:
    key = key_of(VECTOR_SECRET)
    with pytest.raises(BadSignature, match=reason) as caught:
        verify([key], {**headers([key], "m", 1000, b""), **change}, b"", 1000)
    assert caught.value.reason == reason


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_%%%", "whsec_" + base64.b64encode(b"short").decode()])
def test_a_secret_that_is_none_is_refused(secret: str) -> None:
    with pytest.raises(ValueError, match="whsec_ and base64"):
        key_of(secret)


def test_an_id_with_a_dot_is_refused() -> None:
    with pytest.raises(ValueError, match="dot"):
        headers([b"k" * 24], "a.b", 1, b"")
