"""A mapping is looked at, changed in a file, tried, chosen and taken back by commands alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.journey.cli.conftest import Terminal, answer, options, sandbox

SHORT = '      - target: dealname\n        template: "Order {number}"\n'


def renamed(text: str) -> str:
    """Return an exported mapping with another name for deals."""
    lines = text.splitlines(keepends=True)
    at = next(i for i, line in enumerate(lines) if line.strip() == "- target: dealname")
    end = next(i for i in range(at + 1, len(lines)) if lines[i].lstrip().startswith("- target:"))
    return "".join([*lines[:at], SHORT, *lines[end:]])


Run = Callable[..., Any]


def _refuses(terminal: Terminal, run: Run, route: str, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("objects:\n- object: deals\n  rules:\n  - {target: dealnam, path: number}\n", encoding="utf-8")
    found = run("mappings", "validate", route, str(wrong), code=1)
    assert {one["rule"] for one in found["problems"]} == {"unknown-field", "required-missing"}
    refused = terminal("mappings", "import", route, str(wrong))
    assert refused.exit_code == 2
    assert "deals.dealnam" in refused.output
    assert "did you mean dealname?" in refused.output
    wrong.write_text("objects: &x\n", encoding="utf-8")
    assert "line 1" not in terminal("mappings", "validate", route, "/nowhere.yaml").output
    assert terminal("mappings", "validate", route, str(wrong)).exit_code == 2


def _tries_and_chooses(run: Run, route: str, file: Path) -> None:
    order = run("records", "shop", "order")["items"][0]["external_id"]
    tried = run("mappings", "preview", route, order, "--file", str(file))
    assert {one["field"] for one in tried["differences"]} <= {"dealname"}
    queued = run("mappings", "dry-run", route, "--last", "3")
    assert (queued["kind"], queued["asked"]["version"]) == ("mapping", 1)
    run("runs", "cancel", queued["id"])

    done = run("mappings", "activate", route, "1", "--reason", "shorter")
    assert done == {"version": 1, "before": 0}
    assert run("mappings", "show", route)["version"] == 1
    assert [one["version"] for one in run("mappings", "versions", route)] == [1, 0]
    back = run("mappings", "rollback", route, "--restore")
    assert (back["version"], back["before"], back["run"]["asked"]["do"]) == (0, 1, "restore")
    history = run("mappings", "history", route)
    assert [(one["version"], one["back"]) for one in history] == [(0, True), (1, False)]
    assert {"lookup", "money"} <= {one["name"] for one in run("mappings", "transforms")}


def _shares(terminal: Terminal, run: Run, route: str, exported: str, tmp_path: Path) -> None:
    template = tmp_path / "template.yaml"
    template.write_text("name: orders\nconnector: hubspot\n" + renamed(exported), encoding="utf-8")
    assert run("mapping-templates", "add", str(template))["version"] == 1
    own = tmp_path / "own.yaml"
    own.write_text("template: orders\noverrides:\n- {object: deals, drop: [closedate]}\n", encoding="utf-8")
    assert run("mappings", "import", route, str(own), "--activate")["active"] is True
    assert terminal("mappings", "export", route).stdout.splitlines()[2:4] == [
        "template: orders",
        "template_version: 1",
    ]
    assert run("mapping-templates", "list")[0]["routes"] == 1
    assert run("mapping-templates", "show", "orders")["versions"][0]["version"] == 1
    template.write_text(template.read_text(encoding="utf-8").replace("Order {number}", "Sale {number}"), "utf-8")
    assert run("mapping-templates", "add", str(template))["version"] == 2
    (applied,) = run("mapping-templates", "apply", "orders", "--activate")
    assert applied["problems"] is not None
    assert applied["version"] == 3


def test_every_verb_of_mappings(terminal: Terminal, tmp_path: Path) -> None:
    def run(*words: str, code: int = 0) -> Any:
        result = terminal(*words, "--json")
        assert result.exit_code == code, result.output
        return answer(result)

    with sandbox("woocommerce", "--orders", "5") as shop, sandbox("hubspot") as portal:
        run("connect", "woocommerce", *options(shop), "--name", "shop")
        run("connect", "hubspot", *options(portal), "--name", "crm")
        run("backfill", "shop")
        told = run("schema", "show", "crm", "--object", "deals")
        assert [one["name"] for one in told["destination"]] == ["deals"]
        seen = run("schema", "show", "shop", "--object", "order", "--people")["source"][0]["fields"]
        assert any("@" in str(field["samples"]) for field in seen if field["name"] == "billing.email")
        hidden = terminal("schema", "show", "shop", "--object", "order").output
        assert "@example" not in hidden
        route = next(one["id"] for one in run("routes") if one["stream"] == "order")

        exported = terminal("mappings", "export", route).stdout
        assert exported.startswith("entity: order\naction: order\n")
        file = tmp_path / "deals.yaml"
        file.write_text(renamed(exported), encoding="utf-8")
        assert run("mappings", "validate", route, str(file))["valid"] is True
        made = run("mappings", "import", route, str(file))
        assert (made["version"], made["active"]) == (1, False)
        diff = run("mappings", "diff", route, "0", "1")["differences"]
        assert [(one["target"], one["change"]) for one in diff] == [("dealname", "changed")]

        _refuses(terminal, run, route, tmp_path)
        _tries_and_chooses(run, route, file)
        _shares(terminal, run, route, exported, tmp_path)
