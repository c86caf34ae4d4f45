"""Property 04: what is valid is kept and read back as it was meant, by every later request; what is not changes nothing."""

from __future__ import annotations

import random
import re
from typing import Any

from tests.plugin.properties.support import CASES, DOUBLES, text, told
from tests.support.wordpress.site import Site

TABLE = "return \\Crossdock\\Settings\\Fields::all();"

KEEP = (
    DOUBLES
    + """
$found = array();
foreach ( $cases as $given ) {
	$faults = array();
	foreach ( $fresh()->get( \\Crossdock\\Settings\\Settings::class )->keep( $given ) as $fault ) { $faults[] = $fault->field; }
	wp_cache_flush();
	$found[] = array( 'faults' => $faults, 'now' => $fresh()->get( \\Crossdock\\Settings\\Settings::class )->all() );
}
return $found;
"""
)

SPOIL = (
    DOUBLES
    + """
$found = array();
foreach ( $cases as $kept ) {
	update_option( 'crossdock_settings', $kept );
	delete_option( 'crossdock_set_aside' );
	$c = $fresh( $clock );
	$c->get( \\Crossdock\\Settings\\Review::class )->run();
	wp_cache_flush();
	$aside = $fresh( $clock )->get( \\Crossdock\\Settings\\Review::class )->aside();
	$found[] = array( 'aside' => (object) array_map( static function ( $one ) { return $one['value']; }, $aside ), 'now' => $fresh()->get( \\Crossdock\\Settings\\Settings::class )->all() );
}
return $found;
"""
)

YES, NO = ("1", "yes", "true", "on", "TRUE"), ("", "0", "no", "false", "off")


def _value(rng: random.Random, field: dict[str, Any]) -> Any:
    kind = field["type"]
    if kind == "bool":
        return rng.choice([True, False, *YES, *NO, "perhaps", "2", [1]])
    if kind in {"int", "auto"}:
        least, most = field["least"], field["most"]
        near = [least - 1, least, most, most + 1, rng.randint(least, most)]
        return rng.choice([*near, *map(str, near), f" {least} ", "1.5", "abc", "", "auto", None])
    if kind == "choice":
        return rng.choice([*field["choices"], "none of them", "", 1])
    if kind == "window":
        return rng.choice(["", "02:00-05:30", "23:00-01:00", "24:00-01:00", "02:00-02:00", "2:00-3:00", "02:00-05:60"])
    if kind == "email":
        return rng.choice(
            ["", "a@example.com", "a@example.com,b@example.org", " a@example.com ", "a@", "a b@example.com"]
        )
    if kind == "ga4":
        return rng.choice(["", "G-ABC123", "g-abc", "UA-1-1", "G-"])
    return rng.choice(["", text(rng), "é" * field["most"], "é" * (field["most"] + 1), [1]])


def _meant(field: dict[str, Any], value: Any) -> tuple[bool, Any]:
    """Say whether a value is valid and what it means; written from the table's promise, not from the plugin's code."""
    kind = field["type"]
    if kind == "bool":
        word = str(value).lower() if not isinstance(value, bool | list) else value
        return (True, word is True or word in YES) if word in (True, False, *YES, *NO) else (False, None)
    if kind in {"int", "auto"}:
        if kind == "auto" and value == "auto":
            return True, "auto"
        if not isinstance(value, int | str) or not re.fullmatch(r"-?\d{1,9}", str(value).strip()):
            return False, None
        return field["least"] <= int(value) <= field["most"], int(value)
    if kind == "choice":
        return value in field["choices"], value
    if not isinstance(value, str):
        return False, None
    value = value.strip()
    if kind == "window":
        parts = re.fullmatch(r"((?:[01]\d|2[0-3]):[0-5]\d)-((?:[01]\d|2[0-3]):[0-5]\d)", value)
        return value == "" or bool(parts and parts[1] != parts[2]), value
    if kind == "email":
        all_of = [one.strip() for one in value.split(",")]
        return value == "" or all(re.fullmatch(r"[a-z]+@[a-z]+\.[a-z]+", one) for one in all_of), ", ".join(all_of)
    if kind == "ga4":
        return value == "" or bool(re.fullmatch(r"G-[A-Z0-9]{4,20}", value)), value
    return len(value) <= field["most"], value


def _given(rng: random.Random, table: dict[str, Any]) -> dict[str, Any]:
    some = {name: _value(rng, table[name]) for name in rng.sample(sorted(table), rng.randint(1, 4))}
    if rng.random() < 0.5:
        some = {name: value for name, value in some.items() if _meant(table[name], value)[0]}
    if rng.random() < 0.05:
        some["no_such_setting"] = 1
    return some


def test_what_is_valid_is_kept_and_what_is_not_changes_nothing(site: Site, rng: random.Random) -> None:
    table = site.php(TABLE)
    cases = [_given(rng, table) for _ in range(CASES)]
    found = site.php(KEEP, cases=cases)
    now = {name: field["default"] for name, field in table.items()}
    wanted = []
    for given in cases:
        read = {name: _meant(table[name], value) if name in table else (False, None) for name, value in given.items()}
        faults = [name for name, (valid, _) in read.items() if not valid]
        if not faults:
            now = now | {name: meant for name, (_, meant) in read.items()}
        wanted.append({"faults": faults, "now": now})
    assert sum(not one["faults"] for one in wanted) > CASES / 4
    told(found, wanted, cases)


def test_after_an_update_what_is_invalid_is_set_aside_and_replaced(site: Site, rng: random.Random) -> None:
    table = site.php(TABLE)
    cases = [{name: _value(rng, table[name]) for name in rng.sample(sorted(table), 8)} for _ in range(CASES)]
    found = site.php(SPOIL, cases=cases)
    wanted = []
    for kept in cases:
        read = {name: _meant(table[name], value) for name, value in kept.items()}
        now = {name: field["default"] for name, field in table.items()}
        now |= {name: meant for name, (valid, meant) in read.items() if valid}
        wanted.append({"aside": {name: kept[name] for name, (valid, _) in read.items() if not valid}, "now": now})
    told(found, wanted, cases)
