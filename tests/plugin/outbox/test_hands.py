"""The timetable, what people do with rows, and what is thrown away."""

from __future__ import annotations

from tests.plugin.outbox.support import Shop
from tests.support.wordpress.ears import Ears, recorded, results
from tests.support.wordpress.site import Site


def test_one_recurring_run_is_scheduled_and_sends(shop: Shop) -> None:
    shop.site.session().get("/wp-admin/")
    shop.site.session().get("/wp-admin/")
    scheduled = shop.php(
        """$found = array(); foreach ( _get_cron_array() as $at => $hooks ) {
            foreach ( $hooks['crossdock_run'] ?? array() as $job ) { $found[] = $job['interval']; } } return $found;"""
    )
    assert scheduled == [60]
    shop.events(2)
    shop.site.cron()
    assert shop.states() == {"sent": 2}
    shop.php("$c->get( Settings::class )->keep( array( 'run_every' => 300 ) );")
    shop.site.session().get("/wp-admin/")
    assert shop.php("return wp_get_scheduled_event( 'crossdock_run' )->interval;") == 300


def test_a_run_that_fails_is_in_the_log_and_the_timetable_lives_on(shop: Shop) -> None:
    shop.events(1)
    shop.php(
        """add_filter( 'pre_http_request', function () { throw new RuntimeException( 'a broken transport' ); } );
        $c->get( Timetable::class )->run();"""
    )
    assert ("run-failed", "RuntimeException: a broken transport") in shop.log()


def test_a_copy_of_the_site_sends_nothing(shop: Shop) -> None:
    shop.events(1)
    shop.php(
        """$credentials = $c->get( \\Crossdock\\Hub\\Credentials::class );
        $credentials->note( array( 'site' => array( 'url' => 'https://the-real-one.example' ) ) );"""
    )
    assert shop.run()["stopped"] == "copied-site"
    assert shop.hub.requests == []
    assert shop.states() == {"waiting": 1}


def test_a_site_that_is_not_paired_asks_nobody(site: Site, hub: Ears) -> None:
    assert Shop(site, hub).run()["stopped"] == "unpaired"


def test_rows_are_tried_again_discarded_and_lifted_by_hand(shop: Shop) -> None:
    shop.events(4)
    shop.hub.answer = lambda items: results([{"id": item["id"], "status": "refused"} for item in items])
    shop.run()
    assert shop.states() == {"dead": 4}
    listed = shop.site.cli("crossdock queue list --state=dead --format=json").json()
    ids = [row["id"] for row in listed]
    assert shop.site.cli(f"crossdock queue discard {ids[0]}").status == 1, "a reason is asked for"
    done = shop.site.cli(f"crossdock queue discard {ids[0]} --reason=wrong --yes")
    assert (done.status, done.printed.strip()) == (0, "Success: 1 rows were discarded.")
    assert any(code == "rows-discarded" and "wrong" in message for code, message in shop.log())
    shop.hub.answer = recorded
    assert shop.site.cli(f"crossdock queue retry {ids[1]}").printed.strip() == "Success: 1 rows go again."
    assert shop.run()["sent"] == 1
    assert shop.site.cli("crossdock queue retry").printed.strip() == "Success: 2 rows go again."
    assert shop.php("return $c->get( Hands::class )->reprioritise( array( 'state' => 'waiting' ), 3 );") == 2
    assert shop.site.cli("crossdock queue run").printed.startswith("Success: 2 sent")
    assert shop.states() == {"sent": 3}


def test_a_dead_state_that_is_tried_again_gives_way_to_its_newer_change(shop: Shop) -> None:
    user = shop.user("ann")
    shop.hub.answer = lambda items: results([{"id": item["id"], "status": "refused"} for item in items])
    shop.run()
    shop.php("wp_update_user( array( 'ID' => $who, 'first_name' => 'Newer' ) );", who=user)
    shop.php("return $c->get( Hands::class )->retry( array( 'state' => 'dead' ) );")
    assert [row for row in shop.rows("kind", "state") if row[0] == "customer"] == [("customer", "waiting")]


def test_paused_by_hand_nothing_leaves(shop: Shop) -> None:
    shop.events(1)
    assert shop.site.cli("crossdock queue pause --reason=moving").status == 0
    assert shop.run()["stopped"] == "paused"
    assert shop.site.cli("crossdock queue resume").status == 0
    assert shop.run()["sent"] == 1


def test_sent_rows_go_after_their_days_and_what_waits_never_does(shop: Shop) -> None:
    shop.events(4)
    states = {1: "sent", 2: "dead", 3: "waiting", 4: "sent"}
    [[first]] = shop.site.sql("SELECT MIN(id) FROM wp_crossdock_outbox")
    for number, state in states.items():
        old = 400 if number < 4 else 1
        shop.site.sql(
            f"UPDATE wp_crossdock_outbox SET state = '{state}', changed_at = UTC_TIMESTAMP() - INTERVAL {old} DAY,"
            f" sent_at = UTC_TIMESTAMP() - INTERVAL {old} DAY WHERE id = {int(first) + number - 1}"
        )
    assert shop.php("return $c->get( \\Crossdock\\Outbox\\Cleanup::class )->clean();") == 2
    assert shop.states() == {"sent": 1, "waiting": 1}


def test_a_row_that_fails_for_days_dies_with_its_reason(shop: Shop) -> None:
    shop.events(1)
    shop.site.sql("UPDATE wp_crossdock_outbox SET created_at = UTC_TIMESTAMP() - INTERVAL 6 DAY, attempts = 30")
    problem = {"code": "busy", "detail": "Later.", "retry": True}
    shop.hub.answer = lambda items: results(
        [{"id": item["id"], "status": "refused", "problem": problem} for item in items]
    )
    shop.run()
    [(state, code, error)] = shop.rows("state", "error_code", "error")
    assert (state, code) == ("dead", "busy")
    assert "31 attempts" in error


def test_registration_asks_and_subscribes_nobody_unasked(shop: Shop) -> None:
    shop.php(
        """$c->get( Settings::class )->keep( array( 'consent_registration' => true ) ); update_option( 'users_can_register', 1 );"""
    )
    for name, ticked in (("ann", True), ("ben", False)):
        visitor = shop.site.visitor()
        page = "/wp-login.php?action=register"
        assert 'name="crossdock_marketing"' in visitor.get(page).text
        assert "checked" not in visitor.get(page).text
        form = {"user_login": name, "user_email": f"{name}@example.com"}
        form["crossdock_consent_nonce"] = visitor.nonce(page, "crossdock_consent_nonce")
        visitor.post(page, data={**form, "crossdock_marketing": "1"} if ticked else form)
    consents = shop.php(
        """return array_map( function ( $name ) { $user = get_user_by( 'login', $name );
            return array( get_user_meta( $user->ID, 'crossdock_marketing_consent', true ), get_user_meta( $user->ID, 'crossdock_marketing_consent_place', true ) ); },
            array( 'ann', 'ben' ) );"""
    )
    assert consents == [["yes", "registration"], ["", ""]]
    shop.run()
    [given] = [item for item in shop.hub.items if item.get("type", "").startswith("consent.")]
    assert (given["type"], given["subject"], given["data"]["place"]) == (
        "consent.given",
        "ann@example.com",
        "registration",
    )


def test_a_consent_is_withdrawn_where_it_was_given(shop: Shop) -> None:
    shop.php("$c->get( Settings::class )->keep( array( 'consent_registration' => true ) );")
    user = shop.user("ann")
    shop.php("do_action( 'crossdock_consent', $who, true ); do_action( 'crossdock_consent', $who, true );", who=user)
    shop.php("do_action( 'crossdock_consent', $who, false, 'No more.' );", who=user)
    assert [row[0] for row in shop.rows("type") if row[0].startswith("consent.")] == [
        "consent.given",
        "consent.withdrawn",
    ]
    assert shop.php("return get_user_meta( $who, 'crossdock_marketing_consent', true );", who=user) == "no"
