"""What was there before is exported in pages, resumed where a killed process stopped, in the hours that are set for it."""

from __future__ import annotations

import signal

import pytest

from tests.plugin.outbox.support import Shop
from tests.support.wordpress.ears import Item, Reply, recorded

MANY = 450


@pytest.fixture
def crowd(shop: Shop) -> Shop:
    """A site with many users, none of them in the outbox."""
    rows = ", ".join(
        f"({n}, 'user{n}', 'x', 'user{n}', 'user{n}@example.com', '2024-01-01 00:00:00', 'User {n}')"
        for n in range(1000, 1000 + MANY)
    )
    columns = "ID, user_login, user_pass, user_nicename, user_email, user_registered, display_name"
    shop.site.sql(f"INSERT INTO wp_users ({columns}) VALUES {rows}")
    return shop


def progress(shop: Shop) -> dict[str, object]:
    found: dict[str, object] = shop.site.cli("crossdock export status --format=json").json()
    return found


def test_everybody_is_exported_with_progress(crowd: Shop) -> None:
    said = crowd.site.cli("crossdock export start customer")
    assert (said.status, said.printed.strip()) == (0, f"Success: The export of {MANY + 1} things has begun.")
    assert progress(crowd)["state"] == "running"
    while crowd.run()["sent"]:
        assert len(crowd.hub.batches) < 100
    done = progress(crowd)
    assert (done["state"], done["total"], done["sent"], done["waiting"]) == ("done", MANY + 1, MANY + 1, 0)
    assert crowd.hub.entities("customer") == [1, *range(1000, 1000 + MANY)]
    assert {item["origin"] for item in crowd.hub.items} == {"bulk"}


def test_an_export_goes_on_where_a_killed_process_stopped(crowd: Shop) -> None:
    crowd.php("$c->get( Settings::class )->keep( array( 'batch_size' => 50, 'bulk_per_run' => 200 ) );")
    crowd.php("$c->get( BulkExport::class )->start( array( 'customer' ) );")

    def answer(items: list[Item]) -> Reply:
        if len(crowd.hub.batches) == 3:
            crowd.hub.gate.clear()
            crowd.hub.gate.wait(20)
        return recorded(items)

    crowd.hub.answer = answer
    killed = crowd.start("for ( $i = 0; $i < 10; $i++ ) { $c->get( Runner::class )->run(); }")
    while len(crowd.hub.batches) < 3:
        crowd.hub.heard.wait(20)
        crowd.hub.heard.clear()
    killed.send_signal(signal.SIGKILL)
    killed.communicate(timeout=20)
    crowd.hub.answer = recorded
    crowd.hub.gate.set()
    before = progress(crowd)
    assert before["state"] == "running"
    assert before["queued"] == 200
    crowd.site.sql(
        "UPDATE wp_crossdock_outbox SET claimed_until = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND WHERE state = 'sending'"
    )
    while crowd.run()["sent"]:
        assert len(crowd.hub.batches) < 100
    assert set(crowd.hub.entities("customer")) == {1, *range(1000, 1000 + MANY)}
    assert len(crowd.hub.entities("customer")) == MANY + 1 + 50, "only the killed batch was told twice"
    assert progress(crowd)["state"] == "done"


def test_a_page_that_was_queued_but_not_noted_is_queued_again_without_harm(crowd: Shop) -> None:
    crowd.php("$c->get( BulkExport::class )->start( array( 'customer' ) );")
    crowd.php(
        """$step = function () use ( $c ) { return $c->get( BulkExport::class )->step( new Budget( $c->get( Clock::class ), 20.0, 0, 5.0 ) ); };
        $kept = get_option( 'crossdock_export' ); $step(); update_option( 'crossdock_export', $kept, false ); $step();"""
    )
    assert crowd.states() == {"waiting": MANY + 1}


def test_a_live_change_goes_before_the_export_and_lifts_its_own_row(crowd: Shop) -> None:
    crowd.php("$c->get( Settings::class )->keep( array( 'batch_size' => 10 ) );")
    crowd.php("$c->get( BulkExport::class )->start();")
    crowd.php("$c->get( BulkExport::class )->step( new Budget( $c->get( Clock::class ), 20.0, 0, 5.0 ) );")
    crowd.php("wp_update_user( array( 'ID' => 1200, 'first_name' => 'Live' ) );")
    crowd.run()
    first = crowd.hub.items[0]
    assert (first["data"]["id"], first["origin"]) == (1200, "live")
    assert crowd.hub.entities("customer").count(1200) == 1


def test_outside_the_hours_of_little_traffic_only_what_is_live_goes(crowd: Shop) -> None:
    now = crowd.php("return (int) wp_date( 'G' );")
    window = f"{(now + 2) % 24:02d}:00-{(now + 3) % 24:02d}:00"
    crowd.php("$c->get( Settings::class )->keep( array( 'low_traffic' => $window ) );", window=window)
    crowd.php("$c->get( BulkExport::class )->start();")
    crowd.php("$c->get( BulkExport::class )->step( new Budget( $c->get( Clock::class ), 20.0, 0, 5.0 ) );")
    crowd.events(1)
    report = crowd.php("return $c->get( Runner::class )->run();")
    assert (report["sent"], report["stopped"]) == (1, "empty")
    assert [item["kind"] for item in crowd.hub.items] == ["event"]
    assert crowd.run()["sent"] > 1, "by hand everything goes"


def test_a_cancelled_export_takes_its_rows_out_and_stays_ended(crowd: Shop) -> None:
    crowd.php("$c->get( BulkExport::class )->start();")
    crowd.php("$c->get( BulkExport::class )->step( new Budget( $c->get( Clock::class ), 20.0, 0, 5.0 ) );")
    crowd.events(1)
    assert crowd.site.cli("crossdock export cancel").printed.strip() == "Success: The export was cancelled."
    assert crowd.states() == {"waiting": 1}
    assert crowd.run()["sent"] == 1
    assert progress(crowd)["state"] == "cancelled"


def test_a_kind_that_is_not_there_is_refused(crowd: Shop) -> None:
    assert crowd.site.cli("crossdock export start orders").status == 1
    assert progress(crowd)["state"] == "none"
