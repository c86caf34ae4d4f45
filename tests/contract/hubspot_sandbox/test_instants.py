"""The sandbox's instants and zones, without a server."""

from __future__ import annotations

import pytest

from crossdock.connectors.hubspot.sandbox import HubSpotSandbox, Settings
from crossdock.connectors.hubspot.sandbox.instants import iso


def test_an_unknown_zone_is_named_at_once() -> None:
    with pytest.raises(KeyError):
        HubSpotSandbox(Settings(time_zone="Mars/Base"))


def test_instants_have_milliseconds_only_when_there_are_some() -> None:
    assert iso(1763690000000) == "2025-11-21T01:53:20Z"
    assert iso(1763690000007) == "2025-11-21T01:53:20.007Z"
