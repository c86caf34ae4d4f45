"""Property 14: what is not sound is refused at the door with its reason, and what is sent the hub's own schema takes."""

from __future__ import annotations

import json
import random
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from crossdock.api.integrations.wordpress import items
from tests.plugin.properties.support import CASES, DOUBLES, pair, text, token
from tests.support.wordpress.site import Site

SEND = (
    DOUBLES
    + """
global $wpdb;
$found = array();
foreach ( $cases as $case ) {
	$wpdb->query( "DELETE FROM {$wpdb->prefix}crossdock_outbox" ); $wpdb->query( "DELETE FROM {$wpdb->prefix}crossdock_log" );
	delete_option( 'crossdock_state' );
	$transport = new \\Crossdock\\Tests\\ScriptedTransport();
	$c = $fresh( null, $transport );
	$payload = 'object' === $case['as'] ? (object) $case['payload'] : ( 'text' === $case['as'] ? 'text' : $case['payload'] );
	$c->get( \\Crossdock\\Capture\\CustomEvents::class )->happened( $case['name'], $payload, $case['entity'] );
	if ( $case['user'] ) { $c->get( \\Crossdock\\Outbox\\Outbox::class )->saved( 'customer', 1, 1, 'bulk' ); }
	if ( $case['gone'] ) { $c->get( \\Crossdock\\Outbox\\Outbox::class )->deleted( 'order', 77, array( 'parent_id' => 3 ) ); }
	$wpdb->query( "UPDATE {$wpdb->prefix}crossdock_outbox SET next_at = '2000-01-01'" );
	$c->get( \\Crossdock\\Outbox\\Runner::class )->run( 0.0, 0.0, 0, true );
	$found[] = array( 'bodies' => array_column( $transport->asked, 'body' ), 'log' => $wpdb->get_col( "SELECT code FROM {$wpdb->prefix}crossdock_log WHERE code = 'event-refused'" ) );
}
return $found;
"""
)

KINDS = ("order", "customer", "product", "refund", "event")
NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
OURS = ("order", "customer", "product", "refund", "user", "consent")


def _payload(rng: random.Random, depth: int = 2) -> dict[str, Any]:
    def value() -> Any:
        if depth and rng.random() < 0.25:
            return _payload(rng, depth - 1)
        return rng.choice([None, True, rng.randint(-(10**9), 10**9), 1.5, text(rng), [1, "x"], "", "\u2028"])

    return {"k" + token(rng, 1, 9): value() for _ in range(rng.randint(1, 5))}


def _case(rng: random.Random) -> dict[str, Any]:
    good = ".".join("".join(rng.choice("abcz_9") for _ in range(rng.randint(1, 8))) for _ in range(rng.randint(2, 3)))
    good = ".".join("a" + part for part in good.split("."))
    bad = rng.choice(
        ["lesson", "Lesson.done", "lesson..done", "lesson.done ", "order.paid", "user.x", "a." + "b" * 70, "9.a", ""]
    )
    payload = _payload(rng)
    if rng.random() < 0.1:
        payload["long"] = "x" * rng.choice([65_000, 70_000])
    return {
        "name": good if rng.random() < 0.7 else bad,
        "payload": payload,
        "as": rng.choice(["array", "array", "array", "object", "text"]),
        "entity": rng.choice([1, "1", "user:1", "lesson:a-1", "order:5", "Lesson 1", ":", "x:" + "y" * 70]),
        "user": rng.random() < 0.3,
        "gone": rng.random() < 0.3,
    }


def _sound(case: dict[str, Any]) -> bool:
    name, entity = case["name"], str(case["entity"])
    if not NAME.fullmatch(name) or len(name) > 64 or name.split(".")[0] in OURS or case["as"] == "text":
        return False
    if len(json.dumps(case["payload"], ensure_ascii=False, separators=(",", ":")).encode()) > 65536:
        return False
    return entity.isdigit() or bool(re.fullmatch(r"[a-z][a-z0-9_]{0,30}:[A-Za-z0-9_.-]{1,60}", entity))


def test_what_is_sound_is_taken_by_the_hub_and_what_is_not_is_refused(site: Site, rng: random.Random) -> None:
    pair(site)
    cases = [_case(rng) for _ in range(CASES)]
    now = datetime.now(UTC) + timedelta(minutes=1)
    for case, told in zip(cases, site.php(SEND, cases=cases, timeout_s=300), strict=True):
        said = f"{case!r} became {told!r}"[:3000]
        sound = _sound(case)
        sent = [item for body in told["bodies"] for item in json.loads(body)["items"]]
        events = [item for item in sent if item["kind"] == "event"]
        assert len(events) == sound, said
        assert told["log"] == ([] if sound else ["event-refused"]), said
        if sound:
            entity = f"user:{case['entity']}" if str(case["entity"]).isdigit() else case["entity"]
            assert (events[0]["type"], events[0]["entity"]) == (case["name"], entity), said
            assert events[0]["data"] == case["payload"], said
        assert len(sent) == sound + case["user"] + case["gone"], said
        for body in told["bodies"]:
            read = items.read(body.encode(), KINDS, 100, now, mixed=True)
            assert [one.refused for one in read.given] == [None] * len(read.given), said
            assert read.sender is not None, said
