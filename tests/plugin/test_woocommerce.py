"""What the plugin relies on in WooCommerce; the stand-in and a real one are held to the same."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.plugin import recorded
from tests.support.shared import needs_recordings
from tests.support.wordpress.site import PLUGIN, Site

TRACE = (Path(__file__).parent / "trace.php").read_text(encoding="utf-8")
HOOK = re.compile(r"'((?:woocommerce_|user_register|profile_update|deleted_|before_delete_|trashed_|untrashed_)\w*)'")

STEPS = {
    "product made": ["woocommerce_new_product"],
    "product changed": ["woocommerce_update_product"],
    "stock set": ["woocommerce_update_product", "woocommerce_product_set_stock"],
    "variation made": ["woocommerce_new_product", "woocommerce_new_product_variation"],
    "variation changed": ["woocommerce_update_product_variation"],
    "customer made": ["user_register", "profile_update"],
    "customer changed": ["profile_update", "woocommerce_update_customer"],
    "order made": ["woocommerce_new_order"],
    "order saved": ["woocommerce_update_order"],
    "order paid": [
        "woocommerce_update_order",
        "woocommerce_product_set_stock",
        "woocommerce_order_status_changed",
        "woocommerce_payment_complete",
    ],
    "order completed": ["woocommerce_update_order", "woocommerce_order_status_changed"],
    "order's meta saved alone": [],
    "order's meta saved with it": ["woocommerce_update_order"],
    "refunded": ["woocommerce_update_order", "woocommerce_order_refunded"],
    "order trashed": ["woocommerce_trash_order"],
    "order untrashed": ["woocommerce_order_status_changed"],
    "order deleted": ["woocommerce_delete_order"],
    "product trashed": ["trashed_post"],
    "product untrashed": ["untrashed_post"],
    "product deleted": ["before_delete_post", "deleted_post"],
    "variation deleted": ["before_delete_post", "deleted_post"],
    "customer deleted": ["deleted_user"],
}
"""The hooks that each step fires, in this order, seen on WooCommerce 11.0.1 and 7.9.0 (others may stand between)."""


def test_what_happens_in_a_shop_fires_the_hooks_that_are_listened_to(shop: Site) -> None:
    trace = shop.php(TRACE, user=1, place="admin")
    assert list(trace) == list(STEPS)
    for step, wanted in STEPS.items():
        fired = iter(trace[step])
        assert all(hook in fired for hook in wanted), f"{step}: {trace[step]}"


def test_every_hook_that_is_checked_here_is_one_of_the_plugins() -> None:
    listened = set(HOOK.findall((PLUGIN / "src/Listeners.php").read_text(encoding="utf-8")))
    assert {hook for hooks in STEPS.values() for hook in hooks} <= listened


def test_an_order_is_a_document_of_the_rest_api(shop: Site) -> None:
    made = shop.php(
        """$p = new WC_Product_Simple(); $p->set_name( 'Tea' ); $p->set_regular_price( '12.50' ); $p->save();
        $o = wc_create_order(); $o->add_product( wc_get_product( $p->get_id() ), 2 ); $o->set_billing_email( 'a@example.com' );
        $o->calculate_totals(); $id = $o->get_id();
        return array(
            'order'   => \\Crossdock\\Plugin::container()->get( \\Crossdock\\Documents\\OrderDocument::class )->read( $id )->data,
            'product' => \\Crossdock\\Plugin::container()->get( \\Crossdock\\Documents\\ProductDocument::class )->read( $p->get_id() )->data,
        );""",
        user=1,
    )
    order, shape = made["order"], json.loads((recorded.STANDIN / "documents.json").read_text(encoding="utf-8"))
    assert order["total"] == "25.00"
    assert order["billing"]["email"] == "a@example.com"
    assert [line["quantity"] for line in order["line_items"]] == [2]
    assert set(order) <= set(shape["order"])
    assert {"id", "status", "currency", "date_modified_gmt", "meta_data", "refunds"} <= set(order)
    assert set(order["line_items"][0]) <= set(shape["line_item"])
    assert made["product"]["regular_price"] == "12.50"
    assert {"id", "sku", "stock_quantity", "status", "type"} <= set(made["product"]) <= set(shape["product"])


@needs_recordings
def test_the_stand_ins_documents_have_the_shape_of_the_recordings() -> None:
    kept = json.loads((recorded.STANDIN / "documents.json").read_text(encoding="utf-8"))
    assert kept == recorded.documents(), "run python tests/plugin/recorded.py"
