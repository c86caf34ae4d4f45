"""Property 11: on whatever it runs, the plugin knows what is lacking, goes on without it, and a copy of a site is a copy."""

from __future__ import annotations

import random

from tests.plugin.properties.support import CASES, DOUBLES, told
from tests.support.wordpress.site import Site

COMPARE = (
    DOUBLES
    + """
return array_map( static function ( $case ) {
	return array( \\Crossdock\\Site\\Copies::compare( $case['then'], $case['now'] ), \\Crossdock\\Site\\Copies::place( $case['now']['url'] ) );
}, $cases );
"""
)

LACK = (
    DOUBLES
    + """
class GivenSurroundings extends \\Crossdock\\Site\\Surroundings {
	public $given;
	public function all(): array { return $this->given; }
}
$found = array();
foreach ( $cases as $case ) {
	$given = new GivenSurroundings( $c->get( \\Crossdock\\Settings\\Seal::class ) );
	$given->given = $case;
	$needs = new \\Crossdock\\Site\\Requirements( $given );
	$lacks = array_keys( $needs->lacking() );
	$names = array();
	foreach ( $needs->all() as $key => $one ) {
		$code = isset( $one['code'] ) ? $one['code'] : $key;
		if ( $needs->met( (string) $code ) !== (bool) $one['ok'] ) { $names[] = 'unlike:' . $code; }
		if ( ! $one['ok'] ) { $names[] = (string) $code; }
	}
	sort( $names );
	$found[] = $names;
}
return $found;
"""
)


def _url(rng: random.Random) -> str:
    scheme = rng.choice(["http", "https"])
    host = rng.choice(["shop.example", "SHOP.example", "staging.shop.example", "127.0.0.1"])
    return f"{scheme}://{host}{rng.choice(['', ':80', ':443', ':8080'])}{rng.choice(['', '/', '/in', '/in/'])}"


def _place(url: str) -> str:
    scheme, _, rest = url.lower().partition("://")
    host, _, path = rest.partition("/")
    name, _, port = host.partition(":")
    usual = {"http": "80", "https": "443"}[scheme]
    return name + ("" if port in {"", usual} else f":{port}") + ("/" + path if path else "").rstrip("/")


def _marks(rng: random.Random) -> dict[str, str]:
    return {
        "url": _url(rng),
        "instance": rng.choice(["i1", "i1", "i1", "i2"]),
        "environment": rng.choice(["production", "production", "staging", "local"]),
        "database": rng.choice(["d1", "d1", "d2"]),
    }


def _reason(then: dict[str, str], now: dict[str, str]) -> str:
    if "url" in then and _place(then["url"]) != _place(now["url"]):
        return "address"
    if "instance" in then and then["instance"] != now["instance"]:
        return "instance"
    if "environment" in then and then["environment"] != now["environment"] and now["environment"] != "production":
        return "environment"
    if "database" in then and then["database"] != now["database"]:
        return "database"
    return ""


def test_a_copy_is_told_from_the_site(site: Site, rng: random.Random) -> None:
    cases = []
    for _ in range(CASES):
        then, now = _marks(rng), _marks(rng)
        if rng.random() < 0.5:
            now = then | {"url": then["url"].replace("http:", "https:").replace(":80", "")}
        elif rng.random() < 0.8:
            name = rng.choice(list(then))
            other = {"url": "https://o.example", "instance": "i3", "database": "d3"}
            other["environment"] = rng.choice(["development", "production"])
            now = then | {name: other[name]}
        if rng.random() < 0.2:
            then.pop(rng.choice(list(then)))
        cases.append({"then": then, "now": now})
    wanted = [[_reason(case["then"], case["now"]), _place(case["now"]["url"])] for case in cases]
    assert {"", "address", "instance", "environment", "database"} == {reason for reason, _ in wanted}
    told(site.php(COMPARE, cases=cases), wanted, cases)


LEAST = {"wordpress": "6.1", "php": "7.4", "database": "5.6.4", "woocommerce": "7.9"}


def _older(version: str, least: str) -> bool:
    def numbers(text: str) -> list[int]:
        return [int(part) for part in text.split(".")]

    return numbers(version) < numbers(least)


def _surroundings(rng: random.Random) -> dict[str, str]:
    return {
        "wordpress": rng.choice(["5.9", "6.0.3", "6.1", "6.1.9", "6.9", "7.1"]),
        "php": rng.choice(["7.3.33", "7.4.0", "8.5.1"]),
        "woocommerce": rng.choice(["", "", "7.8.2", "7.9.0", "8.8.3", "8.9.0", "11.0.1"]),
        "database": rng.choice(["5.5.62", "5.6.4", "8.0.36", "10.11.6"]),
        "sealing": rng.choice(["", "sodium", "openssl", "sodium, openssl"]),
        "scheduler": rng.choice(["", "4.0.0"]),
        "multibyte": rng.choice(["", "8.2.0"]),
    }


def _lacking(given: dict[str, str]) -> list[str]:
    lacks = {name for name, least in LEAST.items() if given[name] and _older(given[name], least)}
    lacks |= {name for name in ("sealing", "scheduler", "multibyte") if not given[name]}
    if given["woocommerce"] and _older(given["woocommerce"], "8.9"):
        lacks.add("checkout-blocks")
    return sorted(lacks)


def test_what_is_lacking_is_named(site: Site, rng: random.Random) -> None:
    cases = [_surroundings(rng) for _ in range(CASES)]
    told(site.php(LACK, cases=cases), [_lacking(case) for case in cases], cases)
