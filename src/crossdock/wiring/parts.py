"""What the hub is put together from: each part with its share of the settings."""

from __future__ import annotations

import uuid
from datetime import timedelta

from crossdock.connect import catalogue
from crossdock.connect.client import Transport
from crossdock.connect.connector import Connector
from crossdock.documents.papers import Papers
from crossdock.flow.canonical import Canonical
from crossdock.flow.deals import DealRuns, Maker, Rooms
from crossdock.flow.deliver import Hints, Limits, Pump, Replay
from crossdock.flow.deliver.former import Former
from crossdock.flow.deliver.planner import Planner
from crossdock.flow.deliver.prepare import Preparer
from crossdock.flow.invoice import Invoicing
from crossdock.flow.journey import Expectations, Journey
from crossdock.flow.pull import Manners, Schedule, Turns
from crossdock.flow.reconcile import Prover
from crossdock.flow.record import Intake, IntakeLimits, Ledger, Tally
from crossdock.flow.run import RunKind, Runs
from crossdock.flow.stock import Stock
from crossdock.govern.alerts import Alerting, Options
from crossdock.govern.authorizations import Authorizations
from crossdock.govern.connections import Connections
from crossdock.govern.directory import Directory
from crossdock.govern.keys import KeyLives
from crossdock.govern.people import Lives, People
from crossdock.govern.tenants import Tenants
from crossdock.govern.vault import Vault
from crossdock.kit.clock import Clock
from crossdock.kit.failpoints import Failpoints
from crossdock.settings import Settings
from crossdock.store.database import Database


def connector_named(name: str) -> Connector | None:
    """Return an installed connector, None where there is none of that name."""
    try:
        return catalogue.get(name)
    except LookupError:
        return None


def watched() -> tuple[str, ...]:
    """Return the connectors whose connections are watched."""
    found = ((name, connector_named(name)) for name in catalogue.names())
    return tuple(name for name, connector in found if connector is not None and connector.watcher is not None)


def unwatched() -> tuple[str, ...]:
    """Return the connectors whose connections no watch looks at: the hourly check does."""
    return tuple(sorted({*catalogue.names()} - {*watched()}))


def prover_of(
    database: Database,
    directory: Directory,
    journey: Journey,
    planner: Planner,
    replay: Replay,
    vault: Vault,
    turns: Turns,
) -> Prover:
    """Put the prover together; it reads a store on the same terms as the pull does."""
    return Prover(database, directory, journey, Expectations(planner, directory), replay, Manners(turns), vault)


def intake_of(
    settings: Settings, ledger: Ledger, database: Database, clock: Clock, bell: StockBell, tally: Tally
) -> Intake:
    """Put the intake together."""
    limits = IntakeLimits(
        rows=settings.ingest_rows,
        bytes=settings.ingest_bytes,
        age_s=settings.ingest_age_s,
        batch=settings.ingest_batch,
        flushers=settings.ingest_flushers,
    )
    return Intake(ledger, database, clock, limits, bell.ring, tally)


def alerting_of(
    settings: Settings,
    database: Database,
    vault: Vault,
    transport: Transport,
    directory: Directory,
    connections: Connections,
    clock: Clock,
    failpoints: Failpoints,
) -> Alerting:
    """Put alerting together."""
    options = Options(
        base=settings.public_url or "",
        every_s=settings.alert_every_s,
        calm_s=settings.alert_calm_s,
        keep_days=settings.keep_alerts_days,
        check_every_s=settings.check_every_s,
        report_at_hour=settings.report_at_hour,
        backoff_base_s=settings.alert_retry_base_s,
    )
    return Alerting(database, vault, transport, directory, connections, clock, unwatched, failpoints, options)


def people_of(settings: Settings, database: Database, vault: Vault, transport: Transport, clock: Clock) -> People:
    """Put the people together."""
    base = settings.public_url or f"http://{settings.host}:{settings.port}"
    lives = Lives(timedelta(seconds=settings.session_idle_s), timedelta(seconds=settings.session_s))
    return People(database, vault, transport, clock, Tenants(database), lives, base)


class StockBell:
    """Tells the pumps, and the stock stage here or in another process, that something was recorded."""

    def __init__(self, hints: Hints) -> None:
        self._hints = hints
        self.stock: Stock | None = None

    def ring(self, lanes: set[uuid.UUID], doorbells: bool) -> None:
        """Note a commit."""
        self._hints.ring(lanes, doorbells)
        if self.stock is not None and self.stock.attended:
            self.stock.heard()
        elif self.stock is not None:
            self._hints.tell(self.stock.channel)


def consents_of(settings: Settings, database: Database, connections: Connections) -> Authorizations:
    """Return the authorizations by an account's own page, to be entered."""
    return Authorizations(database, connections, connector_named, settings.public_url)


def stock_of(
    database: Database,
    directory: Directory,
    canonical: Canonical,
    journey: Journey,
    connections: Connections,
    runs: Runs,
) -> Stock:
    """Put the stock stage together."""

    async def ask_for_orders(tenant_id: uuid.UUID, connection_id: uuid.UUID) -> None:
        await runs.add(tenant_id, connection_id, RunKind.PULL, ("order",))

    return Stock(database, directory, canonical, journey, connections, connector_named, ask_for_orders)


def lives_of(settings: Settings) -> KeyLives:
    """Return how long API keys live."""
    usual, most = (timedelta(days=days) if days else None for days in (settings.key_days, settings.key_days_most))
    return KeyLives(usual, most)


def schedule_of(settings: Settings, database: Database, directory: Directory, runs: Runs) -> Schedule:
    """Return the planner of the regular pulls."""
    usual, without = settings.pull_interval_s, settings.pull_only_interval_s
    reachable = settings.public_url is not None
    return Schedule(database, directory, runs, usual_s=usual, without_s=without, reachable=reachable)


def deal_runs_of(
    settings: Settings,
    database: Database,
    vault: Vault,
    directory: Directory,
    connections: Connections,
    journey: Journey,
    runs: Runs,
    papers: Papers,
    failpoints: Failpoints,
) -> DealRuns:
    """Put together what makes invoices of deals."""
    invoicing = Invoicing(database, vault, directory.clock, papers)
    maker = Maker(database, invoicing, directory, connections, journey.wishes, settings.public_url, failpoints)
    return DealRuns(Rooms(database, runs, directory, directory, maker, journey, vault, directory.clock, failpoints))


def pump_of(
    settings: Settings,
    database: Database,
    directory: Directory,
    planner: Planner,
    deal_runs: DealRuns,
    failpoints: Failpoints,
) -> Pump:
    """Put the pump together."""
    preparer = Preparer(directory, planner, database.ears)
    former = Former(database, directory.sealer)
    errands = {"invoice": deal_runs.by_route}
    limits = delivery_limits(settings)
    return Pump(database, directory, preparer, limits, directory.clock, failpoints, former, errands)


def delivery_limits(settings: Settings) -> Limits:
    """Return the pump's part of the settings."""
    return Limits(
        batch=settings.delivery_batch,
        lease=timedelta(seconds=settings.lease_s),
        call_timeout_s=settings.call_timeout_s,
        doubt_margin=timedelta(seconds=settings.doubt_margin_s),
        retry_base_s=settings.retry_base_s,
        retry_ceiling_s=settings.retry_ceiling_s,
        retry_for=timedelta(seconds=settings.retry_for_s),
        breaker_for=timedelta(seconds=settings.breaker_for_s),
    )
