"""Break the plugin line by line and demand that the property that guards the line fails.

Usage: ``python tools/plugin_mutate.py [PROPERTY ...]`` (numbers such as 07; none: all). Each mutant of
tests/plugin/properties/mutants.toml is put into a copy of the plugin; then its property alone is run against the copy.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
PLUGIN = ROOT / "plugin" / "crossdock"
PROPERTIES = ROOT / "tests" / "plugin" / "properties"
PATIENCE_S = 300


@dataclass(frozen=True)
class Mutant:
    """A line that is broken: ``text`` of ``file`` becomes ``by``; ``property`` is the number of who must notice."""

    property: str
    file: str
    text: str
    by: str

    def apply(self, folder: Path) -> None:
        """Break a copy of the plugin."""
        path = folder / self.file
        source = path.read_text(encoding="utf-8")
        if source.count(self.text) != 1:
            raise SystemExit(f"{self.file} holds {source.count(self.text)} times: {self.text}")
        path.write_text(source.replace(self.text, self.by), encoding="utf-8")

    def test(self) -> Path:
        """The file of its property."""
        (found,) = PROPERTIES.glob(f"test_{self.property}_*.py")
        return found


def mutants() -> list[Mutant]:
    """Read the table."""
    return [Mutant(**row) for row in tomllib.loads((PROPERTIES / "mutants.toml").read_text("utf-8"))["mutant"]]


def noticed(mutant: Mutant) -> tuple[bool, str]:
    """Run a mutant's property; whether a test failed (an error of the harness is no notice), and what was said."""
    with tempfile.TemporaryDirectory(prefix="crossdock-mutant-") as folder:
        copy = Path(folder) / "crossdock"
        shutil.copytree(PLUGIN, copy)
        mutant.apply(copy)
        command = [sys.executable, "-m", "pytest", str(mutant.test()), "-q", "--no-header", "-p", "no:cacheprovider"]
        done = subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, "CROSSDOCK_TEST_PLUGIN": str(copy)},
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_S,
        )
    last = done.stdout.strip().splitlines()[-1] if done.stdout.strip() else done.stderr.strip()[-200:]
    return bool(re.search(r"\d+ failed", last)), last


def main() -> int:
    """Run the mutants of the named properties, or all."""
    chosen = [one for one in mutants() if not sys.argv[1:] or one.property in sys.argv[1:]]
    survivors = 0
    for mutant in chosen:
        began = time.monotonic()
        seen, last = noticed(mutant)
        survivors += not seen
        state = "noticed" if seen else "MISSED "
        line = " ".join(mutant.text.split())[:70]
        print(f"{mutant.property} {state} {mutant.file}: {line}  ({time.monotonic() - began:.0f} s)", flush=True)
        if not seen:
            print(f"   {last}", flush=True)
    print(f"{len(chosen) - survivors} of {len(chosen)} broken lines were noticed")
    return 1 if survivors else 0


if __name__ == "__main__":
    raise SystemExit(main())
