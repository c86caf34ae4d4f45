"""Property 03: discovery finds every field that a record really has, with its type, and gives away nobody's data."""

from __future__ import annotations

import random
import re
from typing import Any

from tests.plugin.properties.support import CASES, DOUBLES, token
from tests.support.wordpress.site import Site

FIND = (
    DOUBLES
    + """
$found = array();
foreach ( $cases as $documents ) {
	$fields = new \\Crossdock\\Mapping\\Fields();
	foreach ( $documents as $document ) { $fields->add( $document ); }
	$all  = $fields->all();
	$read = array();
	foreach ( $all as $field ) {
		foreach ( $documents as $n => $document ) { $read[ $field['path'] ][ $n ] = \\Crossdock\\Mapping\\Paths::value( $document, $field['path'] ); }
	}
	$found[] = array( 'fields' => $all, 'read' => (object) $read );
}
return $found;
"""
)

WORD = re.compile(r"[A-Za-z0-9_-]+")


def _personal(rng: random.Random) -> tuple[str, str]:
    canary = "canary" + "".join(rng.choice("abcdefgh") for _ in range(8))
    digits = "".join(rng.choice("123456789") for _ in range(9))
    return rng.choice(
        [
            ("note_of_x", f"{canary}@example.com"),
            ("contact", f"+49 {digits[:3]} {digits[3:]}"),
            ("first_name", canary),
            ("link", f"https://shop.example/{canary}"),
            ("billing_phone", f"0{digits}"),
            ("address_1", canary),
            ("free", f"write to {canary}@example.org please"),
        ]
    )


def _value(rng: random.Random, depth: int, canaries: list[str]) -> Any:
    roll = rng.random()
    if roll < 0.15 and depth:
        return _document(rng, depth - 1, canaries)
    if roll < 0.25:
        return [rng.randint(0, 9) for _ in range(rng.randint(0, 3))]
    return rng.choice(
        [None, "", True, rng.randint(-5, 5000), "12.50", "processing", "2026-11-21T10:00:00", "DE", "0815"]
    )


def _document(rng: random.Random, depth: int, canaries: list[str]) -> dict[str, Any]:
    made = {("k" + token(rng, 1, 6)): _value(rng, depth, canaries) for _ in range(rng.randint(1, 6))}
    if rng.random() < 0.6:
        name, value = _personal(rng)
        made[name] = value
        canaries.append(re.sub(r"^https?://[^/]+/|^write to |@.*$", "", value))
    if depth == 2 and rng.random() < 0.7:
        keys = rng.sample(["_vat", "colour", "a.b", "7", "x y", "level"], 3)
        made["meta_data"] = [{"id": n, "key": key, "value": rng.choice(["x", 5, ""])} for n, key in enumerate(keys)]
    return made


def _paths(document: dict[str, Any], before: str = "") -> set[str]:
    """Every path that leads to something in a document, written down anew."""
    found: set[str] = set()
    for name, value in document.items():
        path = before + name
        if name == "meta_data":
            keys = [str(row["key"]) for row in value]
            found |= {f"{path}.{key}" for key in keys if WORD.fullmatch(key) and not key.isdigit()}
        elif isinstance(value, dict) and value:
            found |= _paths(value, path + ".")
        else:
            found.add(path)
    return {path for path in found if all(WORD.fullmatch(part) for part in path.split("."))}


def test_what_a_record_has_is_found_and_nobody_is_given_away(site: Site, rng: random.Random) -> None:
    cases, secrets = [], []
    for _ in range(CASES):
        canaries: list[str] = []
        cases.append([_document(rng, 2, canaries) for _ in range(rng.randint(1, 3))])
        secrets.append(canaries)
    for case, canaries, told in zip(cases, secrets, site.php(FIND, cases=cases), strict=True):
        found = {field["path"]: field for field in told["fields"]}
        wanted = set().union(*(_paths(document) for document in case))
        assert set(found) == wanted, f"{case!r}: {set(found) ^ wanted}"
        for path, field in found.items():
            read = told["read"][path]
            values = list(read.values()) if isinstance(read, dict) else read
            # where one record has an object and another a value, the object's own fields are paths of their own
            filled = [one for one in values if one not in (None, "", [], {}) and not isinstance(one, dict)]
            assert (field["type"] == "empty") == (not filled), f"{path} is {field!r}, and holds {values!r} in {case!r}"
            if field["type"] == "number":
                assert all(
                    isinstance(one, int | float) or re.fullmatch(r"-?\d+(\.\d+)?", str(one)) for one in filled
                ), field
            for canary in canaries:
                assert canary.strip("+ ") not in str(field["sample"]), f"{field!r} gives {canary} away"
