"""Property 05: what is entered is judged before it is kept, and what stands between site and hub is named for what it is."""

from __future__ import annotations

import base64
import json
import random
from typing import Any

from tests.plugin.properties.support import CASES, DOUBLES, NOW, pair, text, token, told
from tests.support.wordpress.site import Site

NAME = (
    DOUBLES
    + """
$found = array();
foreach ( $cases as $case ) {
	$reply   = new \\Crossdock\\Wp\\Reply( $case['status'], (array) $case['headers'], $case['body'], $case['failure'] );
	$answer  = $fresh( $clock, new \\Crossdock\\Tests\\ScriptedTransport( $reply ) )->get( \\Crossdock\\Hub\\Pairing::class )->status();
	$causes  = new \\Crossdock\\Hub\\Diagnosis( $answer, $clock->now() );
	$words   = \\Crossdock\\Hub\\Causes::words( $causes );
	$found[] = array( $causes->cause, $causes->skewed(), '' !== $words['title'], 'ok' === $causes->cause || '' !== $words['remedy'] );
}
return $found;
"""
)

FAILURES = {
    "dns": ["cURL error 6: Could not resolve host: hub.example", "php_network_getaddresses: getaddrinfo failed"],
    "timeout": ["cURL error 28: Operation timed out after 15001 milliseconds", "cURL error 28: SSL connection timeout"],
    "tls": ["cURL error 60: SSL certificate problem: certificate has expired", "cURL error 35: OpenSSL SSL_connect"],
    "refused": ["cURL error 7: Failed to connect to hub.example port 443: Connection refused"],
    "blocked-here": ["User has blocked requests through HTTP."],
    "network": ["cURL error 52: Empty reply from server", "cURL error 56: Recv failure: Connection reset by peer"],
}


def _stranger(rng: random.Random) -> dict[str, Any]:
    """Return an answer of something between."""
    page = {"content-type": "text/html; charset=UTF-8"}
    guard = rng.choice([page, page | {"cf-ray": "8f-FRA"}, page | {"x-sucuri-id": "1"}])
    status, headers, cause = rng.choice(
        [
            (rng.choice([403, 406]), guard, "firewall"),
            (rng.choice([301, 302, 404, 405]), page, "wrong-path"),
            (rng.choice([502, 504, 500]), page, "hub-trouble"),
            (200, page, "not-the-hub"),
            (rng.choice([429, 503]), {}, "busy"),
        ]
    )
    body = "" if cause == "busy" else "<!DOCTYPE html><title>" + text(rng)
    return {"status": status, "headers": headers, "body": body, "failure": "", "cause": cause, "skewed": False}


def _case(rng: random.Random) -> dict[str, Any]:
    way = rng.randrange(4)
    if way == 0:
        cause = rng.choice(list(FAILURES))
        made = {"status": 0, "headers": {}, "body": "", "failure": rng.choice(FAILURES[cause]), "cause": cause}
        return made | {"skewed": False}
    if way == 1:
        return _stranger(rng)
    skew = rng.choice([0, 30, -59, 61, -61, 3600, -86400])
    if way == 2:
        body = json.dumps({"data": {"hub": {"version": "1"}}, "meta": {"time": _iso(NOW - skew)}})
        made = {"status": 200, "headers": {}, "body": body, "failure": "", "cause": "ok"}
        return made | {"skewed": abs(skew) > 60}
    status, code, cause = rng.choice(
        [
            (401, "clock-skew", "clock-skew"),
            (401, "bad-signature", "bad-signature"),
            (401, "unknown-key", "unknown-key"),
            (401, "nonce-replayed", "nonce-replayed"),
            (401, "something-new", "unknown-key"),
            (409, "another-site", "another-site"),
            (404, "no-route", "wrong-path"),
            (429, "rate-limited", "busy"),
            (503, "starting", "busy"),
            (500, "bug", "hub-trouble"),
            (422, "invalid", "refused-by-hub"),
        ]
    )
    body = json.dumps({"code": code, "title": text(rng), "server_time": _iso(NOW - skew)})
    made = {"status": status, "headers": {"content-type": "application/problem+json"}, "body": body, "failure": ""}
    return made | {"cause": cause, "skewed": abs(skew) > 60}


def _iso(at: int) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_what_is_wrong_is_named(site: Site, rng: random.Random) -> None:
    pair(site)
    cases = [_case(rng) for _ in range(CASES)]
    found = site.php(NAME, cases=cases)
    told(found, [[case["cause"], case["skewed"], True, True] for case in cases], cases)


ENTER = (
    DOUBLES
    + """
$found = array();
foreach ( $cases as $case ) {
	$fields = array();
	foreach ( \\Crossdock\\Hub\\ByHand::faults( $case['hub'], $case['key'], $case['secret'], $case['kept'] ) as $fault ) { $fields[] = $fault->field; }
	$code    = \\Crossdock\\Hub\\Code::read( $case['code'] );
	$found[] = array( $fields, null === $code ? null : array( $code->hub, $code->token ) );
}
return $found;
"""
)

GOOD_HUBS = ["https://hub.example", "https://hub.example:8443/in/a/folder", "http://127.0.0.1:8080", "http://localhost"]
BAD_HUBS = [
    "",
    "hub.example",
    "ftp://hub.example",
    "http://hub.example",
    "https://u:p@hub.example",
    "https://hub.example?a",
]


def _entered(rng: random.Random) -> tuple[dict[str, Any], list[Any]]:
    hub = rng.choice([*GOOD_HUBS, *BAD_HUBS, "https://hub.example/#x", "javascript:alert(1)", "https://a b"])
    good = hub in GOOD_HUBS
    key = rng.choice(["cdk_" + token(rng, 16, 60), "cdk_" + token(rng, 16, 60), "cdk_short", "cds_" + token(rng), ""])
    secret = rng.choice(["cds_" + token(rng, 16, 60), "cds_" + token(rng, 16, 60), "cds_x", text(rng, 1, 9), ""])
    kept = rng.random() < 0.5
    faults = [] if good else ["hub"]
    if not (key.startswith("cdk_") and len(key) >= 20):
        faults.append("key")
    if not (secret.startswith("cds_") and len(secret) >= 20) and not (secret == "" and kept):
        faults.append("secret")
    code_token = token(rng, 8, 60)
    code = "cdp1." + base64.urlsafe_b64encode(hub.encode()).decode().rstrip("=") + "." + code_token
    spoilt = rng.choice(["", "", "", "cdp2", "cut", "link", "space"])
    wanted: list[Any] | None = [hub.rstrip("/"), code_token] if good else None
    if spoilt == "cdp2":
        code, wanted = code.replace("cdp1.", "cdp2."), None
    elif spoilt == "cut":
        code, wanted = code.rpartition(".")[0], None
    elif spoilt == "link":
        code = "https://site.example/wp-admin/admin.php?page=crossdock-connection&pair=" + code
    elif spoilt == "space":
        code = f"  {code[:20]}\n {code[20:]} "
    return {"hub": hub, "key": key, "secret": secret, "kept": kept, "code": code}, [faults, wanted]


def test_what_is_entered_is_judged(site: Site, rng: random.Random) -> None:
    made = [_entered(rng) for _ in range(CASES)]
    cases = [case for case, _ in made]
    told(site.php(ENTER, cases=cases), [wanted for _, wanted in made], cases)
