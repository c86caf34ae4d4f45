"""Exit codes, machine answers, problems in two lines, and a quick --help."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from crossdock.cli.answers import Code, explain, note
from crossdock.cli.app import app
from crossdock.cli.logs import masked
from crossdock.connect.client import CallFailed, FailKind
from crossdock.errors import BadInput, NotFound, Trouble, VendorTrouble
from crossdock.store.errors import StoreError
from tests.journey.cli.conftest import Terminal, answer

COMMANDS = [
    *("demo", "serve", "worker", "doctor", "connect", "connections", "routes", "check", "pull", "backfill", "runs"),
    *("events", "deliveries", "prove", "replay", "connectors", "sandbox", "keys", "tenants", "backup", "restore"),
]


def test_every_problem_has_its_exit_code() -> None:
    """As the epilogue of --help says."""
    assert explain(BadInput("x"))[0] is Code.USE
    assert explain(NotFound("x"))[0] is Code.USE
    assert explain(Trouble("x"))[0] is Code.TROUBLE
    assert explain(StoreError("x", "y")) == (Code.TROUBLE, "x", "y")
    assert explain(VendorTrouble("x"))[0] is Code.VENDOR
    assert explain(CallFailed(FailKind.ANSWER, True, "x", "y"))[0] is Code.VENDOR
    assert explain(RuntimeError("x"))[0] is Code.TROUBLE


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_and_speaks_json(command: str) -> None:
    """Every command of the issue is there, and takes --json."""
    shown = CliRunner().invoke(app, [command, "--help"])
    assert shown.exit_code == 0
    assert "--json" in shown.output


def test_help_names_the_exit_codes_and_needs_no_database() -> None:
    """It imports neither the hub nor a connector."""
    heavy = ("asyncpg", "aiohttp", "rich.console", "crossdock.wiring", "crossdock.connectors")
    probe = f"import sys, crossdock.cli.app; print([name for name in sys.modules if name.startswith({heavy!r})])"
    loaded = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"
    shown = CliRunner().invoke(app, ["--help"]).output
    assert "130 interrupted" in shown


@pytest.mark.parametrize(
    "words",
    [
        ["connect", "nosuch"],
        ["connect", "hubspot", "--colour", "red"],
        ["connect", "hubspot", "--token"],
        ["backfill"],
        ["backfill", "nobody"],
        ["replay"],
        ["replay", "--since", "yesterday"],
        ["events", "show", "evt_1"],
        ["deliveries", "--state", "lost"],
        ["runs", "--tenant", "nobody"],
        ["keys", "add", "x", "--scope", "everything"],
        ["sandbox", "nosuch"],
        ["nonsense"],
    ],
)
def test_wrong_use_is_2_and_never_a_traceback(terminal: Terminal, words: list[str]) -> None:
    """Whatever is wrong with the words, it is said in words."""
    result = terminal(*words)
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    assert result.stdout == ""


def test_a_database_out_of_reach_is_3(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the password in its URL is not shown; with --json the problem is JSON on standard error."""
    monkeypatch.setenv("CROSSDOCK_DATABASE_URL", "postgresql://user:canary-word@127.0.0.1:1/none")
    result = terminal("runs", "--json")
    assert result.exit_code == 3
    assert "canary-word" not in result.output
    assert json.loads(result.stderr.strip().splitlines()[-1])["exit_code"] == 3
    monkeypatch.setenv("CROSSDOCK_PORT", "much")
    assert "CROSSDOCK_PORT" in terminal("runs").stderr


def test_keys_and_tenants(terminal: Terminal) -> None:
    """A key is shown once; another tenant does not see it."""
    made = answer(terminal("keys", "add", "erp", "--scope", "read", "--json"))
    assert made["key"].startswith("cdk_")
    listed = terminal("keys", "--json")
    assert answer(listed)[0]["name"] == "erp"
    assert made["key"] not in listed.output
    assert terminal("tenants", "add", "other").exit_code == 0
    assert answer(terminal("keys", "list", "--tenant", "other", "--json")) == []
    assert "other" in terminal("tenants").stdout
    assert answer(terminal("keys", "revoke", made["id"], "--json"))["revoked"] is True
    assert len(answer(terminal("keys", "master", "--json"))["master_key"]) == 44


def test_doctor_and_lists_of_an_empty_installation(terminal: Terminal) -> None:
    """Empty states say what to do next."""
    assert "crossdock connect" in terminal("connections").stdout
    assert "connect both sides" in terminal("routes").stdout
    found = {row["check"]: row for row in answer(terminal("doctor", "--json"))}
    assert found["schema"]["ok"] is True
    assert all(row["what_to_do"] for row in found.values() if not row["ok"])


def test_connectors_and_a_new_one(terminal: Terminal, tmp_path: Path) -> None:
    """The table of quality has no todo; both spellings begin a connector, and nothing is overwritten."""
    rows = {row["name"]: row for row in answer(terminal("connectors", "--json"))}
    assert {"woocommerce", "hubspot", "webhook"} <= rows.keys()
    assert not [s for row in rows.values() for s in row["quality"].values() if s.startswith("todo")]
    assert "check-good" in terminal("connectors").stdout
    answer(terminal("connectors", "--pages", str(tmp_path / "pages"), "--json"))
    ours = {path.name: path.read_text() for path in (Path(__file__).parents[3] / "docs/reference/connectors").iterdir()}
    assert {name: (tmp_path / "pages" / name).read_text() for name in ours} == ours
    made = answer(terminal("connector", "new", "acme", "--directory", str(tmp_path), "--json"))
    assert all(Path(path).is_file() for path in made["files"])
    assert terminal("connectors", "new", "acme", "--directory", str(tmp_path)).exit_code == 2
    assert terminal("connectors", "new", "Acme!", "--directory", str(tmp_path)).exit_code == 2


def test_the_form_of_a_connector_is_its_help(terminal: Terminal) -> None:
    """crossdock connect NAME --help shows the manifest's form."""
    shown = terminal("connect", "woocommerce", "--help")
    assert shown.exit_code == 0
    assert all(option in shown.stdout for option in ("--url", "--key", "--secret", "--plain-http"))
    assert terminal("connect").exit_code == 2


def test_logs_mask_secrets_and_people() -> None:
    """By the name of a field and by the look of a text."""
    event = masked(None, "info", {"event": "for zoe@example.org", "token": "pat-na1-canary", "email": "a@b.cd", "n": 1})
    assert event == {"event": "for [e-mail]", "token": "[redacted]", "email": "[redacted]", "n": 1}


def test_an_address_longer_than_the_terminal_is_wide_stays_in_one_piece(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    address = "https://shop.example/wp-admin/admin.php?page=crossdock-connection&pair=cdp1." + "x" * 90
    note(f"Open this page in the browser of whoever looks after the shop:\n\n  {address}\n")
    told = capsys.readouterr().err.splitlines()
    assert f"  {address}" in told
    assert max(len(line) for line in told if address not in line) <= 40, "words are wrapped as ever"
