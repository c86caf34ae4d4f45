"""``connect``, ``check``."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossdock.cli.answers import ACTOR, AsJson, Code, Tenant, give, guarded, note, table
from crossdock.cli.asking import ask

if TYPE_CHECKING:
    import uuid

    from crossdock.connect.connector import Connector
    from crossdock.connect.manifest import FormField
    from crossdock.wiring import Hub

FREE = {"allow_extra_args": True, "ignore_unknown_options": True}
"""The options of ``connect`` are the fields of the connector's form."""


@guarded
def connect(
    ctx: typer.Context,
    connector: Annotated[
        str | None, typer.Argument(help="woocommerce, hubspot, webhook …", metavar="CONNECTOR")
    ] = None,
    name: Annotated[str, typer.Option("--name", help="What to call the connection.")] = "",
    authorize: Annotated[
        str, typer.Option("--authorize", metavar="URL", help="Connect by the shop's own page: one click, no keys.")
    ] = "",
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Connect an account: crossdock connect woocommerce --url … --key … --secret …

    The options are the fields of the connector's form: crossdock connect CONNECTOR --help shows them. A secret may
    come as - (read from standard input), from the environment (CROSSDOCK_CONNECT_TOKEN for --token), or is asked for.
    """
    wanted = connector if connector and not connector.startswith("-") else None
    if wanted is None:
        sys.stdout.write(ctx.get_help() + "\n")
        raise typer.Exit(Code.OK if "--help" in (*ctx.args, connector) else Code.USE)
    from crossdock.connect import catalogue

    found = catalogue.get(wanted)
    if "--help" in ctx.args:
        sys.stdout.write(_form(found))
        return
    if authorize:
        from crossdock.cli.authorizing import give_authorized

        give_authorized(
            wanted, {**_options(found, ctx.args), "url": authorize}, name=name, tenant=tenant, as_json=as_json
        )
        return
    answers = _with_secrets(found, _options(found, ctx.args))
    give_connected(wanted, answers, name=name, tenant=tenant, as_json=as_json)


def give_connected(connector: str, answers: dict[str, Any], *, name: str, tenant: str, as_json: bool) -> None:
    """Connect and tell what was set up."""
    from crossdock.kit.ids import Prefix, show

    async def work(hub: Hub, tenant_id: uuid.UUID) -> dict[str, Any]:
        made = await hub.connections.connect(tenant_id, connector, answers, name=name, actor=ACTOR)
        return {
            "id": show(Prefix.CONNECTION, made.id),
            "name": made.name,
            "connector": connector,
            "webhooks": made.hooks,
            "routes": list(made.routes),
            "warnings": list(made.warnings),
        }

    made = ask(tenant, work)
    for warning in made["warnings"]:
        note(f"note: {warning}")
    give(made, as_json=as_json, people=lambda: _connected(made))


def _connected(made: dict[str, Any]) -> str:
    lines = [f"Connected {made['name']} ({made['id']})."]
    if made["webhooks"]:
        lines.append(f"{made['webhooks']} webhooks are registered.")
    if made["routes"]:
        lines.append("Routes: " + ", ".join(made["routes"]) + ". Next: crossdock backfill, then crossdock prove")
    else:
        lines.append("No new routes: connect the other side as well, or see what goes where by: crossdock routes")
    return "\n".join(lines)


def _form(connector: Connector) -> str:
    manifest, manifest_page = connector.manifest, connector.authorization is not None
    lines = [f"Usage: crossdock connect {manifest.name} [OPTIONS]", "", f"  Connect {manifest.identity.title}.", ""]
    for field in manifest.form:
        name = "--" + field.name.replace("_", "-")
        facts = [
            *(["needed"] if _needed(field) else []),
            *([f"one of {', '.join(field.choices)}"] if field.choices else []),
        ]
        if field.default not in (None, ""):
            facts.append(f"else {field.default}")
        lines.append(f"  {name:<18} {field.label}{' (' + '; '.join(facts) + ')' if facts else ''}")
        if field.help:
            lines.append(f"  {'':<18} {field.help}")
    lines += [
        "",
        *(["  --authorize URL    Connect by the account's own page: one click, no keys"] if manifest_page else []),
        *([f"  Or without keys: crossdock oauth authorize {manifest.name}"] if manifest.auth.oauth2 else []),
        "  --name TEXT        What to call the connection",
        "  --tenant NAME      Whose data",
        "  --json             Answer in JSON",
        "",
    ]
    return "\n".join(lines) + "\n"


def _needed(field: FormField) -> bool:
    return field.required and field.default is None and not field.generated


def _options(connector: Connector, given: Sequence[str]) -> dict[str, Any]:
    """Read ``--field value`` and ``--field=value``; a truth value needs no value. Raises ``BadInput``."""
    from crossdock.connect.manifest import FieldKind
    from crossdock.errors import BadInput

    fields = {field.name: field for field in connector.manifest.form}
    remedy = f"crossdock connect {connector.manifest.name} --help"
    answers: dict[str, Any] = {}
    left = list(given)
    while left:
        word = left.pop(0)
        option, has_value, value = word.partition("=")
        name = option.removeprefix("--").replace("-", "_")
        if not option.startswith("--") or name not in fields:
            # the word itself may be a secret that lost its option
            shown = option if option.startswith("--") else "a value without its option"
            raise BadInput(f"{connector.manifest.name} does not take {shown}", remedy=remedy)
        if not has_value and fields[name].kind is FieldKind.BOOL and (not left or left[0].startswith("--")):
            answers[name] = True
        elif not has_value and not left:
            raise BadInput(f"{option} needs a value", field=name, remedy=remedy)
        else:
            answers[name] = value if has_value else left.pop(0)
    return answers


def _with_secrets(connector: Connector, answers: dict[str, Any]) -> dict[str, Any]:
    """Fill in what was not written on the command line: ``-`` reads a line, then the environment, then a question."""
    from crossdock.connect.manifest import FieldKind

    for field in connector.manifest.form:
        if answers.get(field.name) == "-":
            answers[field.name] = sys.stdin.readline().strip()
        if field.name in answers:
            continue
        known = os.environ.get(f"CROSSDOCK_CONNECT_{field.name.upper()}")
        if known:
            answers[field.name] = known
        elif _needed(field) and sys.stdin.isatty():
            answers[field.name] = typer.prompt(field.label, hide_input=field.kind is FieldKind.SECRET, err=True)
    return answers


def parse_id(parse: Any, prefix: Any, text: str) -> Any:
    """Read an id given by a person. Raises ``BadInput``."""
    from crossdock.errors import BadInput

    try:
        return parse(prefix, text)
    except ValueError as wrong:
        raise BadInput(f"that is no such id: {wrong}", remedy="copy it from the list") from None


@guarded
def check(
    connection: Annotated[str | None, typer.Argument(help="Its id, name or account; all by default.")] = None,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Try connections without side effects; exit code 1 when one of them does not work."""
    from crossdock.govern.directory import HUB

    async def work(hub: Hub, tenant_id: uuid.UUID) -> list[dict[str, Any]]:
        answers = []
        if connection is not None:
            chosen = [(await hub.connections.find(tenant_id, connection))]
        else:
            listed = [row for row in await hub.connections.list(tenant_id) if row["connector"] != HUB]
            chosen = [await hub.connections.one(tenant_id, row["uuid"]) for row in listed]
        for one in chosen:
            result = await hub.connections.check(tenant_id, one.id)
            answers.append(
                {
                    "name": one.name,
                    "connector": one.connector,
                    "ok": result.ok,
                    "problem": result.problem,
                    "remedy": result.remedy,
                    "warnings": list(result.warnings),
                }
            )
        return answers

    answers = ask(tenant, work)
    give(answers, as_json=as_json, people=lambda: table(answers, ("name", "ok", "problem", "remedy", "warnings")))
    if not all(answer["ok"] for answer in answers):
        raise typer.Exit(Code.NO)
