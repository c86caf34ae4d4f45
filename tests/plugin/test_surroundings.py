"""Copies of a site, hazards around the plugin, and what it declares to WooCommerce."""

from __future__ import annotations

import re
import shutil
from html import unescape
from typing import Any

from tests.support.wordpress.site import PLUGIN, Site

CONTAINER = "Crossdock\\Plugin::container()->get( Crossdock\\"
ADMIN = "/wp-admin/index.php"


def pair(site: Site, **marks: str) -> None:
    """Connect the site as if it had been paired with these marks (those it has now, unless others are given)."""
    site.php(
        f"""$marks = $given + {CONTAINER}Site\\Facts::class )->marks();
        {CONTAINER}Hub\\Credentials::class )->keep( 'http://127.0.0.1:1', 'cdk_x', 'cds_y', array( 'site' => $marks ) );""",
        given=marks,
    )


def reason(site: Site) -> str:
    return str(site.php(f"return {CONTAINER}Site\\Copies::class )->reason();"))


def press(site: Site, action: str) -> str:
    """Press a button of the notice on the dashboard, and return what is said then."""
    browser = site.session()
    text = browser.get(ADMIN).text
    form = re.search(rf'value="{action}"><input type="hidden" name="crossdock_nonce" value="([0-9a-f]+)"', text)
    assert form, text[-2000:]
    answer = browser.post(ADMIN, data={"crossdock_action": action, "crossdock_nonce": form[1]})
    return unescape(re.sub(r"<[^>]+>", " ", answer.text))


def hazards(site: Site, before: str = "") -> dict[str, dict[str, Any]]:
    found = site.php(f"{before} return {CONTAINER}Site\\Hazards::class )->search();")
    return {one["code"]: one for one in found}


def test_the_site_itself_is_no_copy(site: Site) -> None:
    assert reason(site) == ""
    pair(site)
    assert reason(site) == ""
    assert "may be a copy" not in site.session().get(ADMIN).text


def test_a_copy_is_told_by_its_address_instance_environment_and_database(site: Site) -> None:
    for mark, value in (
        ("url", "https://shop.example"),
        ("instance", "11111111-1111-4111-8111-111111111111"),
        ("database", "0123456789abcdef"),
    ):
        pair(site, **{mark: value})
        assert reason(site) == {"url": "address"}.get(mark, mark)
    pair(site, environment="staging")
    assert reason(site) == "", "a staging site that went live is no copy"


def test_a_site_that_moved_goes_on(site: Site) -> None:
    pair(site, database="0123456789abcdef")
    assert "may be a copy of your site" in site.session().get(ADMIN).text
    assert "Noted: this is the same site." in press(site, "copy-same")
    assert reason(site) == ""


def test_a_copy_ends_its_connection_and_sends_nothing_of_what_was_copied(site: Site) -> None:
    pair(site, url="https://shop.example")
    site.sql(
        """INSERT INTO wp_crossdock_outbox (event_id, kind, action, waiting_key, next_at, created_at, changed_at)
        VALUES (UUID(), 'order', 'saved', 'order:1', NOW(3), NOW(3), NOW(3))"""
    )
    before = site.php("return get_option( 'crossdock_instance' );")
    assert "This copy is no longer connected" in press(site, "copy-anew")
    assert site.sql("SELECT state, error_code, waiting_key FROM wp_crossdock_outbox") == [["dead", "copied", "NULL"]]
    assert site.php("return get_option( 'crossdock_instance' );") != before
    assert site.php("return get_option( 'crossdock_secret', 'none' );") == "none"


def test_a_copy_does_not_end_the_connection_of_the_site_it_was_copied_from(site: Site) -> None:
    pair(site, url="https://shop.example")
    asked = site.php(
        f"""$asked = 0; add_filter( 'pre_http_request', function ( $no ) use ( &$asked ) {{ $asked++; return $no; }} );
        $answer = {CONTAINER}Hub\\Pairing::class )->disconnect();
        return array( $asked, Crossdock\\Admin\\Leaving::words( $answer ) );"""
    )
    assert asked[0] == 0
    assert "the hub was not told" in asked[1]
    pair(site)
    asked = site.php(
        f"""$asked = array(); add_filter( 'pre_http_request', function ( $no, $args, $url ) use ( &$asked ) {{
            $asked[] = $url; return $no; }}, 10, 3 );
        {CONTAINER}Hub\\Pairing::class )->disconnect(); return $asked;"""
    )
    assert asked == ["http://127.0.0.1:1/api/integrations/wordpress/disconnect"]


def test_a_healthy_site_has_no_hazard(site: Site) -> None:
    assert hazards(site, "_set_cron_array( array( 'version' => 2 ) );") == {}


def test_cron_that_nothing_runs_is_found_by_what_is_overdue(site: Site) -> None:
    found = hazards(site, "wp_schedule_single_event( time() - 7200, 'anything' );")
    assert (found["cron-off"]["found"], found["cron-off"]["weight"]) == ("behaviour", "error")


def test_a_closed_rest_interface_is_found_by_calling_it(site: Site) -> None:
    closing = site.folder / "wp-content/mu-plugins/20-closing.php"
    closing.write_text(
        """<?php add_filter( 'rest_authentication_errors', function () {
            return new WP_Error( 'rest_login_required', 'no', array( 'status' => 401 ) ); } );"""
    )
    try:
        assert "HTTP 401" in hazards(site)["rest-blocked"]["said"]
    finally:
        closing.unlink()


def test_headers_that_are_dropped_bodies_that_are_changed_and_caches_are_found(site: Site) -> None:
    plugin = site.folder / "wp-content/mu-plugins/20-between.php"
    cases = {
        "headers-stripped": "<?php unset( $_SERVER['HTTP_X_CROSSDOCK_SIGNATURE'] );",
        "body-changed": """<?php add_filter( 'rest_pre_dispatch', function ( $no, $server, $request ) {
            $request->set_body( str_replace( '%', '', $request->get_body() ) ); return $no; }, 10, 3 );""",
        "cached": """<?php add_filter( 'rest_pre_dispatch', function ( $no, $server, $request ) {
            if ( '/crossdock/v1/probe' !== $request->get_route() ) { return $no; }
            return get_option( 'kept_answer', $no ); }, 10, 3 );
            add_filter( 'rest_post_dispatch', function ( $answer, $server, $request ) {
            if ( '/crossdock/v1/probe' === $request->get_route() ) { update_option( 'kept_answer', $answer->get_data() ); }
            return $answer; }, 10, 3 );""",
        "noise": "<?php add_action( 'rest_api_init', function () { echo 'Notice: something'; } );",
        "stale-options": """<?php add_filter( 'option_crossdock_probe', function ( $value ) {
            $GLOBALS['asked'] = ( $GLOBALS['asked'] ?? 0 ) + 1; return 1 === $GLOBALS['asked'] ? array() : $value; } );""",
    }
    try:
        for code, text in cases.items():
            plugin.write_text(text)
            found = hazards(site)
            assert code in found, (code, found)
            assert found[code]["found"] == "behaviour"
            assert found[code]["remedy"]
    finally:
        plugin.unlink()


def test_a_request_that_wordpress_forbids_is_found(site: Site) -> None:
    site.php(f"{CONTAINER}Hub\\Credentials::class )->keep( 'https://hub.example', 'cdk_x', 'cds_y', array() );")
    assert hazards(site)["blocked-here"]["said"] == "hub.example"


def test_other_plugins_are_found_by_name_and_told_so(site: Site) -> None:
    found = hazards(
        site,
        """add_filter( 'option_active_plugins', function ( $all ) {
            return array_merge( $all, array( 'leadin/leadin.php', 'wordfence/wordfence.php', 'copy/crossdock.php' ) ); } );""",
    )
    assert (found["sends-too"]["said"], found["sends-too"]["found"]) == ("leadin", "name")
    assert found["guards"]["said"] == "wordfence"
    assert "copy/crossdock.php" in found["installed-twice"]["said"]


def test_a_table_that_another_engine_keeps_is_found(site: Site) -> None:
    site.sql("ALTER TABLE wp_crossdock_outbox ENGINE=Aria")
    assert hazards(site)["engine"]["said"] == "Aria"


def test_nobody_else_may_ask_the_probe(site: Site) -> None:
    assert site.visitor().post("/wp-json/crossdock/v1/probe?mark=").status_code == 401
    assert site.visitor().post("/wp-json/crossdock/v1/probe?mark=x").status_code == 401


def test_what_is_declared_to_woocommerce(site: Site) -> None:
    declared = site.php(
        """eval( 'namespace Automattic\\\\WooCommerce\\\\Utilities; class FeaturesUtil { public static $said = array();
            public static function declare_compatibility( $feature, $file, $well ) {
                self::$said[] = array( $feature, basename( $file ), $well ); } }' );
        do_action( 'before_woocommerce_init' ); return Automattic\\WooCommerce\\Utilities\\FeaturesUtil::$said;"""
    )
    assert declared == [["custom_order_tables", "crossdock.php", True], ["cart_checkout_blocks", "crossdock.php", True]]


def test_settings_set_aside_are_named_until_they_are_seen(site: Site) -> None:
    site.php(
        """$kept = get_option( 'crossdock_settings' ); $kept['batch_size'] = 5000;
        update_option( 'crossdock_settings', $kept ); update_option( 'crossdock_version', '0.9.0' );"""
    )
    text = site.session().get(ADMIN).text
    assert "Changes in one request (was: 5000)." in text
    assert "Dismissed." in press(site, "aside-seen")
    assert "(was: 5000)" not in site.session().get(ADMIN).text


def test_the_plugins_screen_warns_of_what_would_be_lost(site: Site) -> None:
    browser = site.session()
    assert "has not reached the hub yet" not in browser.get("/wp-admin/plugins.php").text
    site.sql(
        """INSERT INTO wp_crossdock_outbox (event_id, kind, action, next_at, created_at, changed_at)
        VALUES (UUID(), 'order', 'saved', NOW(3), NOW(3), NOW(3))"""
    )
    page = browser.get("/wp-admin/plugins.php").text
    assert "1 change has not reached the hub yet." in page
    assert "page=crossdock-connection" in page


def test_what_is_missing_takes_one_ability_not_the_plugin(site: Site) -> None:
    lacking = site.php(
        f"""class Poor extends Crossdock\\Site\\Surroundings {{ public function all(): array {{
            return array( 'wordpress' => '6.0', 'woocommerce' => '8.0.1', 'scheduler' => '' ) + parent::all(); }} }}
        $poor = new Crossdock\\Site\\Requirements( {CONTAINER}Poor::class ) ); return $poor->lacking();""".replace(
            "Crossdock\\Poor", "Poor"
        )
    )
    assert {code: one["stops"] for code, one in lacking.items()} == {
        "wordpress": False,
        "checkout-blocks": False,
        "scheduler": False,
    }
    now = site.php(f"return {CONTAINER}Site\\Requirements::class )->lacking();")
    assert set(now) == {"scheduler"}
    panel = site.php(f"return {CONTAINER}Monitor\\HealthPanel::class )->document()['fields'];")
    told = {one["label"]: one["value"] for one in panel.values() if one["label"].startswith("Lacks")}
    assert told == {"Lacks Action Scheduler": now["scheduler"]["fallback"]}


def test_one_mail_tells_that_sending_has_stopped(site: Site) -> None:
    pair(site, database="0123456789abcdef")
    for _ in range(2):
        site.php("do_action( 'crossdock_copy_hourly' );")
    assert [(mail["to"], "is this a copy?" in mail["subject"]) for mail in site.mails()] == [
        (["admin@example.com"], True)
    ]
    site.php(f"{CONTAINER}Site\\Copies::class )->same(); do_action( 'crossdock_copy_hourly' );")
    assert len(site.mails()) == 1


def test_a_new_pairing_ends_the_pause_that_the_old_one_caused_and_no_other(site: Site) -> None:
    condition = f"{CONTAINER}Monitor\\Condition::class )"
    for code, by, ends in (("unknown-key", 0, True), ("failures", 0, True), ("by-hand", 1, False), ("hub", -1, False)):
        site.php(f"{condition}->resume(); {condition}->pause( $why, '', $by );", why=code, by=by)
        site.php("do_action( 'crossdock_paired' );")
        assert site.php(f"return {condition}->paused();") is not ends, code


def test_a_second_copy_in_another_folder_breaks_nothing(site: Site) -> None:
    twin = site.folder / "wp-content/plugins/crossdock-copy"
    shutil.copytree(PLUGIN, twin)
    try:
        assert site.php(
            "$done = activate_plugin( 'crossdock-copy/crossdock.php' ); return is_wp_error( $done );",
            user=1,
            place="admin",
        ) in (False, None)
        assert site.visitor().get("/").status_code == 200
        assert site.php("return basename( dirname( CROSSDOCK_FILE ) );") in {"crossdock", "crossdock-copy"}
        assert "crossdock-copy/crossdock.php" in hazards(site)["installed-twice"]["said"]
    finally:
        shutil.rmtree(twin)
