"""The composition root: settings in, a running hub out. The only place where the parts meet."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any

import msgspec
from pydantic import SecretStr

from crossdock import metrics
from crossdock.connect.client import Transport
from crossdock.connect.egress import Guard
from crossdock.documents.papers import Papers
from crossdock.errors import WrongMasterKey
from crossdock.flow.apps import Apps
from crossdock.flow.canonical import Canonical
from crossdock.flow.command import OrderCommands
from crossdock.flow.deals import DealDesk, DealRuns
from crossdock.flow.deliver import Hints, Letters, Pump, Replay, Replays
from crossdock.flow.deliver.planner import Planner
from crossdock.flow.deliver.preview import Preview
from crossdock.flow.deliver.xray import Xray
from crossdock.flow.invoice import Invoicing
from crossdock.flow.journey import Journey
from crossdock.flow.map import Versions
from crossdock.flow.mapping import Mappings
from crossdock.flow.plugin import Tellings
from crossdock.flow.pull import Bells, Live, Reading, Schedule, Turns
from crossdock.flow.reconcile import Prover, Reports
from crossdock.flow.record import Ledger, Tally
from crossdock.flow.route import RouteTable
from crossdock.flow.run import Run, RunKind, Runs, Work
from crossdock.flow.stock import Book, Imports, Links, Stock
from crossdock.flow.stock.shelf import Shelf
from crossdock.flow.verify import Hearing, Refusals
from crossdock.flow.watch import Watch
from crossdock.govern.alerts import Alerting
from crossdock.govern.audit import AuditBook
from crossdock.govern.authorizations import Authorizations
from crossdock.govern.budgets import SharedBoard
from crossdock.govern.connections import Connections
from crossdock.govern.directory import Directory
from crossdock.govern.hooks import HookDesk
from crossdock.govern.keyring import open_vault
from crossdock.govern.keys import Keys, refuse_other_keys
from crossdock.govern.oauth.consents import Consents
from crossdock.govern.people import People
from crossdock.govern.programs.ending import Ending
from crossdock.govern.programs.exporting import Exporting
from crossdock.govern.programs.links import ConnectLinks
from crossdock.govern.programs.provisioning import Provisioning
from crossdock.govern.programs.tokens import Tokens
from crossdock.govern.records import Finder, Guests
from crossdock.govern.rollups import Rollups
from crossdock.govern.rotation import CHANNEL as KEYS_CHANNEL
from crossdock.govern.rotation import listening
from crossdock.govern.sites.commanding import SiteCommands
from crossdock.govern.sites.fields import SiteFields
from crossdock.govern.sites.keys import SiteKeys
from crossdock.govern.sites.pairing import Pairing
from crossdock.govern.tenants import Tenants
from crossdock.govern.upkeep import Upkeep
from crossdock.govern.vault import Vault
from crossdock.kit.clock import Clock, SystemClock
from crossdock.kit.failpoints import NONE, Failpoints
from crossdock.settings import Settings
from crossdock.store.database import Database
from crossdock.store.settings import StoreSettings
from crossdock.wiring.parts import (
    StockBell,
    alerting_of,
    connector_named,
    consents_of,
    deal_runs_of,
    intake_of,
    lives_of,
    people_of,
    prover_of,
    pump_of,
    schedule_of,
    stock_of,
    unwatched,
    watched,
)


class Hub(msgspec.Struct, frozen=True):
    """Everything a door or a loop may ask for."""

    settings: Settings
    database: Database
    vault: Vault
    transport: Transport
    directory: Directory
    connections: Connections
    upkeep: Upkeep
    authorizations: Authorizations
    keys: Keys
    people: People
    journey: Journey
    hints: Hints
    deal_runs: DealRuns
    pump: Pump
    runs: Runs
    reports: Reports
    schedule: Schedule
    reading: Reading
    bells: Bells
    prover: Prover
    replay: Replay
    replays: Replays
    hooks: HookDesk
    watch: Watch
    canonical: Canonical
    mappings: Mappings
    orders: OrderCommands
    links: Links
    stock: Stock
    papers: Papers
    sites: SiteKeys

    @property
    def tenants(self) -> Tenants:
        """Return the tenants by their slugs."""
        return Tenants(self.database)

    @property
    def tokens(self) -> Tokens:
        """Return what makes and verifies short-lived tokens."""
        return Tokens(self.keys, self.vault, self.directory.clock)

    @property
    def provisioning(self) -> Provisioning:
        """Return what makes tenants for platforms."""
        return Provisioning(self.database, self.keys)

    @property
    def connect_links(self) -> ConnectLinks:
        """Return the pages by which merchants connect their accounts."""
        guard, base = guard_of(self.settings), self.people.base
        return ConnectLinks(self.database, self.connections, self.authorizations, self.oauth, guard, base)

    @property
    def exporting(self) -> Exporting:
        """Return what exports tenants."""
        return Exporting(self.database, self.vault)

    @property
    def ending(self) -> Ending:
        """Return what ends tenants."""
        return Ending(self.database, self.connections, timedelta(seconds=2 * self.settings.lease_s + 1))

    @property
    def pairing(self) -> Pairing:
        """Return what gives a site that runs the plugin its key."""
        return Pairing(self.database, self.vault, self.directory, self.connections, self.settings.public_url)

    @property
    def site_commands(self) -> SiteCommands:
        """Return what people ask of sites that run the plugin."""
        return SiteCommands(self.database, self.sites, self.directory, connector_named)

    @property
    def site_fields(self) -> SiteFields:
        """Return the fields that sites found in their own data."""
        return SiteFields(self.database, self.vault)

    @property
    def tellings(self) -> Tellings:
        """Return what records the items of sites that run the plugin."""
        return Tellings(self.database, self.vault, connector_named, self.journey.told)

    @property
    def rollups(self) -> Rollups:
        """Return the keeper of counts and gauges."""
        return Rollups(self.database, self.directory.meter)

    alerting: Alerting

    @property
    def oauth(self) -> Consents:
        """Return access by OAuth 2.0: apps, consents and grants."""
        url = self.settings.public_url
        return Consents(self.database, self.vault, self.directory, self.connections, self.upkeep, url)

    @property
    def audit(self) -> AuditBook:
        """Return the audit: its entries, and the chain they hang in."""
        return AuditBook(self.database, self.vault)

    @property
    def invoicing(self) -> Invoicing:
        """Return what makes, issues and takes back invoices."""
        return self.deal_runs.maker.invoicing

    @property
    def refusals(self) -> Refusals:
        """What was turned away at the doors."""
        return self.journey.refusals

    @property
    def apps(self) -> Apps:
        """Return what takes the webhooks of vendors' apps."""
        return Apps(self.database, self.directory, self.journey)

    @property
    def live(self) -> Live:
        """Return what reads accounts for whoever asks."""
        return Live(self.directory, self.vault)

    @property
    def deals(self) -> DealDesk:
        """Deals of CRMs for whoever asks."""
        return DealDesk(self.directory, self.vault)

    @property
    def book(self) -> Book:
        """Return the stock of every item at every place."""
        return Book(self.database)

    @property
    def xray(self) -> Xray:
        """Return what one record becomes on each of its routes."""
        return Xray(self.database, self.directory, self.replays.preview.planner)

    @property
    def finder(self) -> Finder:
        """Return what finds records of stores."""
        return Finder(self.database, self.canonical.read)

    @property
    def guests(self) -> Guests:
        """Return who bought without an account."""
        return Guests(self.database, self.canonical.read)

    @property
    def shelf(self) -> Shelf:
        """Return levels and movements for whoever looks at them."""
        return Shelf(self.database, self.book)

    @property
    def letters(self) -> Letters:
        """Deliveries as people look for them."""
        return self.replays.letters

    @property
    def works(self) -> Mapping[RunKind, Work]:
        """Return what does each kind of run."""
        return {
            RunKind.PULL: self.reading,
            RunKind.BACKFILL: self.reading,
            RunKind.RECONCILE: self.reports,
            RunKind.STOCK_PUSH: self._push_stock,
            RunKind.REPLAY: self.replays,
            RunKind.IMPORT: self.imports,
            RunKind.MAPPING: self.mappings.runs,
            RunKind.INVOICE: self.deal_runs,
        }

    @property
    def imports(self) -> Imports:
        """Return what takes files of links and levels."""
        return Imports(self.database, self.runs, self.links, self.stock.bell.set)

    async def _push_stock(self, run: Run) -> dict[str, Any]:
        links = await self.links.push_all(run.tenant_id, run.connection_id)
        run.progress["stock"] = {"read": links, "total": links, "done": True}
        return {"links": links}


def store_settings(settings: Settings) -> StoreSettings:
    """Return the part of the settings that the store needs."""
    return StoreSettings(
        data_dir=settings.data_dir,
        database_url=_shown(settings.database_url),
        listen_url=_shown(settings.listen_url),
        app_url=_shown(settings.app_url),
        transaction_pooling=settings.transaction_pooling,
        engine_pool=settings.pool_size,
        run_as=settings.run_as,
    )


def _shown(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None


def vault_of(settings: Settings, *, create: bool = True) -> Vault:
    """Open the vault with the master key of the settings."""
    return open_vault(
        _shown(settings.master_key),
        settings.master_key_file,
        create=create,
        command=_shown(settings.master_key_command),
    )


def guard_of(settings: Settings) -> Guard:
    """Return the egress guard of the settings."""
    return Guard(allow=settings.egress_allow, production=settings.production)


@contextlib.asynccontextmanager
async def _ground(
    settings: Settings, vault: Vault, tls: ssl.SSLContext | None, failpoints: Failpoints
) -> AsyncIterator[tuple[Database, Transport]]:
    """What everything stands on: the database, and the way out to vendors. A key that does not fit changes nothing."""

    async def approve(conn: Any) -> None:
        await refuse_other_keys(conn, vault)

    async with (
        Database.open(store_settings(settings), failpoints=failpoints, approve=approve, marks=vault) as database,
        Transport(
            guard_of(settings), observe=_count, tls=tls, failpoints=failpoints, board=SharedBoard(database)
        ) as transport,
    ):
        await Keys(database).check_vault(vault)
        database.ears.on(KEYS_CHANNEL, listening(vault))
        yield database, transport


@contextlib.asynccontextmanager
async def open_hub(
    settings: Settings, failpoints: Failpoints = NONE, *, clock: Clock | None = None, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Hub]:
    """Open the database (starting the embedded one if need be), migrate it, and put the hub together.

    ``clock`` is the system's unless given; ``tls`` says whose certificates are believed (else the system's list).
    Raises ``Trouble`` or a ``StoreError`` with problem and remedy.
    """
    vault = vault_of(settings)
    async with contextlib.AsyncExitStack() as stack:
        database, transport = await stack.enter_async_context(_ground(settings, vault, tls, failpoints))
        directory = Directory(database, vault, transport, clock := clock or SystemClock(), connector_named)
        stack.push_async_callback(directory.grants.drain)
        ledger, tally, bell = Ledger(vault, RouteTable(database)), Tally(), StockBell(hints := Hints(database))
        intake = await stack.enter_async_context(intake_of(settings, ledger, database, clock, bell, tally))
        journey = Journey(intake, ledger, connector_named, directory, bell.ring, tally, Hearing(clock), failpoints)
        canonical, replay = Canonical(vault, connector_named), Replay(database, hints)
        runs = Runs(database, timedelta(seconds=settings.lease_s), timedelta(seconds=settings.run_patience_s))
        planner = Planner(directory, Versions(database), vault)
        replays = Replays(database, runs, replay, Letters(database), Preview(directory, planner), failpoints)
        hooks = HookDesk(database, vault, directory, settings.public_url)
        connections = Connections(database, vault, directory, settings.public_url)
        stack.push_async_callback((papers := Papers(peppol_rules=settings.peppol_rules)).close)
        dealing = deal_runs_of(settings, database, vault, directory, connections, journey, runs, papers, failpoints)
        schedule = schedule_of(settings, database, directory, runs)
        stock = bell.stock = stock_of(database, directory, canonical, journey, connections, runs)
        yield Hub(
            settings=settings,
            database=database,
            vault=vault,
            transport=transport,
            directory=directory,
            connections=connections,
            upkeep=Upkeep(database, directory, connections, schedule.ring, replays.release),
            authorizations=await stack.enter_async_context(consents_of(settings, database, connections)),
            keys=await stack.enter_async_context(Keys(database, lives_of(settings))),
            people=await stack.enter_async_context(people_of(settings, database, vault, transport, clock)),
            journey=journey,
            hints=hints,
            deal_runs=dealing,
            pump=pump_of(settings, database, directory, planner, dealing, failpoints),
            runs=runs,
            schedule=schedule,
            prover=(prover := prover_of(database, directory, journey, planner, replay, vault, turns := Turns(clock))),
            reports=Reports(database, directory, prover, vault),
            bells=Bells(database, directory, journey, turns),
            reading=Reading(database, directory, journey, runs, turns, failpoints),
            replay=replay,
            replays=replays,
            canonical=canonical,
            mappings=Mappings(database, database.ears, directory, canonical, planner, runs),
            orders=OrderCommands(database, directory, canonical, journey.wishes),
            hooks=hooks,
            watch=Watch(database, directory, hooks, runs, clock, watched),
            links=Links(database, canonical, directory),
            stock=stock,
            papers=papers,
            sites=SiteKeys(database, vault),
            alerting=alerting_of(settings, database, vault, transport, directory, connections, clock, failpoints),
        )


def _count(connector: str, status: int) -> None:
    metrics.VENDOR_CALLS.labels(connector, f"{status // 100}xx" if status else "none").inc()


__all__ = ["Hub", "WrongMasterKey", "connector_named", "open_hub", "unwatched", "watched"]
