"""The search door: sees writes only after the search lag, ends at 10,000 results, has its own rate limit."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable
from typing import Any

from crossdock.connectors.hubspot.sandbox.calls import Answer, Call, paging
from crossdock.connectors.hubspot.sandbox.catalogue import CREATED, DEFAULTS, MODIFIED, SEARCHED
from crossdock.connectors.hubspot.sandbox.definitions import Definition
from crossdock.connectors.hubspot.sandbox.instants import iso, read_instant
from crossdock.connectors.hubspot.sandbox.refusals import invalid

GROUPS, FILTERS, ALL_FILTERS = 5, 10, 25
PAGE, RESULTS, QUERY = 200, 10_000, 3000

_ONE = frozenset({"EQ", "NEQ", "LT", "LTE", "GT", "GTE", "CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN"})
_MANY = frozenset({"IN", "NOT_IN"})
_NONE = frozenset({"HAS_PROPERTY", "NOT_HAS_PROPERTY"})
OPERATORS = _ONE | _MANY | _NONE | {"BETWEEN"}

Row = dict[str, str]
Test = Callable[[Row], bool]
_REQUIRED = ("after", "filterGroups", "limit", "properties", "sorts")


def search(call: Call) -> Answer:
    """POST /{type}/search."""
    kind = call.kind()
    body = call.body()
    if call.strict:
        for member in _REQUIRED:
            if member not in body:
                raise invalid(f"Invalid input JSON: {member} is required")
    limit, start = _window(body)
    groups = _groups(call, kind, body.get("filterGroups") or [])
    query = _query(body)
    portal = call.portal
    portal.catch_up()
    rows = [
        row
        for row in portal.seen[kind].values()
        if (not groups or any(all(test(row) for test in group) for group in groups)) and _mentions(kind, row, query)
    ]
    _sort(call, kind, rows, body.get("sorts") or [])
    page = rows[start : start + limit]
    answer: dict[str, Any] = {"total": len(rows), "results": [_shown(call, kind, row, body) for row in page]}
    if start + limit < len(rows):
        answer["paging"] = paging(str(start + limit))
    return 200, answer


def _window(body: dict[str, Any]) -> tuple[int, int]:
    limit, after = body.get("limit", 10), body.get("after") or 0
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= PAGE:
        raise invalid(f"Invalid input JSON: limit must be between 1 and {PAGE}")
    if not str(after).isdigit():
        raise invalid("Invalid input JSON: after must be a number in a string")
    if int(after) + limit > RESULTS:
        raise invalid(f"Search results beyond {RESULTS} cannot be paged: narrow the filters")
    return limit, int(after)


def _query(body: dict[str, Any]) -> str:
    query = body.get("query") or ""
    if not isinstance(query, str) or len(query) > QUERY:
        raise invalid(f"Invalid input JSON: query must be a string of at most {QUERY} characters")
    return query.lower()


def _groups(call: Call, kind: str, given: Any) -> list[list[Test]]:
    if not isinstance(given, list) or not all(isinstance(group, dict) for group in given):
        raise invalid("Invalid input JSON: filterGroups must be a list of objects")
    if len(given) > GROUPS:
        raise invalid(f"There are too many filter groups, the maximum is {GROUPS}")
    lists = [group.get("filters") or [] for group in given]
    if any(len(filters) > FILTERS for filters in lists) or sum(map(len, lists)) > ALL_FILTERS:
        raise invalid(f"There are too many filters, the maximum is {FILTERS} in a group and {ALL_FILTERS} in all")
    return [[_test(call, kind, one) for one in filters] for filters in lists]


def _test(call: Call, kind: str, given: Any) -> Test:
    if not isinstance(given, dict):
        raise invalid("Invalid input JSON: a filter must be an object")
    name, operator = given.get("propertyName"), given.get("operator")
    definition = call.portal.schema.properties[kind].get(str(name))
    if definition is None:
        raise invalid(f"There was a problem with the request: property {name} does not exist")
    if operator not in OPERATORS:
        raise invalid(f"Invalid input JSON: operator {operator} is not one of {', '.join(sorted(OPERATORS))}")
    if operator in _NONE:
        wanted = operator == "HAS_PROPERTY"
        return lambda row: (definition.name in row) is wanted
    if operator in _MANY:
        return _among(definition, operator, given.get("values"))
    if given.get("value") is None:
        raise invalid(f"Invalid input JSON: operator {operator} needs a value")
    low = _comparable(definition, str(given["value"]))
    if operator == "BETWEEN":
        if given.get("highValue") is None:
            raise invalid("Invalid input JSON: operator BETWEEN needs a highValue")
        high = _comparable(definition, str(given["highValue"]))
        return lambda row: definition.name in row and low <= _comparable(definition, row[definition.name]) <= high
    if operator in {"CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN"}:
        return _token(definition, operator, str(given["value"]).lower())
    return _ordered(definition, operator, low)


def _among(definition: Definition, operator: str, values: Any) -> Test:
    if not isinstance(values, list) or not values:
        raise invalid(f"Invalid input JSON: operator {operator} needs values")
    wanted = {_comparable(definition, str(value)) for value in values}
    if operator == "IN":
        return lambda row: definition.name in row and _comparable(definition, row[definition.name]) in wanted
    return lambda row: definition.name in row and _comparable(definition, row[definition.name]) not in wanted


def _token(definition: Definition, operator: str, pattern: str) -> Test:
    positive = operator == "CONTAINS_TOKEN"

    def test(row: Row) -> bool:
        text = row.get(definition.name, "").lower()
        words = [text, *text.replace("@", " ").replace(".", " ").split()]
        return any(fnmatch.fnmatchcase(word, pattern) for word in words) is positive

    return test


def _ordered(definition: Definition, operator: str, value: Any) -> Test:
    compare: dict[str, Callable[[Any, Any], bool]] = {
        "EQ": lambda a, b: a == b,
        "NEQ": lambda a, b: a != b,
        "LT": lambda a, b: a < b,
        "LTE": lambda a, b: a <= b,
        "GT": lambda a, b: a > b,
        "GTE": lambda a, b: a >= b,
    }
    decide = compare[operator]
    return lambda row: definition.name in row and decide(_comparable(definition, row[definition.name]), value)


def _comparable(definition: Definition, text: str) -> Any:
    if definition.type == "number":
        try:
            return float(text)
        except ValueError as wrong:
            raise invalid(f"{text} was not a valid number for property {definition.name}") from wrong
    if definition.type in {"date", "datetime"}:
        ms = read_instant(text)
        if ms is None:
            raise invalid(f"{text} was not a valid time for property {definition.name}")
        return ms
    return text.lower() if definition.type == "string" else text


def _mentions(kind: str, row: Row, query: str) -> bool:
    return not query or any(query in row.get(name, "").lower() for name in SEARCHED[kind])


def _sort(call: Call, kind: str, rows: list[Row], sorts: Any) -> None:
    rows.sort(key=lambda row: int(row["hs_object_id"]))
    if not isinstance(sorts, list) or len(sorts) > 1:
        raise invalid("Invalid input JSON: sorts must be a list of at most one sort")
    for sort in sorts:
        name = sort.get("propertyName") if isinstance(sort, dict) else str(sort).removeprefix("-")
        falling = sort.get("direction") == "DESCENDING" if isinstance(sort, dict) else str(sort).startswith("-")
        definition = call.portal.schema.properties[kind].get(str(name))
        if definition is None:
            raise invalid(f"There was a problem with the request: property {name} does not exist")
        held = [row for row in rows if definition.name in row]
        bare = [row for row in rows if definition.name not in row]
        held.sort(key=lambda row: _comparable(definition, row[definition.name]), reverse=falling)
        rows[:] = held + bare


def _shown(call: Call, kind: str, row: Row, body: dict[str, Any]) -> dict[str, Any]:
    asked = body.get("properties") or DEFAULTS[kind]
    times = (CREATED.get(kind, "createdate"), MODIFIED.get(kind, "hs_lastmodifieddate"))
    known = call.portal.schema.properties[kind]
    properties = {name: row.get(name) for name in (*asked, *times, "hs_object_id") if name in known}
    record = call.portal.records[kind].get(row["hs_object_id"])
    created = iso(record.created_ms) if record is not None else row[times[0]]
    return {
        "id": row["hs_object_id"],
        "properties": properties,
        "createdAt": created,
        "updatedAt": row[times[1]],
        "archived": False,
    }
