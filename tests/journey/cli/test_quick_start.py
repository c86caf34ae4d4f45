"""The quick start does what it says: every command of the page runs, in order, against the sandboxes it names."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from crossdock.connectors.hubspot.mapper import fate_of
from crossdock.model.maps import CORE_STATUSES
from tests.journey.cli.conftest import Terminal, answer, sandbox

DOCS = Path(__file__).parents[3] / "docs"
PAGE = DOCS / "tutorial" / "woocommerce-quick-start.md"
GUIDE = DOCS / "how-to" / "woocommerce-guide.md"


def commands() -> list[list[str]]:
    """Return the words of every command of the page."""
    blocks = re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return [shlex.split(line) for block in blocks for line in block.splitlines() if line.strip()]


def test_every_command_of_the_quick_start_works(terminal: Terminal) -> None:
    told = [words[1:] for words in commands() if words[0] == "crossdock"]
    served = [words for words in told if words[0] == "sandbox"]
    assert [words[1] for words in served] == ["woocommerce", "hubspot"]
    assert told[-1] == ["serve"], "what stays is run by the demo's test"
    with sandbox("woocommerce", "--orders", "50") as shop, sandbox("hubspot") as portal:
        known = {"SHOP": shop["url"], "KEY": shop["connect"]["key"], "SECRET": shop["connect"]["secret"]}
        known |= {"PORTAL": portal["url"], "TOKEN": portal["connect"]["token"]}
        for words in told[len(served) : -1]:
            if "$ORDER" in words and "ORDER" not in known:
                known["ORDER"] = answer(terminal("orders", "list", "--status", "processing", "--json"))[0]["data"][
                    "number"
                ]
            given = [re.sub(r"\$([A-Z]+)", lambda found: known[found[1]], word) for word in words]
            result = terminal(*given)
            assert result.exit_code == 0, f"{' '.join(words)}: {result.output}"


def test_the_guide_names_every_status_and_what_becomes_of_the_deal() -> None:
    part = GUIDE.read_text(encoding="utf-8").split("## Order statuses")[1].split("##")[0]
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| ([a-z ]+) \|", part, re.MULTILINE))
    assert set(CORE_STATUSES) < set(rows)
    assert {status: rows[status] for status in (*CORE_STATUSES, "trash")} == {
        status: fate_of(status) for status in (*CORE_STATUSES, "trash")
    }
