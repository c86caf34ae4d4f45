"""Write docs/reference from the code and the catalogue of a migrated database. ``--check`` says what is stale.

One function a page; each returns the page's whole text.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import io
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
REFERENCE = ROOT / "docs" / "reference"
MADE = "<!-- Made by `make docs` from the code. Do not edit. -->\n\n"


def settings_page() -> str:
    """Return every setting: variable, type, default, meaning."""
    from crossdock.settings import Settings

    rows = []
    for name, field in Settings.model_fields.items():
        kind = getattr(field.annotation, "__name__", str(field.annotation)).replace("|", "or")
        default = "made at the first start, see below" if field.default_factory else repr(field.default)
        rows.append(f"| `CROSSDOCK_{name.upper()}` | {kind} | {default.replace('|', 'or')} | {field.description} |")
    return (
        f"# Settings\n\n{MADE}"
        "Settings come from the environment, then from the TOML file named by `CROSSDOCK_CONFIG` (`./config.toml` when"
        " it is unset; keys are the names below without the prefix, in lower case, and a key that is none of them is"
        " refused), then from these defaults.\n\n"
        "The data directory is `~/.local/share/crossdock` (`/var/lib/crossdock` for root), the master key's file"
        " `~/.config/crossdock/master.key` (`/etc/crossdock/master.key` for root).\n\n"
        "| variable | type | default | meaning |\n|---|---|---|---|\n" + "\n".join(rows) + "\n"
    )


def errors_page() -> str:
    """Return the tree of errors with codes and statuses."""
    from crossdock import errors
    from crossdock.store import errors as store_errors

    rows = []
    for _, one in inspect.getmembers(errors, inspect.isclass):
        if issubclass(one, errors.CrossdockError):
            rows.append((one.status, f"| `{one.code}` | {one.status} | {_first(one)} |"))
    trouble = [
        f"| `{name}` | {_first(one)} |"
        for name, one in inspect.getmembers(store_errors, inspect.isclass)
        if issubclass(one, store_errors.StoreError)
    ]
    return (
        f"# Errors\n\n{MADE}"
        "Every error says what is wrong (`detail`), names the `field` where there is one, and what to do (`remedy`)."
        " The API answers them as `application/problem+json` (RFC 9457) with a stable `code`.\n\n"
        "| code | status | when |\n|---|---|---|\n"
        + "\n".join(row for _, row in sorted(rows))
        + "\n\n## Trouble with the database\n\nShown by the command line and `crossdock doctor`.\n\n"
        + "| name | when |\n|---|---|\n"
        + "\n".join(trouble)
        + "\n"
    )


def metrics_page() -> str:
    """Return every metric of /metrics."""
    from crossdock import metrics

    rows = []
    for metric in sorted(metrics.REGISTRY.collect(), key=lambda m: m.name):
        suffix = "_total" if metric.type == "counter" else ""
        rows.append(f"| `{metric.name}{suffix}` | {metric.type} | {metric.documentation} |")
    return (
        f"# Metrics\n\n{MADE}Published under `/metrics` for Prometheus: to this machine alone, or with"
        " `CROSSDOCK_METRICS_TOKEN` to whoever sends it.\n\n"
        "| metric | type | meaning |\n|---|---|---|\n" + ("\n".join(rows) + "\n")
    )


def schema_page() -> str:
    """Return the tables, columns and indexes of a migrated database."""
    from crossdock.store.database import Database
    from crossdock.store.queries import load
    from crossdock.store.settings import StoreSettings

    queries = load(Path(__file__).with_name("schema.sql"))

    async def read(home: Path) -> tuple[list[Any], list[Any]]:
        async with Database.open(StoreSettings(home / "data")) as database, database.owner() as conn:
            return await conn.fetch(queries["columns"]), await conn.fetch(queries["indexes"])

    with tempfile.TemporaryDirectory(prefix="crossdock-docs-") as made:
        # the embedded server runs as another user when this is root
        Path(made).chmod(0o755)
        columns, indexes = asyncio.run(read(Path(made)))
    parts = [f"# Schema\n\n{MADE}Partitioned tables hold a partition a day, by the time inside their UUIDv7 `id`.\n"]
    for table in dict.fromkeys(row["table"] for row in columns):
        parts += _table([row for row in columns if row["table"] == table], table)
        parts += [f"- `{row['definition']}`" for row in indexes if row["table"] == table]
        parts.append("")
    return "\n".join(parts)


def _table(own: list[Any], table: str) -> list[str]:
    marks = [("partitioned", own[0]["partitioned"]), ("row-level security", own[0]["forced"])]
    said = ", ".join(mark for mark, on in marks if on)
    parts = [f"## {table}\n\n{said}\n" if said else f"## {table}\n"]
    parts.append("| column | type | null | default |\n|---|---|---|---|")
    for row in own:
        default = (row["default"] or "").replace("|", "or")
        parts.append(f"| {row['column']} | {row['type']} | {'yes' if row['nullable'] else ''} | {default} |")
    return [*parts, ""]


def cli_page() -> str:
    """Return every command with its own help, as the program prints it."""
    from typer.main import get_command

    from crossdock.cli.app import app

    root = get_command(app)
    # one width and no colours, whoever makes the page
    os.environ.update(COLUMNS="100", NO_COLOR="1", TERM="dumb")
    parts = [f"# Command line\n\n{MADE}"]

    def walk(command: Any, path: tuple[str, ...]) -> None:
        shown = io.StringIO()
        # in this process: a hundred interpreters would take a minute
        with contextlib.redirect_stdout(shown), contextlib.suppress(SystemExit):
            root.main([*path, "--help"], prog_name="crossdock")
        text = shown.getvalue().strip()
        parts.append(f"{'#' * min(2 + len(path[1:]), 3)} crossdock {' '.join(path)}\n\n```text\n{text}\n```\n")
        for name, child in sorted(getattr(command, "commands", {}).items()):
            if not child.hidden:
                walk(child, (*path, name))

    walk(root, ())
    return "\n".join(line.rstrip() for line in "\n".join(parts).splitlines()) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "settings": settings_page,
    "errors": errors_page,
    "metrics": metrics_page,
    "schema": schema_page,
    "cli": cli_page,
}


def _first(one: type) -> str:
    return (inspect.getdoc(one) or "").split("\n\n")[0].replace("\n", " ")


def main() -> int:
    """Write the pages, or with ``--check`` only compare; returns 1 when one is stale."""
    check = "--check" in sys.argv
    stale = []
    REFERENCE.mkdir(parents=True, exist_ok=True)
    for name, make in PAGES.items():
        path, text = REFERENCE / f"{name}.md", make()
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(path.name)
        if not check:
            path.write_text(text, encoding="utf-8")
    print(("stale: " if check else "written: ") + (", ".join(stale) or "nothing"))
    return 1 if check and stale else 0


if __name__ == "__main__":
    raise SystemExit(main())
