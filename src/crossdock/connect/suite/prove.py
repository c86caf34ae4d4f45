"""Running the rules for one connector: what its manifest says of a rule decides what happens."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import msgspec

from crossdock.connect.connector import Connector
from crossdock.connect.suite.rule import Rule, rules

if TYPE_CHECKING:
    from crossdock.connect.suite.harness import Harness


class Verdict(msgspec.Struct, frozen=True):
    """What a manifest says of one rule: ``said`` is done, exempt, todo or absent."""

    rule: str
    said: str
    fact: str = ""

    @property
    def good(self) -> bool:
        """Whether a connector may ship with it."""
        return self.said in ("done", "exempt")


def verdicts(connector: Connector) -> tuple[Verdict, ...]:
    """Return what a connector's manifest says of every rule, and of names that are no rule (said ``unknown``)."""
    quality = dict(connector.manifest.quality)
    found = []
    for each in rules():
        said, _, fact = quality.pop(each.name, "absent").partition(": ")
        found.append(Verdict(each.name, said, fact))
    return (*found, *(Verdict(name, "unknown") for name in quality))


async def prove(harness: Harness, rule: Rule) -> None:
    """Check one rule of a connector. Raises ``AssertionError`` saying what was seen."""
    connector = harness.connector
    name = connector.manifest.name
    said = next(v for v in verdicts(connector) if v.rule == rule.name)
    if said.said == "exempt":
        return
    assert said.said == "done", f'{name}: [quality] says {said.said!r} of "{rule.name}" ({rule.promise})'
    assert rule.part.found_in(connector), f"{name}: says done of {rule.name}, but has no {rule.part}; exempt it"
    await rule.check(harness)


def contract(harness: Harness) -> Callable[..., Awaitable[None]]:
    """Return a pytest test that runs every rule for a connector, one case a rule."""
    import pytest

    @pytest.mark.asyncio
    @pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.name)
    async def test_contract(rule: Rule) -> None:
        await prove(harness, rule)

    return test_contract
