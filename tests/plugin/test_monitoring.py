"""What the plugin tells of itself on a real site: queue, log, threshold, figures, Site Health, privacy."""

from __future__ import annotations

import csv
import io
import json
import re
from html import unescape
from typing import Any

import pytest
import requests

from tests.plugin.hub_double import HubDouble, answering
from tests.plugin.properties.support import pair
from tests.support.wordpress.site import Browser, Site

USE = "$c = Crossdock\\Plugin::container();"
QUEUE = "/wp-admin/admin.php?page=crossdock-queue"
LOG = "/wp-admin/admin.php?page=crossdock-log"


def post(browser: Browser, page: str, action: str, **fields: Any) -> requests.Response:
    """Send one of a screen's forms, its nonce read from the page."""
    text = browser.get(page).text
    form = re.search(rf'name="crossdock_action" value="{action}">.*?name="crossdock_nonce" value="([0-9a-f]+)"', text)
    assert form, f"{page} has no form {action}"
    return browser.post(page, data={"crossdock_action": action, "crossdock_nonce": form[1], **fields})


def words(answer: requests.Response) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", answer.text)))


def rows(site: Site, *states: str) -> list[str]:
    """Put one row of each state into the outbox, the n-th about order n; return their ids."""
    for number, state in enumerate(states, 1):
        key = f"'order:{number}'" if state == "waiting" else "NULL"
        trouble = "'refused'" if state == "dead" else "NULL"
        site.sql(
            "INSERT INTO wp_crossdock_outbox (event_id, kind, action, entity, waiting_key, state, next_at, created_at,"
            f" changed_at, sent_at, error_code, error) VALUES (UUID(), 'order', 'saved', 'order:{number}', {key}, '{state}',"
            " UTC_TIMESTAMP(3) + INTERVAL 1 HOUR, UTC_TIMESTAMP(3) - INTERVAL 2 HOUR, UTC_TIMESTAMP(3) - INTERVAL 1 HOUR,"
            f" IF('{state}' = 'sent', UTC_TIMESTAMP(3) - INTERVAL 1 HOUR, NULL), {trouble}, 'no <b>such</b> mail')"
        )
    return [row[0] for row in site.sql("SELECT id FROM wp_crossdock_outbox ORDER BY id")]


def states(site: Site) -> list[str]:
    return [row[0] for row in site.sql("SELECT state FROM wp_crossdock_outbox ORDER BY id")]


@pytest.fixture
def quiet(site: Site) -> Site:
    """A site with an empty outbox and log."""
    site.sql("DELETE FROM wp_crossdock_outbox; DELETE FROM wp_crossdock_log")
    return site


def test_the_queue_is_shown_filtered_and_escaped(quiet: Site) -> None:
    rows(quiet, "waiting", "dead", "sent")
    browser = quiet.session()
    page = browser.get(QUEUE)
    assert "no <b>such</b>" not in page.text
    assert "no &lt;b&gt;such&lt;/b&gt; mail" in page.text
    assert "3 rows" in words(page)
    assert "1 row" in words(browser.get(QUEUE + "&state=dead"))
    assert "Nothing here." in words(browser.get(QUEUE + "&kind=product"))
    assert "1 row" in words(browser.get(QUEUE + "&q=order:3"))


def test_one_many_or_all_of_a_filter(quiet: Site) -> None:
    ids = rows(quiet, "dead", "dead", "dead", "waiting", "sent", "sending")
    browser = quiet.session()
    assert "1 row goes" in words(post(browser, QUEUE, "queue-rows", one=f"retry:{ids[0]}"))
    assert states(quiet)[0] == "waiting"
    assert "Choose the rows first." in words(post(browser, QUEUE, "queue-rows", do="retry"))
    assert "give the reason" in words(post(browser, QUEUE, "queue-rows", do="discard", **{"ids[]": ids[1:2]}))
    assert len(states(quiet)) == 6
    post(browser, QUEUE + "&state=waiting", "queue-rows", do="priority-3", all="1")
    assert quiet.sql("SELECT priority FROM wp_crossdock_outbox WHERE state = 'waiting'") == [["3"], ["3"]]
    told = post(browser, QUEUE + "&state=dead", "queue-rows", do="discard", all="1", reason="of jane@example.com")
    assert "2 rows were discarded." in words(told)
    assert states(quiet) == ["waiting", "waiting", "sent", "sending"], "what is sent or being sent is left alone"
    ((line,),) = quiet.sql("SELECT message FROM wp_crossdock_log")
    assert "of [e-mail]" in line


def test_pause_and_resume_by_hand(quiet: Site) -> None:
    browser = quiet.session()
    assert "Paused by admin: stocktaking" in words(post(browser, QUEUE, "queue-pause", reason="stocktaking"))
    assert "Paused by admin: stocktaking" in words(browser.get("/wp-admin/plugins.php"))
    assert "Sending is paused; resume it first." not in words(post(browser, QUEUE, "queue-resume"))
    assert "Paused by" not in words(browser.get("/wp-admin/plugins.php"))


def test_nobody_without_the_capability_sees_or_does_anything(quiet: Site) -> None:
    rows(quiet, "dead")
    quiet.php("wp_insert_user( array( 'user_login' => 'ed', 'user_pass' => 'pass-2', 'role' => 'editor' ) );")
    browser = quiet.session("ed", "pass-2")
    for page in ("", "-activity", "-queue", "-mapping", "-statistics", "-log", "-tests"):
        assert browser.get(f"/wp-admin/admin.php?page=crossdock{page}").status_code == 403
    form = {
        "crossdock_action": "queue-rows",
        "crossdock_nonce": "0123456789",
        "do": "discard",
        "all": "1",
        "reason": "x",
    }
    assert quiet.session().post(QUEUE, data=form).status_code == 403
    form = {
        "action": "crossdock_send_again",
        "kind": "order",
        "id": "1",
        "crossdock_action": "send-again",
        "crossdock_nonce": "1",
    }
    assert quiet.session().post("/wp-admin/admin-post.php", data=form).status_code == 403
    assert states(quiet) == ["dead"]


def test_failures_in_a_row_pause_the_sending_tell_once_and_wait_for_a_person(quiet: Site) -> None:
    fail = (
        USE
        + "return $c->get( Crossdock\\Monitor\\Threshold::class )->failed( 'unreachable', 'no way to jane@example.com' );"
    )
    assert [quiet.php(fail) for _ in range(9)] == [False] * 9
    assert quiet.php(USE + "$c->get( Crossdock\\Monitor\\Threshold::class )->succeeded();") is None
    assert [quiet.php(fail) for _ in range(12)] == [False] * 9 + [True] * 3
    (mail,) = quiet.mails()
    assert "paused sending" in mail["subject"]
    assert "jane" not in json.dumps(mail)
    browser = quiet.session()
    assert "Paused after too many failures in a row" in words(browser.get("/wp-admin/index.php"))
    post(browser, QUEUE, "queue-resume")
    assert quiet.php(fail) is False, "the count begins anew"


def test_the_log_counts_what_is_said_again_and_is_bounded(quiet: Site) -> None:
    quiet.php(
        USE + "$l = $c->get( Crossdock\\Monitor\\Log::class );"
        "for ( $i = 0; $i < 3; $i++ ) { $l->error( 'same', 'the same' ); } $l->info( 'light', 'not kept by default' );"
    )
    assert quiet.sql("SELECT code, times FROM wp_crossdock_log") == [["same", "3"]]
    quiet.sql(
        "INSERT INTO wp_crossdock_log (at, last_at, times, level, code, message) SELECT NOW(3), UTC_TIMESTAMP(3) - INTERVAL seq MINUTE, 1, 'error', 'many', seq FROM seq_1_to_300"
    )
    quiet.sql(
        "INSERT INTO wp_crossdock_log (at, last_at, times, level, code, message) VALUES (NOW(3), UTC_TIMESTAMP(3) - INTERVAL 31 DAY, 1, 'error', 'old', 'old')"
    )
    rotate = (
        USE
        + "$c->get( Crossdock\\Settings\\Settings::class )->keep( array( 'keep_log_rows' => $rows ) ); return $c->get( Crossdock\\Monitor\\LogEntries::class )->rotate();"
    )
    assert quiet.php(rotate, rows=5000) == 1
    assert quiet.php(rotate, rows=100) == 201
    assert quiet.sql("SELECT COUNT(*) FROM wp_crossdock_log") == [["100"]]
    assert quiet.sql("SELECT COUNT(*) FROM wp_crossdock_log WHERE code = 'same'") == [["1"]], "the newest stay"


def test_the_log_is_filtered_exported_and_emptied(quiet: Site) -> None:
    quiet.php(
        USE
        + "$l = $c->get( Crossdock\\Monitor\\Log::class ); $l->error( 'bad', '=1+1 <i>x</i>', array( 'count' => 2 ) );"
        "$l->warning( 'odd', 'something, \"quoted\"' );"
    )
    browser = quiet.session()
    assert "1 row" in words(browser.get(LOG + "&level=warning"))
    assert "1 row" in words(browser.get(LOG + "&q=1%2B1"))
    answer = post(browser, LOG, "log-export")
    assert answer.headers["Content-Type"].startswith("text/csv")
    table = list(csv.DictReader(io.StringIO(answer.text), escapechar="\\"))
    assert {row["code"]: row["message"] for row in table} == {"bad": "'=1+1 x", "odd": 'something, "quoted"'}
    assert "2 lines were deleted." in words(post(browser, LOG, "log-clear"))
    assert "No lines." in words(browser.get(LOG))


def test_figures_by_day_and_kind(quiet: Site) -> None:
    rows(quiet, "sent", "sent", "dead", "waiting")
    stats = "$s = $c->get( Crossdock\\Monitor\\Stats::class ); return array( $s->days( 3 ), $s->latency() );"
    days, took = quiet.php(USE + stats)
    assert len(days) == 3
    assert sum(day["sent"]["order"] for day in days.values()) == 2
    assert sum(day["dead"]["order"] for day in days.values()) == 1
    assert took["count"] == 2
    assert abs(took["half_s"] - 3600) < 5
    assert "95 of 100 within" in words(quiet.session().get("/wp-admin/admin.php?page=crossdock-statistics"))


def test_site_health_says_what_is_wrong(quiet: Site) -> None:
    run = USE + "return $c->get( Crossdock\\Monitor\\HealthTests::class )->run( $name )['status'];"
    assert [quiet.php(run, name=name) for name in ("queue", "tables", "cron", "hub")] == [
        "good",
        "good",
        "good",
        "recommended",
    ]
    rows(quiet, "dead")
    assert quiet.php(run, name="queue") == "recommended"
    pair(quiet, "http://127.0.0.1:1")
    assert quiet.php(run, name="hub") == "critical"
    quiet.php("Crossdock\\Plugin::container()->get( Crossdock\\Monitor\\Condition::class )->pause( 'by-hand', '', 1 );")
    assert quiet.php(run, name="queue") == "critical"
    quiet.sql("DROP TABLE wp_crossdock_command")
    assert quiet.php(run, name="tables") == "critical"
    quiet.forget()


def test_site_health_shows_the_panel_and_asks_in_the_background(quiet: Site) -> None:
    browser = quiet.session()
    assert "Queue: waiting" in words(browser.get("/wp-admin/site-health.php?tab=debug"))
    page = browser.get("/wp-admin/site-health.php").text
    nonce = re.search(r'"site_status":"([0-9a-f]+)"', page)
    assert nonce
    form = {"action": "health-check-crossdock-way-in", "_wpnonce": nonce[1]}
    told = browser.post("/wp-admin/admin-ajax.php", data=form).json()
    assert told["data"]["test"] == "crossdock_way_in"
    assert browser.post("/wp-admin/admin-ajax.php", data={**form, "_wpnonce": "x"}).status_code == 403


PRIVACY = """
require_once ABSPATH . 'wp-admin/includes/admin.php';
$all = apply_filters( 'wp_privacy_personal_data_' . $what, array() );
return $all['crossdock']['callback']( $mail, 1 );
"""


def test_a_person_is_exported_and_erased_and_the_hub_is_told(quiet: Site) -> None:
    pair(quiet)
    quiet.php(
        "update_user_meta( 1, 'crossdock_crm_id', '4711' );"
        "Crossdock\\Plugin::container()->get( Crossdock\\Monitor\\Log::class )->error( 'x', 'y', array( 'entity' => 'user:1' ) );"
        "do_action( 'crossdock_event', 'test.happened', array( 'mail' => 'Jane@Example.com' ), 'guest:1' );"
        "do_action( 'crossdock_event', 'test.happened', array( 'score' => 3 ), 'user:1' );"
        "do_action( 'crossdock_event', 'test.happened', array( 'mail' => 'other@example.com' ), 'guest:2' );"
    )
    admin = quiet.php("return get_userdata( 1 )->user_email;")
    exported = json.dumps(quiet.php(PRIVACY, place="admin", what="exporters", mail=admin))
    assert "4711" in exported
    assert "score" in exported
    assert "other@" not in exported
    told = quiet.php(PRIVACY, place="admin", what="erasers", mail=admin)
    assert (told["items_removed"], told["items_retained"], told["done"]) == (True, False, True)
    assert quiet.php("return get_user_meta( 1, 'crossdock_crm_id', true );") == ""
    assert quiet.sql("SELECT COUNT(*) FROM wp_crossdock_log WHERE code = 'x'") == [["0"]]
    left = quiet.sql("SELECT type, entity FROM wp_crossdock_outbox WHERE kind = 'event' ORDER BY id")
    assert left == [["test.happened", "guest:1"], ["test.happened", "guest:2"], ["privacy.erasure_requested", "user:1"]]
    quiet.php(PRIVACY, place="admin", what="erasers", mail="jane@example.com")
    left = quiet.sql("SELECT type, entity FROM wp_crossdock_outbox WHERE kind = 'event' ORDER BY id")
    assert ["test.happened", "guest:1"] not in left
    assert ["test.happened", "guest:2"] in left


def test_the_privacy_policy_is_suggested(quiet: Site) -> None:
    assert "A service named Crossdock" in words(quiet.session().get("/wp-admin/options-privacy.php?tab=policyguide"))


ITEM = {
    "event": "evt_1",
    "type": "order.created",
    "kind": "order",
    "entity": "order:5",
    "label": "#5",
    "occurred_at": "2026-11-21T10:00:00.000Z",
    "deliveries": [
        {
            "destination": {"name": "<i>Sales</i>"},
            "state": "dead",
            "reason": "the mail is <b>wrong</b>",
            "record_id": "77",
            "record_url": "javascript:alert(1)",
        }
    ],
}


@pytest.fixture
def hub(quiet: Site) -> Any:
    """A hub that answers what a test wrote down, and the site paired with it."""
    with answering() as double:
        pair(quiet, double.url)
        yield double


BASE = "/api/integrations/wordpress"


def test_activity_comes_from_the_hub_and_is_escaped(quiet: Site, hub: HubDouble) -> None:
    hub.says(BASE + "/activity", {"data": {"items": [ITEM], "next": "c2"}})
    page = quiet.session().get("/wp-admin/admin.php?page=crossdock-activity&state=dead&q=5&cursor=c1")
    asked = next(path for _, path, _, _ in hub.asked if "/activity" in path)
    assert {"state=dead", "q=5", "cursor=c1", "limit=50"} <= set(asked.partition("?")[2].split("&"))
    assert "<b>wrong</b>" not in page.text
    assert "<i>Sales</i>" not in page.text
    assert "javascript:" not in page.text
    assert "the mail is <b>wrong</b>" in words(page)
    assert "cursor=c2" in unescape(page.text)
    assert "Failed" in words(page)


def test_an_error_of_the_hub_is_said_in_plain_words(quiet: Site, hub: HubDouble) -> None:
    hub.says(BASE + "/activity", {"status": 503, "code": "unavailable", "detail": "It is being <b>updated</b>."}, 503)
    page = quiet.session().get("/wp-admin/admin.php?page=crossdock-activity")
    assert page.status_code == 200
    assert "<b>updated</b>" not in page.text
    assert "It is being <b>updated</b>." in words(page)


def test_an_event_is_delivered_again(quiet: Site, hub: HubDouble) -> None:
    hub.says(BASE + "/activity", {"data": {"items": [ITEM], "next": None}})
    hub.says(BASE + "/activity/evt_1/resend", {"data": {"replay": "run_1"}}, 202)
    told = post(quiet.session(), "/wp-admin/admin.php?page=crossdock-activity", "activity-resend", event="evt_1")
    assert "The hub delivers it again." in words(told)
    assert any(path.endswith("/activity/evt_1/resend") and verb == "POST" for verb, path, _, _ in hub.asked)


def test_the_story_of_a_person_and_send_again(quiet: Site, hub: HubDouble) -> None:
    link = {
        "destination": {"name": "Sales"},
        "object": "contacts",
        "record_id": "501",
        "record_url": "https://crm.example/501",
    }
    hub.says(BASE + "/entities/customer/1", {"data": {"record": "cus_1", "links": [link], "items": [ITEM]}})
    browser = quiet.session()
    page = browser.get("/wp-admin/profile.php")
    assert not any("/entities/" in path for _, path, _, _ in hub.asked), "a profile does not wait for the hub"
    assert "entity=customer%3A1" in page.text
    place = re.search(r'data-crossdock-story="([^"]*)"', page.text)
    assert place
    story = browser.get(unescape(place[1]).removeprefix(quiet.url))
    assert 'href="https://crm.example/501"' in story.text
    assert "order.created" in story.text
    assert browser.get(unescape(place[1]).removeprefix(quiet.url)[:-3]).status_code == 403, "the nonce is looked at"
    quiet.sql("DELETE FROM wp_crossdock_outbox")
    form = re.search(r'<form id="crossdock-again-customer-1".*?</form>', page.text, re.DOTALL)
    assert form
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form[0]))
    browser.post("/wp-admin/admin-post.php", data=fields, headers={"Referer": quiet.url + "/wp-admin/profile.php"})
    assert quiet.sql("SELECT entity, origin FROM wp_crossdock_outbox") == [["customer:1", "resend"]]


def test_a_test_is_sent_as_a_test_and_what_becomes_of_it_is_shown(quiet: Site, hub: HubDouble) -> None:
    hub.says(BASE + "/orders", {"data": {"id": "x", "status": "recorded"}}, 201)
    route = {"route": "rte_1", "entity": "order", "action": "deal", "destination": {"name": "Sales"}}
    hub.says(BASE + "/mappings", {"data": {"routes": [route, {**route, "route": "rte_2", "entity": "customer"}]}})
    made = {"object": "deals", "name": "amount", "value": "42.80", "from": "total", "problem": None}
    hub.says(BASE + "/mappings/rte_1/preview", {"data": {"fields": [made]}})
    page = "/wp-admin/admin.php?page=crossdock-tests"
    told = words(post(quiet.session(), page, "test-send", kind="order", data='{"id": 1, "total": "42.80"}'))
    assert "Sales: deal" in told
    assert "deals.amount" in told
    sent = json.loads(next(body for _, path, _, body in hub.asked if path.endswith("/orders")))
    assert (sent["origin"], sent["kind"], sent["data"]) == ("test", "order", {"id": 1, "total": "42.80"})
    told = words(post(quiet.session(), page, "test-send", kind="order", data="no json"))
    assert "nothing was sent" in told
