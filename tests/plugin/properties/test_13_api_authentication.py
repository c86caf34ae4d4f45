"""Property 13: of all requests to the site's door, those of the hub alone come in, once each; every other is told why not."""

from __future__ import annotations

import json
import random
from typing import Any

from tests.plugin.properties.support import CASES, DOUBLES, KEY, NOW, SECRET, pair, signature, text, token, told
from tests.support.wordpress.site import Site

KNOCK = (
    DOUBLES
    + """
$found = array();
$verify = $fresh( $clock )->get( \\Crossdock\\Commands\\Verify::class );
foreach ( $cases as $case ) {
	$clock->at = (float) $case['now'];
	$request   = new WP_REST_Request( $case['method'], '/crossdock/v1/commands' );
	$request->set_body( $case['body'] );
	foreach ( $case['headers'] as $name => $value ) { $request->set_header( $name, $value ); }
	$server  = array( 'REQUEST_METHOD' => $case['method'], 'REQUEST_URI' => $case['target'] );
	$found[] = $verify->fault( \\Crossdock\\Commands\\Incoming::read( $request, $server ) );
}
return $found;
"""
)


def _good(rng: random.Random, now: int) -> dict[str, Any]:
    method = rng.choice(["POST", "GET"])
    target = rng.choice(["/wp-json/crossdock/v1/commands", "/index.php?rest_route=/crossdock/v1/commands"])
    body = json.dumps({"commands": [text(rng)]}, ensure_ascii=rng.random() < 0.5) if method == "POST" else ""
    stamp, nonce = str(now + rng.choice([0, 0, -299, 300, -300, rng.randint(-299, 299)])), token(rng)
    made = {"X-Crossdock-Timestamp": stamp, "X-Crossdock-Nonce": nonce}
    made["X-Crossdock-Signature"] = signature("v1-hub", SECRET, method, target, stamp, nonce, body)
    bearer = rng.random() < 0.3
    made["Authorization" if bearer else "X-Crossdock-Key"] = f"Bearer {KEY}" if bearer else KEY
    return {"now": now, "method": method, "target": target, "body": body, "headers": made, "fault": ""}


def _resigned(case: dict[str, Any], tongue: str = "v1-hub", secret: str = SECRET) -> None:
    headers = case["headers"]
    headers["X-Crossdock-Signature"] = signature(
        tongue,
        secret,
        case["method"],
        case["target"],
        headers["X-Crossdock-Timestamp"],
        headers["X-Crossdock-Nonce"],
        case["body"],
    )


def _broken(rng: random.Random, now: int) -> dict[str, Any]:  # noqa: C901 - a list of ways
    case = _good(rng, now)
    headers = case["headers"]
    way = rng.randrange(12)
    case["fault"] = "bad-signature"
    if way == 0:
        case["body"] += rng.choice([" ", "x", "\n"])
    elif way == 1:
        case["method"] = "PUT"
    elif way == 2:
        case["target"] += rng.choice(["?a=1", "/", "&x"])
    elif way == 3:
        headers["X-Crossdock-Timestamp"] = str(int(headers["X-Crossdock-Timestamp"]) + rng.choice([-1, 1]))
    elif way == 4:
        headers["X-Crossdock-Nonce"] = token(rng)
    elif way == 5:
        _resigned(case, secret=SECRET + "x")
    elif way == 6:
        # what the site itself sends, turned round
        _resigned(case, tongue="v1")
    elif way == 7:
        stamp = now + rng.choice([-1, 1]) * rng.choice([301, 302, 4000, 10**6])
        headers["X-Crossdock-Timestamp"] = str(stamp)
        _resigned(case)
        case["fault"] = "clock-skew"
    elif way == 8:
        headers.pop("Authorization", None)
        headers["X-Crossdock-Key"] = rng.choice(["", "cdk_" + token(rng), KEY[:-1], KEY + "x"])
        case["fault"] = "unknown-key"
    elif way == 9:
        headers["X-Crossdock-Nonce"] = rng.choice([token(rng, 1, 15), token(rng, 65, 80), token(rng) + "!"])
        _resigned(case)
    elif way == 10:
        headers.pop(rng.choice(["X-Crossdock-Timestamp", "X-Crossdock-Nonce", "X-Crossdock-Signature"]))
    else:
        headers["X-Crossdock-Signature"] = headers["X-Crossdock-Signature"].removeprefix("v1=")
    return case


def _cases(rng: random.Random) -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = []
    now = NOW
    for _ in range(CASES):
        now += rng.randint(0, 20)
        roll = rng.random()
        seen = [
            case for case in cases if case["fault"] == "" and now - int(case["headers"]["X-Crossdock-Timestamp"]) <= 300
        ]
        if roll < 0.2 and seen:
            again = dict(rng.choice(seen))
            late = abs(now - int(again["headers"]["X-Crossdock-Timestamp"])) > 300
            cases.append(again | {"now": now, "fault": "clock-skew" if late else "nonce-replayed"})
        elif roll < 0.5:
            cases.append(_good(rng, now))
        else:
            cases.append(_broken(rng, now))
    return cases


def test_the_hub_alone_comes_in(site: Site, rng: random.Random) -> None:
    pair(site)
    cases = _cases(rng)
    assert {"", "bad-signature", "clock-skew", "unknown-key", "nonce-replayed"} == {case["fault"] for case in cases}
    told(site.php(KNOCK, cases=cases), [case["fault"] for case in cases], cases)


def test_an_unpaired_site_lets_nobody_in(site: Site, rng: random.Random) -> None:
    cases = [_good(rng, NOW) for _ in range(5)]
    assert site.php(KNOCK, cases=cases) == ["unpaired"] * 5
