"""Property 15: a person is told as the site knows them, in the customer's shape, and nobody's secrets ever."""

from __future__ import annotations

import json
import random
from typing import Any

from crossdock.api.integrations.wordpress import words
from crossdock.api.integrations.wordpress.checking import problems_of
from tests.plugin.properties.support import CASES, DOUBLES, text
from tests.plugin.recorded import STANDIN
from tests.support.wordpress.site import Site

READ = (
    DOUBLES
    + """
$found = array();
foreach ( $cases as $n => $case ) {
	$id = wp_insert_user( wp_slash( array( 'user_login' => "person$n", 'user_pass' => $case['canary'], 'user_email' => "p$n@example.com", 'first_name' => $case['first'], 'last_name' => $case['last'], 'role' => $case['role'] ) ) );
	foreach ( $case['meta'] as $key => $value ) { update_user_meta( $id, $key, wp_slash( $value ) ); }
	clean_user_cache( $id );
	$read    = $fresh()->get( \\Crossdock\\Documents\\CustomerDocument::class )->read( $id );
	$found[] = array( 'what' => $read->what, 'id' => $id, 'data' => $read->data, 'hash' => get_userdata( $id )->user_pass );
}
return $found;
"""
)

FREE = ("colour", "_vat_id", "loyalty.level", "crossdock_crm_id", "crossdock_ga_session_id", "level2")
SECRET = (
    "api_token",
    "my_secret",
    "reset_password",
    "two_factor_key",
    "_application_passwords",
    "session_tokens",
    "totp",
    "wp_capabilities_x_session",
)
ADDRESS = (
    "billing_first_name",
    "billing_city",
    "billing_postcode",
    "billing_phone",
    "shipping_city",
    "billing_company",
)


def _word(rng: random.Random, least: int = 0, most: int = 20) -> str:
    """Return a text; "0" is none to WooCommerce (seen on 11.0.1), as to PHP."""
    made = text(rng, least, most).strip()
    return made if made not in ("", "0") else "x"


def _case(rng: random.Random) -> dict[str, Any]:
    canary = "canary-" + "".join(rng.choice("abcdefghij") for _ in range(12))
    meta: dict[str, Any] = {name: _word(rng, 1) for name in rng.sample(ADDRESS, 3)}
    meta |= {name: rng.choice([text(rng, 1).strip() or "x", {"a": [1, "ä"]}]) for name in rng.sample(FREE, 3)}
    meta |= {name: rng.choice([canary, {"inside": canary}]) for name in rng.sample(SECRET, 3)}
    # WordPress writes < > & in names in its own way
    name = " ".join("".join(one for one in text(rng, 1, 20) if one not in "<>&%").split())
    return {
        "first": name if name not in ("", "0") else "x",
        "last": rng.choice(["O'Neil", "Ünal", "漢字", "van der Berg", ""]),
        "role": rng.choice(["subscriber", "customer", "editor"]),
        "meta": meta,
        "canary": canary,
    }


def _check(case: dict[str, Any], told: dict[str, Any], number: int, hidden: str = "-") -> None:
    said = f"{case!r} became {told!r}"
    data = told["data"]
    shape = json.loads((STANDIN / "documents.json").read_text(encoding="utf-8"))["customer"]
    assert told["what"] == "document", said
    assert set(data) == set(shape), said
    assert problems_of(words.DOCUMENTS["customer"], data, "data") == [], said
    assert (data["id"], data["email"]) == (told["id"], f"p{number}@example.com"), said
    assert (data["first_name"], data["last_name"], data["role"]) == (case["first"], case["last"], case["role"]), said
    for name in ADDRESS:
        part, _, field = name.partition("_")
        assert data[part][field] == case["meta"].get(name, ""), f"{name}: {said}"
    notes = {row["key"]: row["value"] for row in data["meta_data"]}
    for name in FREE:
        if name in case["meta"] and not name.startswith(hidden):
            assert notes[name] == case["meta"][name], f"{name}: {said}"
    whole = json.dumps(data)
    assert case["canary"] not in whole, f"a secret went out: {said}"
    assert told["hash"] not in whole, f"a password's hash went out: {said}"


def test_a_person_is_told_without_their_secrets(site: Site, rng: random.Random) -> None:
    site.php("add_role( 'customer', 'Customer', array( 'read' => true ) );")
    cases = [_case(rng) for _ in range(CASES)]
    for number, (case, told) in enumerate(zip(cases, site.php(READ, cases=cases, timeout_s=300), strict=True)):
        _check(case, told, number)


def test_with_woocommerce_too(shop: Site, rng: random.Random) -> None:
    cases = [_case(rng) for _ in range(40)]
    for number, (case, told) in enumerate(zip(cases, shop.php(READ, cases=cases, timeout_s=300), strict=True)):
        # its REST API shows no meta whose name begins with a line
        _check(case, told, number, "_")
