"""The hub's door into a real site: signed commands, once each, whatever lies between."""

from __future__ import annotations

import json
import threading
import time
import uuid
from typing import Any

import pytest
import requests

from tests.plugin.properties.support import KEY, SECRET, pair, signature
from tests.support.wordpress.site import Site

COMMANDS = "/wp-json/crossdock/v1/commands"
STATUS = "/wp-json/crossdock/v1/status"


def ask(
    site: Site, method: str, target: str, body: Any = None, *, nonce: str = "", at: float = 0.0, **more: Any
) -> requests.Response:
    """Send what the hub sends; ``more`` replaces headers (None takes one away)."""
    raw = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    stamp, nonce = str(int(at or time.time())), nonce or uuid.uuid4().hex
    headers = {
        "X-Crossdock-Key": KEY,
        "X-Crossdock-Timestamp": stamp,
        "X-Crossdock-Nonce": nonce,
        "X-Crossdock-Signature": signature("v1-hub", SECRET, method, target, stamp, nonce, raw),
        "Content-Type": "application/json",
    }
    headers |= {name.replace("_", "-"): value for name, value in more.items()}
    sent = {name: value for name, value in headers.items() if value is not None}
    return site.visitor().request(method, target, data=raw, headers=sent)


def command(action: str = "ping", **more: Any) -> dict[str, Any]:
    return {"id": str(uuid.uuid4()), "action": action, **more}


def write(kind: str, number: int, **meta: Any) -> dict[str, Any]:
    return command("write_meta", target={"kind": kind, "id": number}, meta=meta)


def results(answer: requests.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["results"]
    return found


@pytest.fixture
def paired(site: Site) -> Site:
    """A site that has a key."""
    pair(site)
    return site


@pytest.fixture
def store(shop: Site) -> Site:
    """A shop that has a key."""
    pair(shop)
    return shop


def test_the_hub_writes_meta_of_a_user_and_it_is_no_news(paired: Site) -> None:
    (done,) = results(
        ask(
            paired,
            "POST",
            COMMANDS,
            {"commands": [write("user", 1, crossdock_crm_id='47"11\\', crossdock_lead_status=True)]},
        )
    )
    assert done["status"] == "done"
    assert done["problem"] is None
    meta = "return array( get_user_meta( 1, 'crossdock_crm_id', true ), get_user_meta( 1, 'crossdock_lead_status', true ) );"
    assert paired.php(meta) == ['47"11\\', "true"]
    assert paired.sql("SELECT COUNT(*) FROM wp_crossdock_outbox WHERE entity IN ('user:1', 'customer:1')") == [["0"]]
    (gone,) = results(ask(paired, "POST", COMMANDS, {"commands": [write("user", 1, crossdock_crm_id=None)]}))
    assert gone["status"] == "done"
    assert paired.php("return metadata_exists( 'user', 1, 'crossdock_crm_id' );") is False


def test_the_hub_writes_meta_of_an_order_and_it_is_no_news(store: Site) -> None:
    order = store.php(
        "$o = wc_create_order(); $o->set_billing_email( 'a@example.com' ); $o->save(); return $o->get_id();"
    )
    store.sql("DELETE FROM wp_crossdock_outbox")
    answer = ask(store, "POST", COMMANDS, {"commands": [write("order", order, crossdock_crm_id="dl_9")]})
    assert [one["status"] for one in results(answer)] == ["done"]
    assert store.php("return wc_get_order( $id )->get_meta( 'crossdock_crm_id' );", id=order) == "dl_9"
    assert store.sql("SELECT COUNT(*) FROM wp_crossdock_outbox") == [["0"]]


def test_a_command_is_carried_out_once(paired: Site) -> None:
    first = write("user", 1, crossdock_crm_id="one")
    assert results(ask(paired, "POST", COMMANDS, {"commands": [first]}))[0]["status"] == "done"
    again = first | {"meta": {"crossdock_crm_id": "two"}}
    assert results(ask(paired, "POST", COMMANDS, {"commands": [again]}))[0]["status"] == "duplicate"
    assert paired.php("return get_user_meta( 1, 'crossdock_crm_id', true );") == "one"


def test_what_was_refused_stays_refused_with_its_reason(paired: Site) -> None:
    wrong = write("user", 1, wp_capabilities="a:1:{}")
    for _ in range(2):
        (told,) = results(ask(paired, "POST", COMMANDS, {"commands": [wrong]}))
        assert told["status"] == "refused"
        assert told["problem"]["code"] == "key-not-allowed"
        assert told["problem"]["field"] == "meta.wp_capabilities"


@pytest.mark.parametrize(
    ("one", "code"),
    [
        (write("user", 999999, crossdock_crm_id="x"), "no-such-user"),
        (write("order", 5, crossdock_crm_id="x"), "no-such-order"),
        (write("post", 5, crossdock_crm_id="x"), "bad-target"),
        (write("user", 1, crossdock_crm_id=["x"]), "bad-value"),
        (write("user", 1, crossdock_crm_id="x" * 2001), "bad-value"),
        (write("user", 1), "bad-meta"),
        (command("format_disk"), "unknown-action"),
        (command("refresh", kind="post", ids=[1]), "bad-kind"),
        (command("refresh", kind="customer", ids=["1"]), "bad-ids"),
        (command("export", kinds=["everything"]), "bad-kinds"),
        ({"id": "short", "action": "ping"}, "bad-id"),
        ({"id": "n-0123456789", "action": "ping"}, "bad-id"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_command_that_cannot_be_is_refused(paired: Site, one: dict[str, Any], code: str) -> None:
    good = command()
    told = results(ask(paired, "POST", COMMANDS, {"commands": [one, good]}))
    assert [one["status"] for one in told] == ["refused", "done"]
    assert told[0]["problem"]["code"] == code


def test_a_filter_may_allow_more_but_never_rights(paired: Site) -> None:
    allow = "<?php add_filter( 'crossdock_writable_meta', function ( $k ) { return array_merge( $k, array( 'tier', '_hidden', 'wp_user_level', 'session_tokens' ) ); } );"
    plugin = paired.folder / "wp-content" / "mu-plugins" / "allow.php"
    plugin.parent.mkdir(exist_ok=True)
    plugin.write_text(allow, encoding="utf-8")
    try:
        given = [write("user", 1, **{key: "9"}) for key in ("tier", "_hidden", "wp_user_level", "session_tokens")]
        told = results(ask(paired, "POST", COMMANDS, {"commands": given}))
    finally:
        plugin.unlink()
    assert [one["status"] for one in told] == ["done", "refused", "refused", "refused"]


def test_nobody_else_comes_in(paired: Site) -> None:
    body = {"commands": [command()]}
    nonce = uuid.uuid4().hex
    assert ask(paired, "POST", COMMANDS, body, nonce=nonce).status_code == 200
    refused = {
        "nonce-replayed": ask(paired, "POST", COMMANDS, body, nonce=nonce),
        "clock-skew": ask(paired, "POST", COMMANDS, body, at=time.time() - 400),
        "unknown-key": ask(paired, "POST", COMMANDS, body, X_Crossdock_Key="cdk_other"),
        "bad-signature": ask(paired, "POST", COMMANDS, body, X_Crossdock_Signature="v1=" + "0" * 64),
    }
    for code, answer in refused.items():
        assert answer.status_code == 401, code
        assert answer.json()["code"] == code
    assert abs(refused["clock-skew"].json()["data"]["server_time"] - time.time()) < 60
    assert paired.session().rest("POST", "crossdock/v1/commands", json=body).status_code == 401, "not even an admin"


def test_the_signature_is_looked_at_before_the_body(paired: Site) -> None:
    answer = ask(paired, "POST", COMMANDS, b"{no json", X_Crossdock_Signature="v1=" + "0" * 64)
    assert (answer.status_code, answer.json()["code"]) == (401, "bad-signature")
    assert paired.sql("SELECT COUNT(*) FROM wp_crossdock_command") == [["0"]], "a stranger's nonce is not kept"
    assert ask(paired, "POST", COMMANDS, {"commands": []}).status_code == 422
    assert ask(paired, "POST", COMMANDS, {"commands": [command()] * 51}).status_code == 422


def test_of_two_at_the_same_moment_one_comes_in(paired: Site) -> None:
    nonce, found = uuid.uuid4().hex, list[int]()
    body = {"commands": [command()]}

    def knock() -> None:
        found.append(ask(paired, "POST", COMMANDS, body, nonce=nonce).status_code)

    threads = [threading.Thread(target=knock) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(found) == [200, *[401] * 5]


def test_it_works_where_authorization_is_stripped_and_where_only_it_comes(paired: Site) -> None:
    body = {"commands": [command()]}
    assert ask(paired, "POST", COMMANDS, body, Authorization=None).status_code == 200
    answer = ask(paired, "POST", COMMANDS, body, Authorization=f"Bearer {KEY}", X_Crossdock_Key=None)
    assert answer.status_code == 200


def test_it_works_with_plain_permalinks(paired: Site) -> None:
    paired.php("update_option( 'permalink_structure', '' ); flush_rewrite_rules( false );")
    target = "/index.php?rest_route=/crossdock/v1/commands"
    assert results(ask(paired, "POST", target, {"commands": [command()]}))[0]["status"] == "done"


def test_the_hub_pauses_and_resumes_but_not_over_a_person(paired: Site) -> None:
    def told() -> Any:
        return ask(paired, "GET", STATUS).json()["sending"]

    assert told()["paused"] is False
    results(ask(paired, "POST", COMMANDS, {"commands": [command("pause", reason="<b>repairs</b>")]}))
    assert (told()["paused"], told()["reason"]) == (True, "hub")
    assert results(ask(paired, "POST", COMMANDS, {"commands": [command("resume")]}))[0]["status"] == "done"
    paired.php("Crossdock\\Plugin::container()->get( Crossdock\\Outbox\\Brake::class )->pause( 'by-hand', '', 1 );")
    (refused,) = results(ask(paired, "POST", COMMANDS, {"commands": [command("resume")]}))
    assert refused["problem"]["code"] == "paused-by-person"
    assert told()["paused"] is True


def test_the_hub_asks_for_some_or_for_all(store: Site) -> None:
    store.sql("DELETE FROM wp_crossdock_outbox")
    results(ask(store, "POST", COMMANDS, {"commands": [command("refresh", kind="customer", ids=[1])]}))
    assert store.sql("SELECT entity, origin, priority FROM wp_crossdock_outbox") == [["customer:1", "resend", "1"]]
    results(ask(store, "POST", COMMANDS, {"commands": [command("export", kinds=["customer"])]}))
    state = "return Crossdock\\Plugin::container()->get( Crossdock\\Outbox\\BulkExport::class )->progress()['state'];"
    assert store.php(state) == "running"


def test_the_watchdog_sees_counts_and_versions_and_nobody(paired: Site) -> None:
    paired.php("do_action( 'crossdock_event', 'test.happened', array( 'mail' => 'jane@example.com' ), 'user:1' );")
    answer = ask(paired, "GET", STATUS)
    told = answer.json()
    assert told["outbox"]["waiting"] == 1
    assert told["outbox"]["oldest_s"] >= 0
    assert told["versions"]["php"].startswith("8.") or told["versions"]["php"].startswith("7.")
    assert "jane" not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert ask(paired, "GET", STATUS, X_Crossdock_Key=None).status_code == 401


def test_old_commands_are_forgotten(paired: Site) -> None:
    results(ask(paired, "POST", COMMANDS, {"commands": [command()]}))
    paired.sql("UPDATE wp_crossdock_command SET at = at - INTERVAL 20 MINUTE")
    paired.php("Crossdock\\Plugin::container()->get( Crossdock\\Commands\\Seen::class )->forget_old();")
    assert paired.sql("SELECT action FROM wp_crossdock_command") == [["ping"]], "the nonce alone is old"
    paired.sql("UPDATE wp_crossdock_command SET at = at - INTERVAL 31 DAY")
    paired.php("Crossdock\\Plugin::container()->get( Crossdock\\Commands\\Seen::class )->forget_old();")
    assert paired.sql("SELECT COUNT(*) FROM wp_crossdock_command") == [["0"]]
