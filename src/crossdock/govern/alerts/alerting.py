"""The parts of alerting, put together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

import msgspec

from crossdock.connect.client import Transport
from crossdock.govern.alerts.channels import Channels
from crossdock.govern.alerts.checks import Checks
from crossdock.govern.alerts.desk import Alerts, Timing
from crossdock.govern.alerts.health import Health
from crossdock.govern.alerts.notices import Backoff, Notices
from crossdock.govern.alerts.rulebook import Rulebook
from crossdock.govern.connections import Connections
from crossdock.govern.directory import Directory
from crossdock.govern.fallback import Fallbacks
from crossdock.govern.routing import Store
from crossdock.govern.vault import Vault
from crossdock.kit.clock import Clock
from crossdock.kit.failpoints import Failpoints


class Options(msgspec.Struct, frozen=True):
    """The settings of alerting."""

    base: str = ""
    """The hub's public address, for links; empty when it has none."""
    every_s: float = 10.0
    calm_s: float = 60.0
    keep_days: int = 90
    check_every_s: float = 3600.0
    report_at_hour: int = 7
    backoff_base_s: float = 5.0
    backoff_ceiling_s: float = 900.0


class Alerting:
    """What finds, keeps, sends and sets."""

    def __init__(
        self,
        store: Store,
        vault: Vault,
        transport: Transport,
        directory: Directory,
        connections: Connections,
        clock: Clock,
        checked: Callable[[], Sequence[str]],
        failpoints: Failpoints,
        options: Options,
    ) -> None:
        """``checked`` names the connectors whose connections nothing else looks at."""
        self.options = options
        timing = Timing(timedelta(seconds=options.every_s), timedelta(seconds=options.calm_s))
        backoff = Backoff(options.backoff_base_s, options.backoff_ceiling_s)
        self.alerts = Alerts(store, clock, directory.connector, options.base, timing)
        self.channels = Channels(store, vault, transport.guard)
        self.notices = Notices(store, self.channels, transport, clock, failpoints, backoff)
        self.rules = Rulebook(store)
        self.health = Health(store, clock, options.report_at_hour)
        self.fallbacks = Fallbacks(store, directory, connections)
        every = timedelta(seconds=options.check_every_s)
        self.checks = Checks(store, directory, connections, clock, checked, every)
