"""Several runners, killed runners: every row reaches the hub, none is told by two at a time."""

from __future__ import annotations

import signal
import threading
from collections import Counter

from tests.plugin.outbox.support import LET_GO, Shop
from tests.support.wordpress.ears import Item, Reply, problem, recorded

SEND = """$report = $c->get( Sender::class )->run( new Budget( $c->get( Clock::class ), 30.0, 0, 10.0 ), 3 );
fwrite( STDOUT, json_encode( $report ) );"""
"""A runner that does not ask whether another is at work."""


def test_runners_side_by_side_tell_every_row_once(shop: Shop) -> None:
    shop.php("$c->get( Settings::class )->keep( array( 'batch_size' => 7 ) );")
    shop.events(150)
    shop.site.sql(LET_GO)
    crowd = threading.Barrier(3, timeout=20)

    def answer(items: list[Item]) -> Reply:
        if len(shop.hub.batches) <= 3:
            crowd.wait()
        return recorded(items)

    shop.hub.answer = answer
    runners = [shop.start(SEND) for _ in range(3)]
    for runner in runners:
        said, _ = runner.communicate(timeout=60)
        assert '"trouble":""' in said, said
    assert Counter(item["data"]["n"] for item in shop.hub.items) == Counter(range(1, 151))
    assert shop.states() == {"sent": 150}


def test_the_timetables_runs_do_not_pile_up(shop: Shop) -> None:
    shop.events(2)
    shop.hub.gate.clear()
    first = shop.start("$c->get( Runner::class )->run();")
    assert shop.hub.heard.wait(20)
    shop.events(1)
    assert shop.run()["stopped"] == "running-already"
    shop.hub.gate.set()
    first.communicate(timeout=30)
    assert shop.states() == {"sent": 3}


def test_the_rows_of_a_killed_runner_come_back_when_their_lease_ends(shop: Shop) -> None:
    user = shop.user("ann")
    shop.events(20)
    shop.site.sql(LET_GO)
    shop.hub.gate.clear()
    killed = shop.start("$c->get( Runner::class )->run();")
    assert shop.hub.heard.wait(20)
    killed.send_signal(signal.SIGKILL)
    killed.communicate(timeout=20)
    shop.hub.gate.set()
    assert shop.states() == {"sending": 22}
    assert shop.run()["stopped"] == "empty", "its lease runs"
    assert len(shop.hub.batches) == 1
    shop.site.sql("UPDATE wp_crossdock_outbox SET claimed_until = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND")
    assert shop.run()["sent"] == 22
    assert shop.states() == {"sent": 22}
    told = Counter(item["id"] for item in shop.hub.items)
    assert set(told.values()) == {2}, "told again by the same ids, so the hub has them once"
    assert shop.hub.entities("customer") == [user, user]


def test_a_state_whose_runner_died_gives_way_to_its_newer_change(shop: Shop) -> None:
    user = shop.user("ann")
    shop.site.sql(
        "UPDATE wp_crossdock_outbox SET state = 'sending', waiting_key = NULL, claimed_by = 'gone',"
        " claimed_until = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND WHERE kind = 'customer'"
    )
    shop.php("wp_update_user( array( 'ID' => $who, 'first_name' => 'Newer' ) );", who=user)
    shop.run()
    assert [item["data"]["first_name"] for item in shop.hub.items if item["kind"] == "customer"] == ["Newer"]
    assert shop.states() == {"sent": 2}


def test_one_entity_is_told_by_one_runner_at_a_time(shop: Shop) -> None:
    """Else an older state could overtake a newer one on its way."""
    user = shop.user("ann")
    shop.site.sql("DELETE FROM wp_crossdock_outbox WHERE kind = 'event'")
    shop.site.sql(LET_GO)
    shop.hub.gate.clear()
    first = shop.start(SEND)
    assert shop.hub.heard.wait(20)
    shop.php("wp_update_user( array( 'ID' => $who, 'first_name' => 'Newer' ) );", who=user)
    shop.site.sql(LET_GO)
    said, _ = shop.start(SEND).communicate(timeout=30)
    assert '"requests":0' in said
    shop.hub.gate.set()
    first.communicate(timeout=30)
    shop.run()
    assert [item["data"]["first_name"] for item in shop.hub.items] == ["", "Newer"]


def test_a_failed_state_gives_way_to_its_newer_change_and_its_neighbours_stay(shop: Shop) -> None:
    user, other = shop.user("ann"), shop.user("ben")
    shop.site.sql("DELETE FROM wp_crossdock_outbox WHERE kind = 'event'")
    shop.site.sql(LET_GO)
    shop.hub.gate.clear()
    first = shop.start(SEND)
    assert shop.hub.heard.wait(20)
    shop.php("wp_update_user( array( 'ID' => $who, 'first_name' => 'Newer' ) );", who=user)
    shop.hub.answer = lambda _: problem(503, "unavailable", **{"Retry-After": "1"})
    shop.hub.gate.set()
    first.communicate(timeout=30)
    assert sorted(shop.rows("entity", "state", "error_code")) == [
        (f"customer:{user}", "waiting", "NULL"),
        (f"customer:{other}", "waiting", "unavailable"),
    ]


def test_a_database_that_refuses_to_settle_loses_nothing(shop: Shop) -> None:
    """A deadlock while rows are given back: they come back when their lease ends."""
    shop.user("ann")
    shop.site.sql(LET_GO)
    shop.hub.answer = lambda _: problem(503, "unavailable", **{"Retry-After": "1"})
    shop.php(
        """global $wpdb; $wpdb->suppress_errors();
        add_filter( 'query', function ( $sql ) { return 0 === strpos( $sql, 'UPDATE IGNORE' ) ? 'SELECT no such thing' : $sql; } );
        $c->get( Runner::class )->run();"""
    )
    assert shop.states() == {"sending": 2}
    shop.site.forget()


def test_a_runner_that_was_too_slow_sends_nothing_that_another_has(shop: Shop) -> None:
    """It read documents for longer than its lease: what another took meanwhile is no longer its own."""
    shop.events(3)
    shop.site.sql(LET_GO)
    kept = shop.php(
        """$queue = $c->get( Queue::class ); $taken = $queue->take( 10, 3 ); global $wpdb;
        $wpdb->query( "UPDATE {$wpdb->prefix}crossdock_outbox SET claimed_by = 'another' ORDER BY id LIMIT 2" );
        $queue->hold( $taken ); return array_map( function ( $row ) { return $row->payload['data']['n']; }, array_values( $taken->rows ) );"""
    )
    assert kept == [3]


def test_what_several_processes_note_at_once_is_all_kept(shop: Shop) -> None:
    code = """for ( $i = 0; $i < 60; $i++ ) { $c->get( \\Crossdock\\Wp\\Options::class )->change( 'crossdock_state',
        function ( $kept ) { $kept['counted'] = ( $kept['counted'] ?? 0 ) + 1; return $kept; } ); }"""
    counters = [shop.start(code) for _ in range(3)]
    shop.php("$c->get( Condition::class )->pause( 'by-hand', '', 1 );")
    for counter in counters:
        counter.communicate(timeout=60)
    assert shop.php("return $c->get( Condition::class )->get( 'counted' );") == 180
    assert shop.php("return $c->get( Condition::class )->paused();") is True


def test_rows_that_two_runners_chose_at_once_go_to_one_of_them(shop: Shop) -> None:
    shop.events(5)
    shop.site.sql(LET_GO)
    taken = shop.php(
        """$queue = $c->get( Queue::class ); $quicker = null;
        add_filter( 'query', function ( $sql ) use ( $queue, &$quicker ) {
            if ( null === $quicker && false !== strpos( $sql, "SET state = 'sending'" ) ) { $quicker = 0; $quicker = count( $queue->take( 3, 3 )->rows ); }
            return $sql; } );
        return array( count( $queue->take( 5, 3 )->rows ), $quicker );"""
    )
    assert taken == [2, 3]
