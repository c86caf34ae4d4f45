"""What is in the outbox reaches the hub once, each row settled by itself, whatever the hub answers."""

from __future__ import annotations

import json
import uuid

import pytest

from tests.plugin.outbox.support import Shop
from tests.plugin.properties.support import KEY, SECRET, signature
from tests.support.wordpress.ears import Item, Reply, problem, recorded, results


def test_a_batch_is_what_the_hub_takes(shop: Shop) -> None:
    user = shop.user("ann")
    assert shop.run()["sent"] == 2
    [(path, headers, body)] = shop.hub.requests
    assert path == "/api/integrations/wordpress/batch"
    assert headers["x-crossdock-key"] == KEY
    assert headers["x-crossdock-signature"] == signature(
        "v1", SECRET, "POST", path, headers["x-crossdock-timestamp"], headers["x-crossdock-nonce"], body
    )
    sent = json.loads(body)
    assert set(sent["site"]) == {"instance", "url", "plugin"}
    customer, event = sent["items"]
    assert (customer["kind"], customer["action"], customer["origin"]) == ("customer", "saved", "live")
    assert (customer["data"]["id"], customer["data"]["email"]) == (user, "ann@example.com")
    assert set(event) == {"id", "kind", "action", "type", "entity", "subject", "occurred_at", "origin", "data"}
    assert (event["type"], event["entity"], event["subject"]) == ("user.registered", f"user:{user}", "ann@example.com")
    for item in sent["items"]:
        assert uuid.UUID(item["id"]).variant == uuid.RFC_4122
        assert item["occurred_at"].endswith("Z")
    assert shop.rows("state", "payload", "hub_event") == [
        ("sent", "NULL", "evt_" + customer["id"][:8]),
        ("sent", "NULL", "evt_" + event["id"][:8]),
    ]


def test_each_row_is_settled_by_its_own_result(shop: Shop) -> None:
    shop.events(6)

    def answer(items: list[Item]) -> Reply:
        words = ["recorded", "unchanged", "stale", "duplicate", "refused", "refused"]
        found = [{"id": item["id"], "status": word, "event": None} for item, word in zip(items, words, strict=True)]
        found[4]["problem"] = {
            "code": "invalid",
            "detail": "It is not valid.",
            "problems": [{"field": "data.n", "rule": "is a number", "remedy": "send a number"}],
            "retry": False,
        }
        found[5]["problem"] = {"code": "busy", "detail": "Later.", "problems": [], "retry": True}
        return results(found[::-1])

    shop.hub.answer = answer
    report = shop.run()
    assert (report["sent"], report["refused"], report["failed"]) == (4, 1, 1)
    assert shop.rows("state", "attempts", "error_code")[3:] == [
        ("sent", "1", "NULL"),
        ("dead", "1", "invalid"),
        ("waiting", "1", "busy"),
    ]
    dead = shop.rows("error")[4][0]
    assert "It is not valid." in dead
    assert "data.n: is a number (send a number)" in dead
    [[wait]] = shop.site.sql(
        "SELECT TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(), next_at) FROM wp_crossdock_outbox WHERE state = 'waiting'"
    )
    assert 0 <= int(wait) <= 60


def test_an_answer_without_a_result_for_a_row_leaves_that_row_waiting(shop: Shop) -> None:
    shop.events(3)
    shop.hub.answer = lambda items: recorded(items[:2])
    assert shop.run()["failed"] == 1
    assert shop.states() == {"sent": 2, "waiting": 1}


def test_a_batch_that_is_not_understood_is_taken_apart_until_the_bad_one_stands_alone(shop: Shop) -> None:
    shop.events(9)

    def answer(items: list[Item]) -> Reply:
        return problem(400, "bad-request", "No.") if any(item["data"]["n"] == 5 for item in items) else recorded(items)

    shop.hub.answer = answer
    report = shop.run()
    assert (report["sent"], report["refused"]) == (8, 1)
    assert [row for row in shop.rows("state", "error_code", "error") if row[0] == "dead"] == [
        ("dead", "bad-request", "No.")
    ]


def test_what_one_document_throws_hinders_no_other(shop: Shop) -> None:
    users = [shop.user(name) for name in ("ann", "ben", "cid")]
    shop.site.sql("DELETE FROM wp_crossdock_outbox WHERE kind = 'event'")
    shop.site.sql("UPDATE wp_crossdock_outbox SET next_at = UTC_TIMESTAMP(3)")
    shop.php(
        """add_filter( 'crossdock_document', function ( $data, $kind, $id ) use ( $bad ) {
            if ( $id === $bad ) { throw new RuntimeException( 'no luck' ); } return $data; }, 10, 3 );
        $c->get( Runner::class )->run();""",
        bad=users[1],
    )
    assert shop.hub.entities("customer") == [users[0], users[2]]
    assert [row for row in shop.rows("entity", "state", "error_code", "error") if row[1] != "sent"] == [
        (f"customer:{users[1]}", "waiting", "unreadable", "RuntimeException: no luck")
    ]


@pytest.mark.parametrize("end", ["exit;", "str_repeat( 'x', 2000000000 );"])
def test_a_document_that_ends_the_process_is_found_out_and_the_others_go_back_at_once(shop: Shop, end: str) -> None:
    users = [shop.user(name) for name in ("ann", "ben", "cid")]
    shop.site.sql("DELETE FROM wp_crossdock_outbox WHERE kind = 'event'")
    shop.site.sql("UPDATE wp_crossdock_outbox SET next_at = UTC_TIMESTAMP(3)")
    ended = shop.start(
        f"""add_filter( 'crossdock_document', function ( $data, $kind, $id ) use ( $bad ) {{
            if ( $id === $bad ) {{ {end} }} return $data; }}, 10, 3 );
        $c->get( Runner::class )->run();""",
        bad=users[1],
    )
    ended.communicate(timeout=60)
    assert "sending" not in shop.states()
    wrong = [row for row in shop.rows("entity", "error_code", "attempts") if row[1] != "NULL"]
    assert wrong == [(f"customer:{users[1]}", "interrupted", "1")]
    shop.site.forget()
    assert shop.run()["sent"] == 3


def test_a_process_that_ends_while_the_hub_is_asked_leaves_its_rows_waiting(shop: Shop) -> None:
    shop.events(3)
    shop.start("add_filter( 'pre_http_request', function () { exit; } ); $c->get( Runner::class )->run();").communicate(
        timeout=60
    )
    assert shop.rows("state", "attempts", "error_code") == [("waiting", "0", "run-ended")] * 3
    assert shop.run()["sent"] == 3
    assert len(shop.hub.batches) == 1, "they are no suspects: they go together"


def test_rows_that_may_have_killed_their_runner_go_last_and_alone_and_die_at_last(shop: Shop) -> None:
    shop.events(4)
    shop.site.sql(
        "UPDATE wp_crossdock_outbox SET state = 'sending', claimed_by = 'gone', attempts = 1,"
        " claimed_until = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND WHERE id IN (SELECT * FROM (SELECT MIN(id) FROM"
        " wp_crossdock_outbox UNION SELECT MAX(id) FROM wp_crossdock_outbox) x)"
    )
    assert shop.run()["sent"] == 4
    assert [[item["data"]["n"] for item in batch] for batch in shop.hub.batches] == [[2, 3], [1], [4]]
    shop.events(1)
    shop.site.sql(
        "UPDATE wp_crossdock_outbox SET state = 'sending', claimed_by = 'gone', attempts = 6, error_code = 'interrupted',"
        " claimed_until = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND WHERE state = 'waiting'"
    )
    assert shop.run()["sent"] == 0
    assert shop.rows("state", "error_code")[-1] == ("dead", "kills-the-runner")


def test_patience_is_granted_when_the_hub_asks_for_it(shop: Shop) -> None:
    shop.events(3)
    shop.hub.answer = lambda _: problem(429, "rate-limited", **{"Retry-After": "40"})
    report = shop.run()
    assert report["stopped"] == "waiting"
    assert shop.rows("state", "attempts") == [("waiting", "0")] * 3, "the rows are not to blame"
    assert shop.run()["stopped"] == "waiting"
    assert len(shop.hub.requests) == 1, "nothing is asked while the hub wants a rest"
    left = shop.php("return Brake::until( $c->get( Condition::class )->all() ) - microtime( true );")
    assert 30 < left <= 40
    shop.hub.answer = recorded
    shop.php("$c->get( Condition::class )->note( array( 'patience' => microtime( true ) - 1 ) );")
    assert shop.run()["sent"] == 3
    assert shop.php("return $c->get( Condition::class )->get( 'failures', 0 );") == 0, "it was no failure"


def test_the_rate_limit_headers_slow_the_runs_down(shop: Shop) -> None:
    shop.php("$c->get( Settings::class )->keep( array( 'batch_size' => 1 ) );")
    shop.events(5)

    def answer(items: list[Item]) -> Reply:
        reply = recorded(items)
        limits = {"RateLimit-Limit": "100", "RateLimit-Remaining": "0", "RateLimit-Reset": "30"}
        return Reply(reply.status, reply.body, limits)

    shop.hub.answer = answer
    report = shop.run()
    assert (report["requests"], report["sent"], report["stopped"]) == (1, 1, "rate-limit")
    pace = shop.php("return $c->get( Pace::class )->now();")
    assert (pace["items"], pace["why"], pace["rest_s"]) == (1, "set-by-hand", 30)


def test_failures_in_a_row_pause_the_sending_and_a_person_resumes_it(shop: Shop) -> None:
    shop.php("$c->get( Settings::class )->keep( array( 'failure_threshold' => 3 ) );")
    shop.events(2)
    shop.hub.answer = lambda _: problem(500, "internal", "It is broken.")
    for number in (1, 2):
        assert shop.run()["stopped"] == "waiting", number
        shop.php("$c->get( Condition::class )->note( array( 'not_before' => 0 ) );")
    told = shop.php(
        """$told = array(); add_action( 'crossdock_paused', function ( ...$given ) use ( &$told ) { $told = $given; }, 10, 2 );
        global $wpdb; $wpdb->query( "UPDATE {$wpdb->prefix}crossdock_outbox SET next_at = created_at" );
        $c->get( Runner::class )->run(); return $told;"""
    )
    assert told == ["It is broken.", "internal"]
    assert shop.run()["stopped"] == "paused"
    shop.events(1)
    assert shop.states() == {"waiting": 3}, "what happens is still written, and nothing died"
    shop.hub.answer = recorded
    assert shop.site.cli("crossdock queue resume").status == 0
    assert shop.run()["sent"] == 3


@pytest.mark.parametrize("code", ["unknown-key", "another-site"])
def test_an_answer_that_nothing_can_change_pauses_at_once(shop: Shop, code: str) -> None:
    shop.events(1)
    shop.hub.answer = lambda _: problem(401 if code == "unknown-key" else 409, code)
    assert shop.run()["stopped"] == "paused"
    assert shop.php("return $c->get( Condition::class )->pause_reason()['code'];") == code
    assert shop.states() == {"waiting": 1}


@pytest.mark.parametrize("answer", [Reply(0), Reply(200, "no hub's answer"), Reply(302, None, {"Location": "/x"})])
def test_what_is_no_answer_of_the_hub_leaves_everything_waiting(shop: Shop, answer: Reply) -> None:
    shop.events(3)
    shop.hub.answer = lambda _: answer
    shop.run()
    assert shop.states() == {"waiting": 3}
    assert shop.php("return $c->get( Condition::class )->get( 'failures' );") == 1


def test_the_same_is_told_by_the_same_id_and_another_by_another(shop: Shop) -> None:
    """The answer to the first request is lost; the hub knows by the id what it has, and takes no new content for old."""
    user = shop.user("ann")
    shop.hub.answer = lambda _: Reply(0)
    shop.run()
    shop.php("$c->get( Condition::class )->note( array( 'not_before' => 0 ) );")
    shop.run()
    shop.php("$c->get( Condition::class )->note( array( 'not_before' => 0 ) );")
    shop.php("wp_update_user( array( 'ID' => $who, 'first_name' => 'Ann' ) );", who=user)
    shop.hub.answer = recorded
    shop.run()
    first, again, last = ({item["kind"]: item["id"] for item in batch} for batch in shop.hub.batches)
    assert first == again
    assert last["event"] == first["event"]
    assert last["customer"] != first["customer"]


def test_what_is_gone_when_it_is_sent_is_told_as_gone(shop: Shop) -> None:
    user = shop.user("ann")
    shop.site.sql(f"DELETE FROM wp_users WHERE ID = {user}")
    shop.site.sql("DELETE FROM wp_crossdock_outbox WHERE kind = 'event'")
    shop.run()
    [item] = shop.hub.items
    assert (item["action"], item["data"]) == ("deleted", {"id": user})


def test_what_a_filter_keeps_back_or_is_too_large_is_not_sent(shop: Shop) -> None:
    shop.events(2)
    shop.site.sql(
        "UPDATE wp_crossdock_outbox SET payload = CONCAT('{\"data\":{\"x\":\"', REPEAT('y', 1100000), '\"}}') ORDER BY id LIMIT 1"
    )
    shop.user("ann")
    shop.site.sql("UPDATE wp_crossdock_outbox SET next_at = created_at")
    shop.php(
        """add_filter( 'crossdock_send', function ( $send, $kind, $data, $type ) {
            return 'user.registered' !== $type; }, 10, 4 );
        $c->get( Runner::class )->run();"""
    )
    assert sorted(item["kind"] for item in shop.hub.items) == ["customer", "event"]
    assert shop.rows("type", "state", "error_code") == [
        ("test.happened", "dead", "too-large"),
        ("test.happened", "sent", "NULL"),
        ("", "sent", "NULL"),
        ("user.registered", "sent", "held-back"),
    ]


def test_batches_keep_to_the_hubs_bytes(shop: Shop) -> None:
    shop.php("$c->get( \\Crossdock\\Hub\\Credentials::class )->note( array( 'limits' => array( 'bytes' => 20000 ) ) );")
    shop.php(
        "for ( $i = 0; $i < 10; $i++ ) {"
        " do_action( 'crossdock_event', 'test.large', array( 'x' => str_repeat( 'y', 5000 ) ) ); }"
    )
    assert shop.run()["sent"] == 10
    assert all(len(body) <= 20000 + 200 for _, _, body in shop.hub.requests)
    assert len(shop.hub.requests) == 4


def test_secrets_in_a_persons_meta_never_leave(shop: Shop) -> None:
    user = shop.user("ann")
    shop.php(
        """WP_Session_Tokens::get_instance( $who )->create( time() + 3600 );
        WP_Application_Passwords::create_new_application_password( $who, array( 'name' => 'app' ) );
        foreach ( array( 'my_api_key', 'reset_token', '_totp_secret', 'old_password' ) as $key ) {
            update_user_meta( $who, $key, 'S3CRET' ); }
        update_user_meta( $who, 'crossdock_ga_session_id', '17' ); update_user_meta( $who, 'shoe_size', '42' );""",
        who=user,
    )
    shop.run()
    [document] = [item["data"] for item in shop.hub.items if item["kind"] == "customer"]
    assert {entry["key"]: entry["value"] for entry in document["meta_data"]} == {
        "description": "",
        "crossdock_ga_session_id": "17",
        "shoe_size": "42",
    }
    told = json.dumps(shop.hub.items)
    assert "S3CRET" not in told
    assert "$P$" not in told
    assert "capabilities" not in told
