"""Property 10: what the screens say of the queue is what is in it, and a hand laid on rows changes those rows alone."""

from __future__ import annotations

import random
from typing import Any

from tests.plugin.properties.support import CASES, DOUBLES, NOW, told
from tests.support.wordpress.site import Site

KINDS = ("order", "customer", "product", "refund", "event")
STATES = ("waiting", "sending", "sent", "dead")

ACT = (
    DOUBLES
    + """
global $wpdb;
$table = $wpdb->prefix . 'crossdock_outbox';
$found = array();
foreach ( $cases as $case ) {
	$wpdb->query( "DELETE FROM $table" );
	foreach ( $case['rows'] as $row ) {
		$at = \\Crossdock\\Wp\\Moment::stored( $clock->now() - $row['age'] );
		$wpdb->insert( $table, array( 'id' => $row['id'], 'event_id' => wp_generate_uuid4(), 'kind' => $row['kind'], 'action' => 'saved', 'type' => $row['type'], 'entity' => $row['entity'], 'waiting_key' => 'waiting' === $row['state'] && 'event' !== $row['kind'] ? $row['entity'] : null, 'priority' => $row['priority'], 'state' => $row['state'], 'attempts' => $row['attempts'], 'next_at' => $at, 'created_at' => $at, 'changed_at' => $at, 'sent_at' => 'sent' === $row['state'] ? $at : null, 'error_code' => $row['error'] ) );
	}
	$c       = $fresh( $clock );
	$queue   = $c->get( \\Crossdock\\Monitor\\Queue::class );
	$seen    = array( 'table' => $queue->table(), 'counts' => $queue->counts(), 'oldest' => $queue->oldest_s(), 'count' => $queue->count( $case['filter'] ), 'ids' => array_map( 'intval', array_column( $queue->find( $case['filter'], 100 ), 'id' ) ) );
	$hands   = $c->get( \\Crossdock\\Outbox\\Hands::class );
	$which   = $case['ids'] ? array( 'ids' => $case['ids'] ) : $case['filter'];
	$seen['done'] = 'retry' === $case['hand'] ? $hands->retry( $which ) : ( 'discard' === $case['hand'] ? $hands->discard( $which, 'a test', 1 ) : $hands->reprioritise( $which, 3 ) );
	$seen['after'] = array();
	foreach ( $wpdb->get_results( "SELECT id, state, priority, attempts FROM $table ORDER BY id", ARRAY_A ) as $row ) { $seen['after'][ $row['id'] ] = array( $row['state'], (int) $row['priority'], (int) $row['attempts'] ); }
	$seen['after'] = (object) $seen['after'];
	$found[] = $seen;
}
return $found;
"""
)


def _row(rng: random.Random, number: int) -> dict[str, Any]:
    kind = rng.choice(KINDS)
    return {
        "id": number,
        "kind": kind,
        # an entity of its own: two rows of one are another property's matter
        "entity": f"{kind}:{number}" if kind != "event" else f"user:{number}",
        "type": rng.choice(["user.login", "lesson.done"]) if kind == "event" else "",
        "state": rng.choice(STATES),
        "priority": rng.randint(1, 3),
        "attempts": rng.randint(0, 9),
        "age": rng.randint(1, 10**6),
        "error": rng.choice([None, "not-now", "100%_odd", "100 odd"]),
    }


def _matches(row: dict[str, Any], filter_: dict[str, str]) -> bool:
    for column in ("state", "kind", "entity"):
        if filter_.get(column) and row[column] != filter_[column]:
            return False
    words = [row["type"], row["entity"], row["error"] or ""]
    return not filter_.get("q") or any(filter_["q"].lower() in word.lower() for word in words)


def _case(rng: random.Random) -> dict[str, Any]:
    rows = [_row(rng, number) for number in range(1, rng.randint(2, 25))]
    filter_ = {
        "state": rng.choice(["", *STATES]),
        "kind": rng.choice(["", "", *KINDS]),
        "q": rng.choice(["", "", "user", "login", "100%", "_odd", "order:1", "'; DROP", "\\"]),
    }
    ids = rng.sample([row["id"] for row in rows], rng.randint(1, len(rows))) if rng.random() < 0.5 else []
    return {"rows": rows, "filter": filter_, "ids": ids, "hand": rng.choice(["retry", "discard", "later"])}


def _wanted(case: dict[str, Any]) -> dict[str, Any]:
    rows, hand = case["rows"], case["hand"]
    table = {
        state: {kind: sum((row["state"], row["kind"]) == (state, kind) for row in rows) for kind in KINDS}
        for state in STATES
    }
    waiting = [row["age"] for row in rows if row["state"] in {"waiting", "sending"}]
    meant = [row for row in rows if (row["id"] in case["ids"] if case["ids"] else _matches(row, case["filter"]))]
    able = {"waiting"} if hand == "later" else {"waiting", "dead"}
    touched = {row["id"] for row in meant if row["state"] in able}
    after: dict[str, Any] = {}
    for row in rows:
        kept = [row["state"], row["priority"], row["attempts"]]
        if row["id"] in touched:
            if hand == "discard":
                continue
            kept = ["waiting", row["priority"], 0] if hand == "retry" else [row["state"], 3, row["attempts"]]
        after[str(row["id"])] = kept
    done = len(touched) if hand != "later" else sum(row["priority"] != 3 for row in rows if row["id"] in touched)
    return {
        "table": table,
        "counts": {state: sum(kinds.values()) for state, kinds in table.items()},
        "oldest": float(max(waiting, default=0)),
        "count": sum(_matches(row, case["filter"]) for row in rows),
        "ids": sorted(row["id"] for row in rows if _matches(row, case["filter"])),
        "done": done,
        "after": after,
    }


def test_what_is_shown_is_so_and_hands_touch_what_was_meant(site: Site, rng: random.Random) -> None:
    cases = [_case(rng) for _ in range(CASES)]
    found = site.php(ACT, cases=cases, timeout_s=300)
    for one in found:
        one["ids"].sort()
        one["after"] = one["after"] or {}
        one["oldest"] = round(one["oldest"], 1)
    assert NOW
    told(found, [_wanted(case) for case in cases], cases)
