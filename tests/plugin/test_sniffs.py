"""The plugin's rules for its own code, and that each of them is able to tell."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.support import machine

ROOT = Path(__file__).parents[2]
PLUGIN = ROOT / "plugin" / "crossdock"
SNIFFS = ROOT / "plugin" / "tests" / "sniffs"
EXAMPLES = sorted(path.relative_to(SNIFFS / "examples/bad") for path in (SNIFFS / "examples/bad").rglob("*.php"))
NAMES = sorted(path.stem.removesuffix("Sniff") for path in SNIFFS.glob("Crossdock/Sniffs/*/*Sniff.php"))


def sniff(*paths: Path) -> dict[str, set[tuple[int, str]]]:
    """Return what is told of each file: lines and codes. Comments that switch a sniff off are not heeded."""
    machine.need("phpcs", modules=("xml",))
    command = ["phpcs", "--standard=Crossdock", "--ignore-annotations", "-q", "--report=json", *map(str, paths)]
    done = subprocess.run(command, cwd=SNIFFS, capture_output=True, text=True, check=False)
    assert done.stdout.startswith("{"), done.stdout[-2000:] + done.stderr[-2000:]
    return {
        name: {(one["line"], one["source"].removeprefix("Crossdock.").partition(".")[2]) for one in file["messages"]}
        for name, file in json.loads(done.stdout)["files"].items()
    }


def test_the_plugin_keeps_its_rules() -> None:
    found = sniff(PLUGIN)
    assert len(found) > 10
    assert {name.partition("/plugin/crossdock/")[2]: told for name, told in found.items() if told} == {}


def test_no_rule_is_switched_off() -> None:
    marks = re.compile(r"phpcs:|codingStandards|@phpstan-ignore|noinspection", re.IGNORECASE)
    found = [path for path in PLUGIN.rglob("*.php") if marks.search(path.read_text(encoding="utf-8"))]
    assert [str(path.relative_to(PLUGIN)) for path in found] == []


def test_every_rule_has_its_examples() -> None:
    assert sorted(path.stem for path in EXAMPLES) == NAMES


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_a_good_example_is_let_through(example: Path) -> None:
    assert all(told == set() for told in sniff(SNIFFS / "examples/good" / example).values())


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_a_bad_example_is_told_line_by_line(example: Path) -> None:
    path = SNIFFS / "examples/bad" / example
    wanted = set()
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        for code in line.partition("told: ")[2].split(", "):
            if code:
                wanted.add((number, code))
    assert wanted
    (told,) = sniff(path).values()
    assert told == wanted


def test_a_long_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "long.php").write_text("<?php\n" + "$a = 1;\n" * 200, encoding="utf-8")
    assert {code for told in sniff(tmp_path / "long.php").values() for _, code in told} == {"OneClass.Long"}


def test_the_main_file_alone_stands_outside_of_classes() -> None:
    beside = [path.relative_to(PLUGIN).as_posix() for path in PLUGIN.rglob("*.php") if "src" not in path.parts]
    assert set(beside) <= {"crossdock.php", "uninstall.php"}
