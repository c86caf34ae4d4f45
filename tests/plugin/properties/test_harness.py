"""The harness of the properties: every one has lines to guard, and the table of mutants fits the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tools import plugin_mutate

HERE = Path(__file__).parent
PROPERTIES = {path.name[5:7]: path for path in sorted(HERE.glob("test_[0-9][0-9]_*.py"))}


@pytest.mark.parametrize(
    "mutant", plugin_mutate.mutants(), ids=lambda one: f"{one.property} {one.file} {one.text[:30]}"
)
def test_a_mutant_fits_the_code(mutant: plugin_mutate.Mutant) -> None:
    assert mutant.property in PROPERTIES
    assert (plugin_mutate.PLUGIN / mutant.file).read_text(encoding="utf-8").count(mutant.text) == 1, "changed since"
    assert mutant.by != mutant.text


def test_every_property_guards_a_line() -> None:
    assert {mutant.property for mutant in plugin_mutate.mutants()} == set(PROPERTIES)


@pytest.mark.parametrize("path", PROPERTIES.values(), ids=lambda path: path.stem)
def test_a_property_is_made_of_two_hundred_cases(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert re.search(r"range\((CASES|2\d\d)\)", text), "generates fewer than 200 cases"
    assert text.startswith(f'"""Property {path.name[5:7]}: ')
