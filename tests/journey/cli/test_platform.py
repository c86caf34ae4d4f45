"""docs/how-to/platform.md: its commands do what it says, each of them and in its order."""

from __future__ import annotations

import re
import shlex
import tarfile
from pathlib import Path
from typing import Any

import pytest

from crossdock.kit.redact import text
from tests.journey.cli.conftest import Terminal, answer

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "platform.md"


def commands() -> list[list[str]]:
    """Return the commands of the page."""
    blocks = re.findall(r"```console\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return [shlex.split(line) for block in blocks for line in block.splitlines()]


def test_the_page_for_platforms(terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    given: list[Any] = []
    key = ""
    for program, *words in commands():
        assert program == "crossdock"
        result = terminal(*[key if word == "KEY" else word for word in words], "--json")
        assert result.exit_code == 0, (words, result.output)
        given.append(answer(result))
        if words[:2] == ["keys", "add"]:
            key = given[-1]["id"]
    platform, tenant, reports, link, trial, token, archive, end, ends = given
    assert (platform["key"][:4], reports["expires_at"], trial["key"][:9]) == ("cdk_", None, "cdk_test_")
    assert platform["expires_at"]
    assert tenant["slug"] == "bakery"
    assert "/c/" in link["url"]
    assert token["scopes"] == ["read"]
    assert text(f"a {token['token']} b {reports['key']}") == "a [redacted] b [redacted]"
    assert archive["bytes"] == Path("bakery.tar.gz").stat().st_size
    assert Path("bakery.tar.gz").stat().st_mode & 0o077 == 0
    with tarfile.open("bakery.tar.gz") as tar:
        assert tar.getnames()[-1] == "manifest.json"
    assert (end["state"], end["counts"]["api_key"], end["counts"]["connect_link"]) == ("deleted", 1, 1)
    assert {one["slug"] for one in ends} == {"bakery", "bakery-test"}
    assert [row["slug"] for row in answer(terminal("tenants", "--json"))] == ["default"]


def test_keys_by_command(terminal: Terminal) -> None:
    made = answer(terminal("keys", "add", "robot", "--scope", "read", "--expires", "2099-01-31", "--json"))
    assert made["expires_at"].startswith("2099-01-31T23:59:59")
    replaced = answer(terminal("keys", "replace", made["id"], "--overlap-hours", "1", "--json"))
    assert (replaced["old_id"], replaced["key"] != made["key"]) == (made["id"], True)
    rows = answer(terminal("keys", "--json"))
    assert [row["replaces"] for row in rows] == [None, made["id"]]
    assert terminal("keys", "revoke", replaced["id"]).exit_code == 0
    for words in (
        ("keys", "replace", made["id"]),
        ("keys", "add", "x", "--expires", "soon"),
        ("keys", "add", "x", "--scope", "all"),
        ("tokens", "add", replaced["id"]),
        ("links", "add", "nobody"),
        ("tenants", "delete", "default", "--confirm", "other"),
    ):
        refused = terminal(*words)
        assert (refused.exit_code, "what to do" in refused.output) == (2, True), words


def test_what_is_no_such_tenant_is_not_exported_over_a_file(terminal: Terminal, tmp_path: Path) -> None:
    there = tmp_path / "kept.tar.gz"
    there.write_text("mine")
    assert terminal("tenants", "export", "default", str(there)).exit_code != 0
    assert there.read_text() == "mine"
