"""Promises broken on purpose, in a scratch copy of the source: the checker has to catch each of them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import msgspec

from tests.crash.campaign.board import BEFORE, Fault
from tests.crash.campaign.points import ROOT

HERE = Path(__file__).parents[3]
_CAMPAIGN = (sys.executable, "-m", "tests.crash.campaign")


class Faults(msgspec.Struct, frozen=True):
    """The same thing at several passings of a place."""

    place: str
    action: str
    first: int
    last: int
    step: int = 1
    phase: str = BEFORE


class Change(msgspec.Struct, frozen=True):
    """A text of the source and what stands there instead."""

    old: str
    new: str


class Mutant(msgspec.Struct, frozen=True):
    """One broken promise: where it is kept, how it is broken, and the faults that bring it to light."""

    name: str
    promise: str
    file: str
    seen: str
    """What the checker says of it."""
    change: tuple[Change, ...]
    hands: str = "shop,caller,platform"
    armed: bool = False
    faults: Faults | None = None

    @property
    def schedule(self) -> list[Fault]:
        """Return the faults one by one."""
        if self.faults is None:
            return []
        many = self.faults
        nths = range(many.first, many.last + 1, many.step)
        return [Fault(many.place, nth, many.action, many.phase) for nth in nths]


def mutants() -> dict[str, Mutant]:
    """Return all of them by name."""
    read = tomllib.loads(Path(__file__).with_suffix(".toml").read_text())
    return {one.name: one for one in msgspec.convert(read["mutant"], list[Mutant])}


def applied(mutant: Mutant, home: Path) -> Path:
    """Copy the source, break it, and return where it is. Raises ``ValueError`` when the promise is kept elsewhere."""
    source = home / "src"
    shutil.copytree(ROOT, source / "crossdock", ignore=shutil.ignore_patterns("__pycache__"))
    path = source / "crossdock" / mutant.file
    text = path.read_text()
    for one in mutant.change:
        if text.count(one.old) != 1:
            raise ValueError(f"{mutant.name}: {mutant.file} holds {text.count(one.old)} times: {one.old}")
        text = text.replace(one.old, one.new)
    path.write_text(text)
    return source


def played(mutant: Mutant, *, live_s: float = 6.0, patience_s: float = 45.0) -> tuple[int, str]:
    """Play a round against the broken copy; returns the campaign's exit code and its words."""
    faults = "\n".join(map(str, mutant.schedule)) or "none"
    asked = {
        "--rounds": "1",
        "--live": str(live_s),
        "--patience": str(patience_s),
        "--faults": faults,
        "--hands": mutant.hands,
    }
    with tempfile.TemporaryDirectory(prefix="crossdock-mutant-") as home:
        source = applied(mutant, Path(home))
        done = subprocess.run(
            [*_CAMPAIGN, *(word for pair in asked.items() for word in pair), *(["--armed"] if mutant.armed else [])],
            cwd=HERE,
            env={**_unmeasured(), "PYTHONPATH": f"{source}{os.pathsep}{HERE}"},
            capture_output=True,
            text=True,
            check=False,
        )
    return done.returncode, done.stdout + done.stderr


def _unmeasured() -> dict[str, str]:
    """The environment without coverage's wish to measure child processes: a broken copy is gone when it reports."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}


def main() -> int:
    """Play every mutant, or those that are named; 1 when one was not caught."""
    known = mutants()
    missed = 0
    for name in sys.argv[1:] or known:
        code, said = played(known[name])
        caught = code == 1 and known[name].seen in said
        missed += not caught
        print(f"{name}: {'caught' if caught else 'NOT CAUGHT'}", flush=True)
        if not caught:
            print(said[-3000:], flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
