"""Property 12: a page pays at most one statement for each thing that changes, calls nobody, and the pace keeps to bounds."""

from __future__ import annotations

import random
from typing import Any

from tests.plugin.properties.support import CASES, DOUBLES, pair, told
from tests.support.wordpress.site import Site

PAGE = (
    DOUBLES
    + """
global $wpdb;
$table = $wpdb->prefix . 'crossdock_outbox';
$paid  = 0; $calls = 0; $others = 0;
add_filter( 'query', static function ( $sql ) use ( &$paid, &$others, $table ) { if ( false !== strpos( $sql, $table ) ) { ++$paid; } else { ++$others; } return $sql; } );
add_filter( 'pre_http_request', static function () use ( &$calls ) { ++$calls; return new WP_Error( 'x', 'no' ); } );
$found = array();
foreach ( $cases as $case ) {
	$wpdb->query( "DELETE FROM $table" );
	$c = $fresh();
	$gate = $c->get( \\Crossdock\\Capture\\Gate::class ); $outbox = $c->get( \\Crossdock\\Outbox\\Outbox::class );
	$gate->open( 'send_orders' );
	$paid = 0; $calls = 0; $others = 0;
	foreach ( $case as $step ) {
		list( $kind, $id, $priority ) = $step;
		if ( 'event' === $kind ) { $gate->happened( 'a.thing', array( 'n' => $id ) ); } elseif ( $gate->open( 'send_orders' ) ) { $gate->saved( $kind, $id, $priority ); }
	}
	$outbox->flush();
	$pays = $paid; $other = $others;
	$keys = $wpdb->get_col( "SELECT waiting_key FROM $table WHERE waiting_key IS NOT NULL ORDER BY waiting_key" );
	$found[] = array( 'paid' => $pays, 'others' => $other, 'calls' => $calls, 'keys' => $keys, 'events' => (int) $wpdb->get_var( "SELECT COUNT(*) FROM $table WHERE kind = 'event'" ) );
}
return $found;
"""
)


def _page(rng: random.Random) -> list[list[Any]]:
    things = [[rng.choice(["order", "customer", "refund"]), rng.randint(1, 5), 1] for _ in range(rng.randint(0, 12))]
    things += [["product", rng.randint(1, 30), 2] for _ in range(rng.randint(0, 25))]
    things += [["event", n, 1] for n in range(rng.randint(0, 3))]
    rng.shuffle(things)
    return things


def test_a_page_pays_one_statement_a_thing(site: Site, rng: random.Random) -> None:
    pair(site)
    cases = [_page(rng) for _ in range(CASES)]
    for case, page in zip(cases, site.php(PAGE, cases=cases), strict=True):
        said = f"{case!r}: {page!r}"
        keys = {f"{kind}:{number}" for kind, number, _ in case if kind != "event"}
        urgent = {f"{kind}:{number}" for kind, number, priority in case if kind != "event" and priority == 1}
        events = sum(kind == "event" for kind, _, _ in case)
        assert set(page["keys"]) == keys, said
        assert page["events"] == events, said
        assert page["paid"] <= len(urgent) + events + (1 if keys - urgent else 0), f"a page pays more: {said}"
        assert (page["calls"], page["others"]) == (0, 0), said


PACE = (
    DOUBLES
    + """
$found = array();
foreach ( $cases as $case ) {
	delete_option( 'crossdock_state' );
	$trail = array();
	foreach ( $case as $one ) {
		$reply  = new \\Crossdock\\Wp\\Reply( $one['status'], (array) $one['headers'], '{"data":{},"code":"x"}' );
		$answer = new \\Crossdock\\Hub\\Answer( $reply, $clock->now() );
		$answer->took = (float) $one['took'];
		$pace = $fresh( $clock )->get( \\Crossdock\\Outbox\\Pace::class );
		$was  = $pace->now()['items'];
		$pace->learn( $answer, min( $was, $one['items'] ), (float) $one['spent'] );
		$now  = $pace->now();
		$trail[] = array( $was, $now['items'], $now['rest_s'], $now['why'], $now['bytes'] >= 10000, $now['seconds'] >= 2 );
	}
	$found[] = $trail;
}
return $found;
"""
)


def _answer(rng: random.Random) -> dict[str, Any]:
    headers = {}
    if rng.random() < 0.5:
        headers = {
            "ratelimit-limit": "600",
            "ratelimit-remaining": str(rng.choice([0, 1, 60, 119, 120, 500])),
            "ratelimit-reset": str(rng.randint(0, 60)),
        }
    took, spent = rng.choice([0.05, 1.0, 2.4, 3.0, 6.0, 30.0]), rng.choice([0.0, 0.1, 4.0])
    return {
        "status": rng.choice([200, 200, 200, 413, 500]),
        "headers": headers,
        "took": took,
        "spent": spent,
        "items": rng.choice([1, 5, 100]),
    }


def test_the_pace_keeps_to_its_bounds_and_to_what_the_hub_asks(site: Site, rng: random.Random) -> None:
    pair(site)
    cases = [[_answer(rng) for _ in range(rng.randint(1, 12))] for _ in range(CASES)]
    for case, trail in zip(cases, site.php(PACE, cases=cases), strict=True):
        for one, (was, items, rest, why, bytes_well, seconds_well) in zip(case, trail, strict=True):
            said = f"{one!r}: {was} became {items}, {why}, rest {rest}"
            assert 1 <= items <= 100, said
            assert bytes_well, said
            assert seconds_well, said
            slow = one["took"] + one["spent"] > 5
            if (slow or one["status"] == 413) and min(was, one["items"]) > 1:
                assert items < was, said
            left = int(one["headers"].get("ratelimit-remaining", "600"))
            reset = int(one["headers"].get("ratelimit-reset", "0"))
            if left == 0:
                assert rest >= reset, said
            elif left < 120 and reset:
                assert rest == reset / left, said
            else:
                assert rest == 0, said


WINDOW = "return array_map( static function ( $case ) { return \\Crossdock\\Outbox\\Window::holds( $case[0], $case[1] ); }, $cases );"


def test_the_low_traffic_window_holds_over_midnight(site: Site, rng: random.Random) -> None:
    def time() -> str:
        return f"{rng.randint(0, 23):02}:{rng.choice([0, 1, 30, 59]):02}"

    cases = [[rng.choice(["", f"{time()}-{time()}"]), time()] for _ in range(CASES)]
    wanted = []
    for window, now in cases:
        start, _, end = window.partition("-")
        inside = start <= now < end if start < end else now >= start or now < end
        wanted.append(window == "" or start == end or inside)
    told(site.php(WINDOW, cases=cases), wanted, cases)
