"""Property 07: what goes to the hub is signed over exactly what goes, and what comes back is read for what it is."""

from __future__ import annotations

import json
import random
from email.utils import formatdate
from typing import Any
from urllib.parse import urlsplit

from tests.plugin.properties.support import CASES, DOUBLES, KEY, NOW, SECRET, pair, signature, text, token, told
from tests.support.wordpress.site import Site

ASK = (
    DOUBLES
    + """
$found = array();
foreach ( $cases as $case ) {
	$reply     = new \\Crossdock\\Wp\\Reply( $case['status'], (array) $case['headers'], $case['reply'], $case['failure'] );
	$transport = new \\Crossdock\\Tests\\ScriptedTransport( $reply );
	$clock->at = (float) $case['at'];
	$client    = $fresh( $clock, $transport )->get( \\Crossdock\\Hub\\Client::class );
	$body      = json_decode( $case['body'], true );
	if ( 'GET' === $case['method'] ) {
		$answer = $client->get( $case['path'], (array) $case['query'] );
	} elseif ( 'PUT' === $case['method'] ) {
		$answer = $client->put( $case['path'], $body, array( 'If-Match' => '7' ) );
	} else {
		$answer = $client->post( $case['path'], $body );
	}
	$found[] = array(
		'asked' => $transport->asked, 'ok' => $answer->ok(), 'code' => $answer->code(), 'passing' => $answer->passing(),
		'retry' => $answer->retry_after, 'limits' => (object) $answer->limits, 'problems' => $answer->problem['problems'] ?? null,
	);
}
return $found;
"""
)


def _reply(rng: random.Random) -> dict[str, Any]:
    """Return what comes back, and what is to be made of it."""
    kind = rng.choice(["ok", "ok", "problem", "page", "nothing", "odd"])
    if kind == "nothing":
        failure = rng.choice(["cURL error 28: Operation timed out", "cURL error 7: refused", "cURL error 6: dns"])
        return _made(0, "", "unreachable", passing=True, failure=failure)
    if kind == "ok":
        data = {"results": [], "x": text(rng)}
        return _made(rng.choice([200, 201, 202]), json.dumps({"data": data, "meta": {}}), "", passing=False)
    if kind == "page":
        status = rng.choice([200, 302, 403, 404, 502, 503])
        return _made(status, "<html>" + text(rng), "not-the-hub", passing=True)
    status = rng.choice([400, 401, 404, 408, 409, 422, 425, 429, 500, 502, 503])
    passing = status in {408, 425, 429} or status >= 500
    if kind == "odd":
        return _made(status, json.dumps({"message": text(rng)}), f"http-{status}", passing=passing)
    code = rng.choice(["bad-signature", "rate-limited", "invalid", "another-site"])
    problems = [{"field": f"items.{n}", "rule": "type", "remedy": text(rng)} for n in range(rng.randint(0, 3))]
    body = json.dumps({"code": code, "title": "T", "detail": text(rng), "status": status, "problems": problems})
    return _made(status, body, code, passing=passing) | {"problems": problems}


def _made(status: int, reply: str, code: str, *, passing: bool, failure: str = "") -> dict[str, Any]:
    return {"status": status, "reply": reply, "code": code, "passing": passing, "failure": failure, "problems": []}


def _case(rng: random.Random) -> dict[str, Any]:
    at = NOW + rng.randint(-(10**6), 10**6)
    headers, limits, retry = {}, {}, None
    if rng.random() < 0.5:
        limits = {"limit": rng.randint(1, 10**4), "remaining": rng.randint(0, 10**4), "reset": rng.randint(0, 3600)}
        headers = {f"ratelimit-{name}": str(value) for name, value in limits.items()}
    if rng.random() < 0.5:
        seconds = rng.randint(0, 10**5)
        dated = rng.random() < 0.5
        headers["retry-after"] = formatdate(at + seconds, usegmt=True) if dated else str(seconds)
        retry = float(seconds)
    method = rng.choice(["GET", "POST", "PUT"])
    query = {text(rng, 1, 8): text(rng) for _ in range(rng.randint(0, 3))} if method == "GET" else {}
    body = {text(rng, 1, 9): rng.choice([text(rng), rng.randint(-9, 10**9), None, True, [text(rng)]]) for _ in range(3)}
    made = {"at": at, "method": method, "path": "/" + token(rng, 1, 12), "query": query, "body": json.dumps(body)}
    return made | {"headers": headers, "limits": limits, "retry": retry} | _reply(rng)


def test_what_goes_is_signed_and_what_comes_is_read(site: Site, rng: random.Random) -> None:
    pair(site)
    cases = [_case(rng) for _ in range(CASES)]
    found = site.php(ASK, cases=cases)
    for number, (one, case) in enumerate(zip(found, cases, strict=True)):
        _check_request(one["asked"], case, number)
    wanted = [
        {
            "ok": case["code"] == "",
            "code": case["code"],
            "passing": case["passing"],
            "retry": case["retry"],
            "limits": case["limits"],
            "problems": case["problems"] if case["code"] else None,
        }
        for case in cases
    ]
    told([{name: one[name] for name in wanted[0]} for one in found], wanted, cases)
    nonces = {one["asked"][0]["headers"]["X-Crossdock-Nonce"] for one in found}
    assert len(nonces) == CASES, "a nonce was used twice"


def _check_request(asked: list[dict[str, Any]], case: dict[str, Any], number: int) -> None:
    assert len(asked) == 1, f"case {number}: one request a call"
    request = asked[0]
    headers = {name.lower(): value for name, value in request["headers"].items()}
    parts = urlsplit(request["url"])
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    assert parts.netloc == "hub.example"
    assert parts.path == "/api/integrations/wordpress" + case["path"]
    assert request["method"] == case["method"]
    assert headers["x-crossdock-key"] == KEY
    assert headers["x-crossdock-timestamp"] == str(case["at"])
    assert 16 <= len(headers["x-crossdock-nonce"]) <= 64
    sent = (headers["x-crossdock-timestamp"], headers["x-crossdock-nonce"], request["body"])
    wanted = signature("v1", SECRET, case["method"], target, *sent)
    assert headers["x-crossdock-signature"] == wanted, f"case {number}: {case!r}"
    assert SECRET not in json.dumps(request), "the secret went on the wire"
    if case["method"] != "GET":
        assert json.loads(request["body"]) == json.loads(case["body"]), f"case {number}"
        assert headers["content-type"] == "application/json"
