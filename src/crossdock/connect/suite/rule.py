"""A rule of the contract suite: a named check, and which connectors it is for."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Awaitable, Callable
from enum import StrEnum

import msgspec

from crossdock.connect.connector import Connector
from crossdock.connect.manifest import AuthKind
from crossdock.connect.suite.harness import Harness


class Part(StrEnum):
    """What a connector must have for a rule to be for it."""

    ANY = "any"
    CREDENTIALS = "credentials"
    SOURCE = "source"
    DESTINATION = "destination"
    SIGNED = "signed"
    """A door, or a destination that signs what it sends."""
    RENEWABLE = "renewable"
    DEALS = "deals"

    def found_in(self, connector: Connector) -> bool:
        """Whether a connector has it."""
        auth = connector.manifest.auth
        return {
            Part.ANY: True,
            Part.CREDENTIALS: set(auth.kinds) - {AuthKind.NONE} != set(),
            Part.SOURCE: connector.source is not None,
            Part.DESTINATION: connector.destination is not None,
            Part.SIGNED: bool(connector.door or connector.app_door) or AuthKind.SIGNED in auth.kinds,
            Part.RENEWABLE: auth.renewable,
            Part.DEALS: connector.deals is not None,
        }[self]


Check = Callable[[Harness], Awaitable[None]]


class Rule(msgspec.Struct, frozen=True):
    """One rule. ``check`` raises ``AssertionError`` that says what was seen."""

    name: str
    part: Part
    check: Check
    promise: str
    """What holds when it passes, in one sentence."""


_RULES: dict[str, Rule] = {}


def rule(name: str, part: Part = Part.ANY) -> Callable[[Check], Check]:
    """Enter a function into the suite under a name; its docstring is the promise."""

    def enter(check: Check) -> Check:
        if name in _RULES:
            raise ValueError(f"there are two rules {name!r}")
        _RULES[name] = Rule(name, part, check, (check.__doc__ or "").strip().splitlines()[0])
        return check

    return enter


def rules() -> tuple[Rule, ...]:
    """Return every rule, by name, after importing all modules of ``crossdock.connect.suite.checks``."""
    from crossdock.connect.suite import checks as package

    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")
    return tuple(_RULES[name] for name in sorted(_RULES))
