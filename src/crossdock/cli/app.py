"""The tree of commands."""

from __future__ import annotations

import typer

from crossdock.cli import (
    admitting,
    alerting,
    auditing,
    commanding,
    connecting,
    connectors,
    dealing,
    delivering,
    hooking,
    invoicing,
    keeping,
    linking,
    living,
    looking,
    managing,
    mapping,
    measuring,
    oauthing,
    papering,
    peopling,
    pinging,
    plugging,
    proofs,
    proving,
    reading,
    records,
    replaying,
    routing,
    running,
    serving,
    stocking,
    trying,
    watching,
)
from crossdock.cli.answers import EXIT_CODES
from crossdock.cli.demo import command as demo

app = typer.Typer(
    name="crossdock",
    help="A shop's orders, customers and products reach the CRM: nothing lost, nothing doubled, and it can prove it.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

app.command("demo")(demo.demo)
app.command("serve")(serving.serve)
app.command("worker")(serving.worker)
app.command("doctor")(keeping.doctor)
app.command("connect", context_settings=connecting.FREE, add_help_option=False)(connecting.connect)
app.add_typer(managing.connections, name="connections")
app.add_typer(routing.routes, name="routes")
app.add_typer(mapping.schema, name="schema")
app.command("records")(living.records)
app.add_typer(dealing.deals, name="deals")
app.add_typer(mapping.mappings, name="mappings")
mapping.mappings.command("preview")(trying.mappings_preview)
mapping.mappings.command("dry-run")(trying.mappings_dry_run)
app.add_typer(mapping.templates, name="mapping-templates")
app.command("status")(measuring.status)
app.command("stats")(measuring.stats)
app.command("check")(connecting.check)
app.add_typer(oauthing.oauth, name="oauth")
app.add_typer(plugging.plugin, name="plugin")
for word, does in pinging.VERBS.items():
    plugging.plugin.command(word)(does)
app.add_typer(hooking.webhooks, name="webhooks")
app.command("watch")(watching.watch)
app.add_typer(alerting.alerts, name="alerts")
app.command("report")(alerting.report)
app.command("pull")(reading.pull)
app.command("backfill")(reading.backfill)
app.add_typer(running.runs, name="runs")
app.add_typer(proofs.proofs, name="proofs")
app.add_typer(looking.events, name="events")
app.add_typer(delivering.deliveries, name="deliveries")
app.command("undelivered")(delivering.undelivered)
app.add_typer(replaying.dead_letters, name="dead-letters")
app.add_typer(commanding.orders, name="orders")
app.add_typer(records.customers, name="customers")
app.add_typer(records.products, name="products")
app.add_typer(invoicing.invoices, name="invoices")
invoicing.invoices.command("document")(papering.invoices_document)
invoicing.invoices.command("check")(papering.invoices_check)
app.add_typer(linking.sku_links, name="sku-links")
app.add_typer(stocking.stock, name="stock")
app.command("changes")(records.changes)
app.command("prove")(proving.prove)
app.command("replay")(replaying.replay)
app.add_typer(replaying.replays, name="replays")
app.add_typer(connectors.connectors, name="connectors")
app.add_typer(connectors.connectors, name="connector", hidden=True)
app.command("sandbox")(connectors.sandbox)
for word, does in admitting.VERBS.items():
    keeping.keys.command(word)(does)
app.add_typer(keeping.keys, name="keys")
app.add_typer(admitting.tokens, name="tokens")
app.add_typer(admitting.links, name="links")
for word, does in admitting.TENANT_VERBS.items():
    keeping.tenants.command(word)(does)
app.add_typer(keeping.tenants, name="tenants")
app.add_typer(peopling.users, name="users")
app.add_typer(auditing.audit, name="audit")
app.command("backup")(keeping.backup)
app.command("restore")(keeping.restore)
