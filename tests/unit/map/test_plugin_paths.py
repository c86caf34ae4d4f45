"""The vectors that the plugin's own reading of paths is held to say what the hub's code does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from crossdock.flow.map import paths
from crossdock.model.commerce.marks import Meta

VECTORS = Path(__file__).parents[2] / "fixtures" / "plugin" / "paths.json"
GIVEN: dict[str, Any] = json.loads(VECTORS.read_text())
CASES: list[dict[str, Any]] = GIVEN["cases"]


def noted(document: Any) -> Any:
    """Return a document with rows of ``{key, value}`` as the hub holds them."""
    if isinstance(document, list):
        if document and all(isinstance(row, dict) and {"key", "value"} <= row.keys() for row in document):
            return [Meta(key=row["key"], value=row["value"]) for row in document]
        return [noted(item) for item in document]
    if isinstance(document, dict):
        return {name: noted(value) for name, value in document.items()}
    return document


def plain(value: Any) -> Any:
    """Return a value as JSON writes it."""
    if isinstance(value, Meta):
        return {"key": value.key, "value": value.value}
    return [plain(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['path'][:40]!r}")
def test_the_hub_reads_what_the_vector_says(case: dict[str, Any]) -> None:
    assert (paths.check(case["path"], None) == "") is case["valid"]
    if case["valid"]:
        (found,) = paths.getter([case["path"]], None)(noted(GIVEN["documents"][case["document"]]))
        assert plain(found) == case["value"]
    else:
        assert case["value"] is None


def test_the_vectors_hold_every_kind_of_step() -> None:
    assert len(CASES) > 50
    assert {case["valid"] for case in CASES} == {True, False}
    assert sum(case["value"] is not None for case in CASES) > 20
