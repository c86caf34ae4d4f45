"""Property 08: whatever the hub answers, and when, each thing that happened is told: recorded once, or dead with its reason."""

from __future__ import annotations

import itertools
import random
from typing import Any

from tests.plugin.properties.support import CASES, DOUBLES, NOW, pair
from tests.support.wordpress.site import Site

SEND = (
    DOUBLES
    + """
global $wpdb;
/** A hub that follows a plan, then is well. */
class PlannedHub implements \\Crossdock\\Wp\\Transport {
	public $plan; public $clock; public $asked = array(); public $has = array(); public $refuses;
	public function __construct( $plan, $refuses, $clock ) { $this->plan = $plan; $this->refuses = $refuses; $this->clock = $clock; }
	public function send( string $method, string $url, array $headers, string $body, float $timeout_s ): \\Crossdock\\Wp\\Reply {
		$step  = array_shift( $this->plan ) ?? array( 'do' => 'well' );
		$items = json_decode( $body, true )['items'];
		$this->asked[] = array( 'at' => $this->clock->at, 'ids' => array_column( $items, 'id' ), 'step' => $step );
		$this->clock->at += 0.25;
		$told = array();
		foreach ( $items as $n => $item ) {
			$name = $item['data']['name'];
			if ( 'lost' === ( $this->refuses[ $name ] ?? '' ) ) { continue; }
			if ( isset( $this->refuses[ $name ] ) && ( 'later' !== $this->refuses[ $name ] || 'later' === ( $step['items'] ?? '' ) ) ) {
				$again  = 'later' === $this->refuses[ $name ];
				$told[] = array( 'id' => $item['id'], 'status' => 'refused', 'event' => null, 'problem' => array( 'code' => 'not-now', 'detail' => 'because', 'retry' => $again ) );
				continue;
			}
			if ( ! in_array( $step['do'], array( 'well', 'silence-after' ), true ) ) { continue; }
			$told[] = array( 'id' => $item['id'], 'status' => isset( $this->has[ $item['id'] ] ) ? 'duplicate' : 'recorded', 'event' => 'evt_' . $n, 'problem' => null );
			$this->has[ $item['id'] ] = $name;
		}
		if ( 'well' === $step['do'] ) { return new \\Crossdock\\Wp\\Reply( 200, array(), json_encode( array( 'data' => array( 'results' => $told ), 'meta' => array() ) ) ); }
		if ( 'silence-after' === $step['do'] || 'silence' === $step['do'] ) { return new \\Crossdock\\Wp\\Reply( 0, array(), '', 'cURL error 28: timed out' ); }
		$answer = isset( $step['wait'] ) ? array( 'retry-after' => (string) $step['wait'] ) : array();
		return new \\Crossdock\\Wp\\Reply( $step['status'], $answer, 'page' === $step['do'] ? '<html>' : json_encode( array( 'code' => $step['code'], 'detail' => 'd' ) ) );
	}
}
$found = array();
foreach ( $cases as $case ) {
	$wpdb->query( "DELETE FROM {$wpdb->prefix}crossdock_outbox" );
	$wpdb->query( "DELETE FROM {$wpdb->prefix}crossdock_log" );
	delete_option( 'crossdock_state' );
	$clock->at = (float) $case['at'];
	$hub       = new PlannedHub( $case['plan'], (array) $case['refuses'], $clock );
	$c         = $fresh( $clock, $hub );
	$c->get( \\Crossdock\\Settings\\Settings::class )->keep( array( 'failure_threshold' => 1000, 'batch_size' => $case['batch'], 'retry_days' => 2 ) );
	$made = array();
	foreach ( $case['names'] as $name ) { $made[ $c->get( \\Crossdock\\Outbox\\Outbox::class )->happened( 'test.thing', array( 'name' => $name ), 'thing:' . $name ) ] = $name; }
	$pauses = 0;
	for ( $round = 0; $round < 80; $round++ ) {
		$clock->at += $round < 40 ? (float) $case['steps'][ $round % count( $case['steps'] ) ] : 21600.0;
		$c = $fresh( $clock, $hub );
		$c->get( \\Crossdock\\Outbox\\Runner::class )->run();
		if ( $c->get( \\Crossdock\\Monitor\\Condition::class )->paused() ) { ++$pauses; $c->get( \\Crossdock\\Outbox\\Brake::class )->resume(); }
		if ( 0 === (int) $wpdb->get_var( "SELECT COUNT(*) FROM {$wpdb->prefix}crossdock_outbox WHERE state NOT IN ('sent', 'dead')" ) ) { break; }
	}
	$rows    = $wpdb->get_results( "SELECT event_id, state, attempts, error_code, error FROM {$wpdb->prefix}crossdock_outbox", ARRAY_A );
	$found[] = array( 'made' => $made, 'rows' => $rows, 'asked' => $hub->asked, 'has' => (object) $hub->has, 'pauses' => $pauses, 'log' => (int) $wpdb->get_var( "SELECT COUNT(*) FROM {$wpdb->prefix}crossdock_log" ) );
}
return $found;
"""
)


def _step(rng: random.Random) -> dict[str, Any]:
    wait = {"wait": rng.choice([1, 30, 600, 4000])} if rng.random() < 0.6 else {}
    return rng.choice(
        [
            {"do": "well", "items": "later"},
            {"do": "well"},
            {"do": "silence"},
            {"do": "silence-after"},
            {"do": "page", "status": rng.choice([502, 504, 403])},
            {"do": "problem", "status": 429, "code": "rate-limited", **wait},
            {"do": "problem", "status": 503, "code": "starting", **wait},
            {"do": "problem", "status": 500, "code": "bug"},
            {"do": "problem", "status": 401, "code": rng.choice(["clock-skew", "unknown-key"])},
        ]
    )


def _case(rng: random.Random) -> dict[str, Any]:
    names = [f"n{n}" for n in range(rng.randint(1, 7))]
    refuses = {name: rng.choice(["now", "later"]) for name in names if rng.random() < 0.2}
    return {
        "at": NOW,
        "names": names,
        "refuses": refuses,
        "plan": [_step(rng) for _ in range(rng.randint(0, 8))],
        "batch": rng.choice([1, 2, 3, 100]),
        "steps": [rng.choice([1, 10, 70, 700, 5000]) for _ in range(5)],
    }


def test_each_thing_is_recorded_once_or_dead_with_its_reason(site: Site, rng: random.Random) -> None:
    pair(site)
    cases = [_case(rng) for _ in range(CASES)]
    for case, told in zip(cases, site.php(SEND, cases=cases, timeout_s=300), strict=True):
        said = f"{case!r} became {told!r}"
        rows = {row["event_id"]: row for row in told["rows"]}
        assert set(rows) == set(told["made"]), f"a row was lost: {said}"
        for event, name in told["made"].items():
            row = rows[event]
            if case["refuses"].get(name) == "now" and row["state"] == "dead":
                assert row["error_code"] == "not-now", said
                assert "because" in row["error"], said
            else:
                assert row["state"] == "sent", f"{name}: {said}"
                assert event in told["has"], f"sent, and the hub has it not: {said}"
        _patience(told["asked"], said)


def _patience(asked: list[dict[str, Any]], said: str) -> None:
    """What the hub asked for is kept to, and a hub that is down is not hammered."""
    for one, after in itertools.pairwise(asked):
        step, pause = one["step"], after["at"] - one["at"] - 0.25
        if step["do"] in {"silence", "silence-after", "page"} or step.get("status") in {500, 503, 401}:
            assert pause >= min(1.0, step.get("wait", 1.0)), said
        if step.get("status") in {429, 503} and "wait" in step:
            assert pause >= step["wait"] - 0.001, f"asked again after {pause} s: {said}"
        if step.get("status") == 429 and "wait" not in step:
            assert pause >= 60 - 0.001, said
