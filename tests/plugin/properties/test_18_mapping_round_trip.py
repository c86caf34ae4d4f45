"""Property 18: a path means the same on the site and in the hub, and a mapping that is edited here is what the hub wrote."""

from __future__ import annotations

import json
import random
from typing import Any

from crossdock.flow.map import paths
from crossdock.model.commerce.marks import Meta
from tests.plugin.properties.support import CASES, DOUBLES, text, token, told
from tests.support.wordpress.site import Site
from tests.unit.map.test_plugin_paths import noted

READ = (
    DOUBLES
    + """
return array_map( static function ( $case ) {
	$document = json_decode( $case['document'], true );
	return array( \\Crossdock\\Mapping\\Paths::valid( $case['path'] ), \\Crossdock\\Mapping\\Paths::value( $document, $case['path'] ) );
}, $cases );
"""
)

NAMES = ("id", "total", "billing", "email", "items", "meta_data", "colour", "a-b", "é", "x y", "UPPER", "-1")


def _value(rng: random.Random, depth: int) -> Any:
    roll = rng.random()
    if depth and roll < 0.35:
        return {rng.choice(NAMES): _value(rng, depth - 1) for _ in range(rng.randint(0, 4))}
    if depth and roll < 0.5:
        return [_value(rng, depth - 1) for _ in range(rng.randint(0, 3))]
    if depth and roll < 0.6:
        return [{"key": rng.choice(NAMES), "value": _value(rng, depth - 1)} for _ in range(rng.randint(1, 3))]
    return rng.choice([None, "", "text", 0, 7, 1.5, True, False, "12.50", text(rng)])


def _path(rng: random.Random, document: Any) -> str:
    parts, here = [], document
    for _ in range(rng.randint(1, 4)):
        inside = list(here) if isinstance(here, dict) else []
        if isinstance(here, list):
            inside = [str(row["key"]) for row in here if isinstance(row, dict) and "key" in row] + ["0", "sku"]
        parts.append(rng.choice(inside if inside and rng.random() < 0.9 else [*NAMES, "0", "1"]))
        here = here.get(parts[-1]) if isinstance(here, dict) else here[0] if here and isinstance(here, list) else None
    path = ".".join(parts)
    return rng.choice([path, path, path, path + ".", "." + path, "", path.replace(".", ".."), "a" * 201])


def plain(value: Any) -> Any:
    """Return a value as JSON writes it, notes at any depth."""
    if isinstance(value, Meta):
        return {"key": value.key, "value": plain(value.value)}
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list) else value


def test_a_path_means_the_same_on_both_sides(site: Site, rng: random.Random) -> None:
    cases, wanted = [], []
    for _ in range(CASES * 2):
        document = {name: _value(rng, 3) for name in rng.sample(NAMES, 6)}
        path = _path(rng, document)
        cases.append({"document": json.dumps(document), "path": path})
        valid = paths.check(path, None) == ""
        value = plain(paths.getter([path], None)(noted(document))[0]) if valid else None
        wanted.append([valid, value])
    assert sum(value not in (None, "") for _, value in wanted) > CASES / 10
    found = site.php(READ, cases=cases)
    # an empty object of PHP is an empty list in JSON
    told(json.loads(json.dumps(found).replace("{}", "[]")), json.loads(json.dumps(wanted).replace("{}", "[]")), cases)


EDIT = (
    DOUBLES
    + """
return array_map( static function ( $text ) {
	$mapping = json_decode( $text );
	$sent    = array();
	foreach ( $mapping->objects as $place => $object ) {
		foreach ( $object->rules as $rule ) {
			$how = 'path';
			foreach ( \\Crossdock\\Mapping\\Draft::SOURCES as $source ) { if ( isset( $rule->$source ) ) { $how = $source; } }
			$row = array( 'target' => $rule->target, 'how' => $how, 'source' => $rule->$how, 'missing' => $rule->when_missing, 'default' => $rule->default ?? '', 'blanks' => $rule->fill_blanks ? '1' : '', 'keep' => json_encode( $rule ), 'transforms' => array() );
			foreach ( $rule->transforms as $entry ) {
				list( $name, $argument ) = \\Crossdock\\Mapping\\Draft::transform( $entry );
				$row['transforms'][] = array( 'name' => $name, 'argument' => $argument );
			}
			$sent[ $place ][] = $row;
		}
	}
	return json_encode( \\Crossdock\\Mapping\\Draft::of( $mapping, $sent ), JSON_PRESERVE_ZERO_FRACTION );
}, $cases );
"""
)


def _rule(rng: random.Random) -> dict[str, Any]:
    how = rng.choice(["path", "path", "constant", "template", "expression"])
    source = "billing.email" if how == "path" else text(rng, 1, 12, odd=False) + rng.choice(["", " {id}", "'\"<"])
    transforms = [
        rng.choice(["trim", "lower", {"cut": rng.randint(1, 9)}, {"replace": ["a", "b"]}, {"default": "5"}])
        for _ in range(rng.randint(0, 3))
    ]
    missing = rng.choice(["skip", "null", "default", "fail"])
    made: dict[str, Any] = {"target": token(rng, 1, 9), how: source, "transforms": transforms, "when_missing": missing}
    if missing == "default":
        made["default"] = text(rng, 0, 9)
    return made | {"fill_blanks": rng.random() < 0.5, "what_the_screen_does_not_know": {"x": [1, None, {}]}}


def test_a_mapping_that_is_shown_and_kept_is_the_same(site: Site, rng: random.Random) -> None:
    cases = []
    for _ in range(CASES):
        objects = [
            {"object": token(rng, 1, 9), "key": ["email"], "rules": [_rule(rng) for _ in range(rng.randint(1, 4))]}
            for _ in range(rng.randint(1, 3))
        ]
        cases.append(json.dumps({"name": text(rng), "version": rng.randint(1, 9), "objects": objects}))
    found = [json.loads(one) for one in site.php(EDIT, cases=cases)]
    told(found, [json.loads(case) for case in cases], cases)
