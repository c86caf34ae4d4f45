"""Property 06: whatever is done on the site, in whatever order, is in the outbox: each thing once, with what it is now."""

from __future__ import annotations

import random
from typing import Any

from tests.plugin.properties.support import CASES, DOUBLES, pair, told
from tests.support.wordpress.site import Site

DO = (
    DOUBLES
    + """
global $wpdb;
$table = $wpdb->prefix . 'crossdock_outbox';
add_filter( 'send_password_change_email', '__return_false' );
add_filter( 'send_email_change_email', '__return_false' );
$made   = 0;
$found  = array();
$outbox = $c->get( \\Crossdock\\Outbox\\Outbox::class );
$goods  = new WC_Product_Simple(); $goods->set_name( 'Tea' ); $goods->set_regular_price( '10' ); $goods->save();
foreach ( $cases as $case ) {
	$c->get( \\Crossdock\\Settings\\Settings::class )->keep( $case['settings'] );
	$outbox->flush(); $outbox->let_go();
	$wpdb->query( "DELETE FROM $table" );
	$ids = array();
	foreach ( $case['steps'] as $step ) {
		list( $verb, $who ) = $step;
		$id = $ids[ $who ] ?? 0;
		++$made;
		if ( 'sent' === $verb ) { $outbox->flush(); $outbox->let_go(); $wpdb->query( "DELETE FROM $table" ); }
		if ( 'user-new' === $verb ) { $ids[ $who ] = wp_insert_user( array( 'user_login' => "u$made", 'user_pass' => 'x', 'user_email' => "u$made@example.com" ) ); }
		if ( 'user-change' === $verb ) { wp_update_user( array( 'ID' => $id, 'first_name' => "F$made" ) ); }
		if ( 'user-delete' === $verb ) { wp_delete_user( $id ); }
		if ( 'order-new' === $verb ) { $o = wc_create_order(); $o->add_product( $goods, 1 ); $o->set_billing_email( "g$made@example.com" ); $o->calculate_totals(); $ids[ $who ] = $o->get_id(); }
		if ( 'order-draft' === $verb ) { $o = new WC_Order(); $o->set_status( 'checkout-draft' ); $o->save(); }
		if ( 'order-change' === $verb ) { $o = wc_get_order( $id ); $o->set_customer_note( "n$made" ); $o->save(); }
		if ( 'order-status' === $verb ) { wc_get_order( $id )->update_status( $made % 2 ? 'on-hold' : 'cancelled' ); }
		if ( 'order-refund' === $verb ) { $r = wc_create_refund( array( 'order_id' => $id, 'amount' => '1' ) ); $ids[ "$who-refund-$made" ] = $r->get_id(); }
		if ( 'order-delete' === $verb ) { wc_get_order( $id )->delete( true ); }
		if ( 'product-new' === $verb ) { $p = new WC_Product_Simple(); $p->set_name( "P$made" ); $p->set_manage_stock( true ); $p->set_stock_quantity( 1 ); $ids[ $who ] = $p->save(); }
		if ( 'product-change' === $verb ) { $p = wc_get_product( $id ); $p->set_name( "Q$made" ); $p->save(); }
		if ( 'product-stock' === $verb ) { wc_update_product_stock( wc_get_product( $id ), $made ); }
		if ( 'product-delete' === $verb ) { wc_get_product( $id )->delete( true ); }
		if ( 'event-good' === $verb ) { do_action( 'crossdock_event', 'lesson.done', array( 'n' => $made ), 1 ); }
		if ( 'event-bad' === $verb ) { do_action( 'crossdock_event', 'Lesson done', array( 'n' => $made ), 1 ); }
		if ( 'own' === $verb ) { \\Crossdock\\Commands\\Own::during( static function () use ( $id, $made ) { wp_update_user( array( 'ID' => $id, 'last_name' => "L$made" ) ); } ); }
		if ( 'login' === $verb ) { $u = get_userdata( $id ); do_action( 'wp_login', $u->user_login, $u ); }
	}
	$outbox->flush();
	$names = array();
	foreach ( $ids as $who => $id ) {
		// A person and an order may bear the same number.
		$kind = strpos( $who, '-refund-' ) ? 'refund' : preg_replace( array( '/\\d.*/', '/^user/' ), array( '', 'customer' ), $who );
		$names[ "$kind:$id" ] = preg_replace( '/-refund-.*/', '', $who );
	}
	$rows  = array();
	foreach ( $wpdb->get_results( "SELECT kind, action, type, waiting_key, payload FROM $table WHERE state = 'waiting' ORDER BY id", ARRAY_A ) as $row ) {
		$key    = $row['waiting_key'] ?? '';
		$rows[] = 'event' === $row['kind'] ? $row['type'] : strtok( $key, ':' ) . ' ' . ( $names[ $key ] ?? "? $key" ) . ' ' . $row['action'];
	}
	sort( $rows );
	$found[] = $rows;
}
return $found;
"""
)


def _steps(rng: random.Random) -> list[list[str]]:
    alive: dict[str, str] = {}
    steps: list[list[str]] = []
    for number in range(rng.randint(1, 9)):
        if rng.random() < 0.15:
            steps.append(["sent", ""])
        kind = rng.choice(["user", "user", "order", "product", "event"])
        living = [name for name, what in alive.items() if what == kind]
        if kind == "event":
            steps.append([rng.choice(["event-good", "event-good", "event-bad", "order-draft"]), ""])
        elif not living or rng.random() < 0.4:
            name = f"{kind}{number}"
            alive[name] = kind
            steps.append([f"{kind}-new", name])
        else:
            name = rng.choice(living)
            verbs = {
                "user": ["user-change", "user-delete", "own", "own", "login"],
                "order": ["order-change", "order-status", "order-refund", "order-delete"],
                "product": ["product-change", "product-stock", "product-delete"],
            }[kind]
            verb = rng.choice(verbs)
            steps.append([verb, name])
            if verb.endswith("delete"):
                del alive[name]
    return steps


def _case(rng: random.Random) -> dict[str, Any]:
    names = ("send_users", "send_orders", "send_products", "send_events", "send_logins")
    settings = {name: rng.random() < 0.85 for name in names}
    return {"settings": settings | {"send_stock": True}, "steps": _steps(rng)}


def _wanted(case: dict[str, Any]) -> list[str]:
    """What must wait: each entity once with its last action, each refund, each event."""
    on, states, rows = case["settings"], {}, []
    for verb, name in case["steps"]:
        kind, _, what = verb.partition("-")
        if verb == "sent":
            states, rows = {}, []
        if verb == "event-good" and on["send_events"]:
            rows.append("lesson.done")
        elif verb == "login" and on["send_logins"]:
            rows.append("user.login")
        if kind == "user" and on["send_users"]:
            states[f"customer {name}"] = "deleted" if what == "delete" else "saved"
            rows += ["user.registered"] * (what == "new")
        elif kind == "order" and name and on["send_orders"]:
            states[f"order {name}"] = "deleted" if what == "delete" else "saved"
            rows += [f"refund {name} saved"] * (what == "refund")
        elif kind == "product" and (on["send_products"] or what in {"stock", "new"}):
            if what == "delete" or (what == "change" and not on["send_products"]):
                if on["send_products"]:
                    states[f"product {name}"] = "deleted"
            else:
                states[f"product {name}"] = "saved"
    return sorted(rows + [f"{name} {action}" for name, action in states.items()])


def test_what_is_done_is_in_the_outbox(shop: Site, rng: random.Random) -> None:
    pair(shop)
    cases = [_case(rng) for _ in range(CASES)]
    found = shop.php(DO, cases=cases, user=1, place="admin", timeout_s=300)
    told(
        [[row for row in rows if not row.startswith("customer ?")] for rows in found],
        [_wanted(case) for case in cases],
        cases,
    )
