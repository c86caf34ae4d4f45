"""The mapping on the site: fields that are found, the hub's mapping in a form, what the hub says of it."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

import pytest
import requests

from tests.plugin.hub_double import HubDouble, answering
from tests.plugin.properties.support import pair
from tests.support.wordpress.site import Browser, Site

BASE = "/api/integrations/wordpress"
PAGE = "/wp-admin/admin.php?page=crossdock-mapping"
ONE = PAGE + "&route=rte_1"
MAPPING = {
    "entity": "customer",
    "action": "contact",
    "objects": [
        {
            "object": "contacts",
            "rules": [
                {
                    "target": "email",
                    "path": "email",
                    "transforms": ["trim", {"lookup": {"table": {}, "else": "<x>"}}],
                    "owner": "crm",
                },
                {"target": "name", "template": "{first_name} {last_name}", "when_missing": "default", "default": "?"},
            ],
        }
    ],
}
TOLD = {
    "route_id": "rte_1",
    "version": 3,
    "mapping": MAPPING,
    "destination": {"connection": "con_1", "name": "Sales & Co", "connector": "hubspot", "title": "HubSpot"},
    "fields": [{"path": "email", "label": "E-mail", "type": "text", "samples": ["j…"]}],
    "destination_fields": [
        {
            "object": "contacts",
            "name": name,
            "label": name.title(),
            "type": "text",
            "required": name == "name",
            "options": [],
        }
        for name in ("email", "name", "phone")
    ],
    "transforms": [{"name": "trim", "title": "takes away blanks", "arguments": "none", "example": "trim"}],
    "required_missing": [{"object": "contacts", "name": "owner", "label": "Owner"}],
}


@pytest.fixture
def hub(site: Site) -> Any:
    """A hub with one mapping, and the site paired with it."""
    with answering() as double:
        pair(site, double.url)
        route = {"route": "rte_1", "entity": "customer", "action": "contact", "version": 3, "rules": 2}
        double.says(BASE + "/mappings", {"data": {"routes": [{**route, "destination": {"name": "Sales"}}]}})
        double.says(BASE + "/mappings/rte_1", {"data": TOLD})
        yield double


def fields(page: str) -> list[tuple[str, str]]:
    """Return what a browser would send of the mapping's form."""
    form = re.search(r'<form method="post" class="crossdock-mapping">.*?</form>', page, re.DOTALL)
    assert form
    found = list[tuple[str, str]]()
    for tag in re.finditer(r"<input\b[^>]*>|<select\b.*?</select>", form[0], re.DOTALL):
        name = re.search(r'name="([^"]*)"', tag[0])
        if tag[0].startswith("<select"):
            chosen = re.search(r'<option value="([^"]*)"[^>]*selected', tag[0]) or re.search(
                r'<option value="([^"]*)"', tag[0]
            )
        elif 'type="checkbox"' in tag[0] and "checked" not in tag[0]:
            continue
        else:
            chosen = re.search(r'value="([^"]*)"', tag[0])
        if name:
            found.append((unescape(name[1]), unescape(chosen[1]) if chosen else ""))
    return found


def send(browser: Browser, do: str = "save", **changes: str) -> requests.Response:
    """Open the form, change fields, send it."""
    sent = dict(fields(browser.get(ONE).text))
    return browser.post(ONE, data={**sent, "do": do, **changes})


def words(answer: requests.Response) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", answer.text)))


def put(hub: HubDouble) -> dict[str, Any]:
    """Return the mapping that the hub was last asked to keep."""
    found: dict[str, Any] = json.loads([body for verb, _, _, body in hub.asked if verb == "PUT"][-1])["mapping"]
    return found


def test_routes_are_listed(site: Site, hub: HubDouble) -> None:
    page = site.session().get(PAGE)
    assert "Customer Sales Show more details Sales contact 2 3" in words(page)
    assert "route=rte_1" in page.text


def test_the_form_is_headed_by_what_it_maps_and_where_to(site: Site, hub: HubDouble) -> None:
    browser = site.session()
    assert "<h2>Customer to Sales &amp; Co</h2>" in browser.get(ONE).text
    hub.says(BASE + "/mappings/rte_1", {"data": {key: told for key, told in TOLD.items() if key != "destination"}})
    assert "<h2>Customer</h2>" in browser.get(ONE).text, "a hub that does not name the destination yet"


def test_a_form_sent_as_it_was_shown_keeps_the_mapping(site: Site, hub: HubDouble) -> None:
    browser = site.session()
    page = browser.get(ONE)
    assert "<x>" not in page.text.replace("&lt;x&gt;", "")
    assert "fields that no rule fills: Owner (contacts.owner)" in words(page)
    assert "The mapping was saved and acts now." in words(send(browser))
    kept = put(hub)
    wanted = [{**rule} for rule in MAPPING["objects"][0]["rules"]]  # type: ignore[index]
    for rule, want in zip(kept["objects"][0]["rules"], wanted, strict=True):
        assert {name: rule[name] for name in want} == want
    headers = [headers for verb, _, headers, _ in hub.asked if verb == "PUT"][-1]
    assert headers["if-match"] == "3"


def test_a_rule_is_added_changed_and_removed(site: Site, hub: HubDouble) -> None:
    new = {
        "rule[0][2][target]": "phone",
        "rule[0][2][source]": "billing.phone",
        "rule[0][2][transforms][0][name]": "trim",
    }
    changed = {"rule[0][1][how]": "constant", "rule[0][1][source]": "Jo", "rule[0][0][drop]": "1"}
    send(site.session(), **new, **changed)
    name, phone = put(hub)["objects"][0]["rules"]
    assert (name["target"], name["constant"], "template" in name) == ("name", "Jo", False)
    assert (phone["target"], phone["path"], phone["transforms"]) == ("phone", "billing.phone", ["trim"])


def test_a_mapping_of_any_length_is_sent_as_one_field_by_the_script(site: Site, hub: HubDouble) -> None:
    browser = site.session()
    shown = fields(browser.get(ONE).text)
    packed: dict[str, Any] = {}
    for number in range(400):
        rule = {"target": f"field_{number}", "how": "path", "source": "email", "keep": "{}", "missing": "skip"}
        packed[str(number)] = {**rule, "transforms": {"0": {"name": "trim", "argument": ""}}}
    sent = {name: value for name, value in shown if not name.startswith("rule[")}
    told = browser.post(ONE, data={**sent, "do": "save", "packed": json.dumps({"0": packed})})
    assert "The mapping was saved and acts now." in words(told)
    rules = put(hub)["objects"][0]["rules"]
    assert [rule["target"] for rule in rules] == [f"field_{number}" for number in range(400)]
    assert rules[7]["transforms"] == ["trim"]


def test_a_conflict_is_told_and_what_was_edited_is_not_lost(site: Site, hub: HubDouble) -> None:
    browser = site.session()
    sent = dict(fields(browser.get(ONE).text))
    problem = {"status": 409, "code": "version-conflict", "detail": "version 4 acts, not 3"}
    hub.says(BASE + "/mappings/rte_1", problem, 409)
    answer = browser.post(ONE, data={**sent, "do": "save", "rule[0][0][source]": "billing.email"})
    assert "version-conflict" in answer.text, "the newest cannot be read either: the refusal is shown"
    order = [hub.answers[BASE + "/mappings/rte_1"]]
    hub.says(BASE + "/mappings/rte_1", {"data": {**TOLD, "version": 4}})
    order.append(hub.answers[BASE + "/mappings/rte_1"])

    def in_order() -> Any:
        return (order.pop(0) if len(order) > 1 else order[0])()

    hub.answers[BASE + "/mappings/rte_1"] = in_order
    answer = browser.post(ONE, data={**sent, "do": "save", "rule[0][0][source]": "billing.email"})
    assert "you edited version 3, version 4 acts now" in words(answer)
    assert ("rule[0][0][source]", "billing.email") in fields(answer.text)
    assert ("version", "3") in fields(answer.text), "sent again it is a conflict again"


def test_what_the_hub_refuses_is_named(site: Site, hub: HubDouble) -> None:
    browser = site.session()
    sent = dict(fields(browser.get(ONE).text))
    problem = {"field": "contacts.emial", "rule": "unknown", "remedy": "choose <one> of the fields"}
    told = iter(
        [
            (
                422,
                {"Content-Type": "application/problem+json"},
                json.dumps({"code": "invalid", "detail": "1 rule", "problems": [problem]}).encode(),
            )
        ]
    )
    good = hub.answers[BASE + "/mappings/rte_1"]
    hub.answers[BASE + "/mappings/rte_1"] = lambda: next(told, None) or good()
    answer = browser.post(ONE, data={**sent, "do": "save", "rule[0][0][target]": "emial"})
    assert "contacts.emial choose <one> of the fields" in words(answer)
    assert "emial (unknown to the destination)" in words(answer)


def test_a_form_that_did_not_arrive_whole_is_not_saved(site: Site, hub: HubDouble) -> None:
    browser = site.session()
    sent = {name: value for name, value in fields(browser.get(ONE).text) if name != "end"}
    assert "max_input_vars" in words(browser.post(ONE, data={**sent, "do": "save"}))
    assert not [verb for verb, *_ in hub.asked if verb == "PUT"]


def test_the_preview_uses_a_real_record_and_the_unsaved_mapping(site: Site, hub: HubDouble) -> None:
    made = {"object": "contacts", "name": "email", "value": ["a@example.com"], "from": "email", "problem": None}
    wrong = {
        "object": "contacts",
        "name": "name",
        "value": None,
        "from": "x",
        "problem": {"rule": "none <b>", "remedy": "give one"},
    }
    hub.says(BASE + "/mappings/rte_1/preview", {"data": {"fields": [made, wrong]}})
    answer = send(site.session(), "preview", **{"rule[0][0][source]": "billing.email", "record": "1"})
    told = words(answer)
    assert 'contacts.email Show more details ["a@example.com"]' in told
    assert "none <b> give one" in told
    asked = json.loads(next(body for _, path, _, body in hub.asked if path.endswith("/preview")))
    assert (asked["kind"], asked["data"]["id"]) == ("customer", 1)
    assert asked["mapping"]["objects"][0]["rules"][0]["path"] == "billing.email"
    assert "Nothing was saved and nothing was sent." not in words(send(site.session(), "preview", record="99999"))
    assert not [verb for verb, *_ in hub.asked if verb == "PUT"]


def test_the_default_comes_back(site: Site, hub: HubDouble) -> None:
    hub.says(BASE + "/mappings/rte_1/reset", {"data": {"version": 0}})
    browser = site.session()
    nonce = re.search(r'value="mapping-reset">.*?name="crossdock_nonce" value="([0-9a-f]+)"', browser.get(ONE).text)
    assert nonce
    told = browser.post(ONE, data={"crossdock_action": "mapping-reset", "crossdock_nonce": nonce[1]})
    assert "own mapping acts again" in words(told)


FIELDS = "return Crossdock\\Plugin::container()->get( Crossdock\\Mapping\\Discovery::class )->fields( $kind, $fresh );"


def test_fields_are_found_told_and_kept(site: Site, hub: HubDouble) -> None:
    hub.says(BASE + "/fields", {"data": {"kept": 9}})
    site.php("update_user_meta( 1, 'loyalty', 'gold' ); update_user_meta( 1, 'vat_number', 'DE123456789' );")
    browser = site.session()
    nonce = re.search(r'value="mapping-fields">.*?name="crossdock_nonce" value="([0-9a-f]+)"', browser.get(PAGE).text)
    assert nonce
    told = words(browser.post(PAGE, data={"crossdock_action": "mapping-fields", "crossdock_nonce": nonce[1]}))
    assert "told to the hub" in told
    bodies = [json.loads(body) for _, path, _, body in hub.asked if path.endswith("/fields")]
    assert [body["kind"] for body in bodies] == ["customer"], "without WooCommerce there are people only"
    found = {field["path"]: field for field in bodies[0]["fields"]}
    assert found["meta_data.loyalty"] == {"path": "meta_data.loyalty", "type": "text", "sample": "gold"}
    assert found["meta_data.vat_number"]["sample"] == "D…"
    assert found["email"]["sample"].endswith("…@…")
    assert not [path for path in found if "session" in path or "capabilities" in path or "pass" in path]
    assert 'value="meta.loyalty"' in browser.get(ONE).text, "and can be chosen"
    site.php("update_user_meta( 1, 'another', 'x' );")
    kept = site.php(FIELDS, kind="customer", fresh=False)
    assert "meta_data.another" not in [field["path"] for field in kept], "looked up twice a day at most"
    fresh = site.php(FIELDS, kind="customer", fresh=True)
    assert "meta_data.another" in [field["path"] for field in fresh]


def test_a_shop_has_orders_and_products_too(shop: Site) -> None:
    shop.php(
        "$p = new WC_Product_Simple(); $p->set_name( 'Tea' ); $p->set_sku( 'T-1' ); $p->save();"
        "$o = wc_create_order(); $o->set_billing_first_name( 'Zoë' ); $o->set_billing_email( 'zoe@example.com' );"
        "$o->update_meta_data( '_vat_number', 'DE1' ); $o->save();"
    )
    orders = {field["path"]: field for field in shop.php(FIELDS, kind="order", fresh=True)}
    assert orders["billing.first_name"]["sample"] == "Z…"
    assert "meta_data._vat_number" in orders
    assert "sku" in {field["path"] for field in shop.php(FIELDS, kind="product", fresh=True)}


def test_looking_for_fields_looks_through_no_table(site: Site) -> None:
    site.sql(
        "INSERT INTO wp_users (user_login, user_nicename, user_email, user_registered) SELECT CONCAT('u', seq), CONCAT('u', seq), CONCAT('u', seq, '@example.com'), NOW() FROM seq_1_to_500;"
        "INSERT INTO wp_usermeta (user_id, meta_key, meta_value) SELECT ID, 'loyalty', 'gold' FROM wp_users"
    )
    counted = (
        "if ( ! defined( 'SAVEQUERIES' ) ) { define( 'SAVEQUERIES', true ); } global $wpdb; $wpdb->queries = array();"
        "Crossdock\\Plugin::container()->get( Crossdock\\Mapping\\Discovery::class )->fields( 'customer', true );"
        "return array_column( $wpdb->queries, 0 );"
    )
    asked = site.php(counted)
    assert 0 < len(asked) < 200
    scans = [
        query
        for query in asked
        if "usermeta" in query and "user_id" not in query and query.lstrip().startswith("SELECT")
    ]
    assert scans == []
