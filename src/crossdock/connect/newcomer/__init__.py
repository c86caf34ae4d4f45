"""A complete small connector to begin from: ``crossdock connector new NAME``.

What is written works: it speaks to a sandbox of its own (a vendor that keeps notes under a key) and passes every rule
of the contract suite. Its author replaces the notes by a vendor, file by file, and the suite says what is missing.
"""

from __future__ import annotations

import keyword
import re
from pathlib import Path

from crossdock.connect import sheet
from crossdock.connect.manifest import load

_TEMPLATES = Path(__file__).with_name("templates")
_NAME = re.compile(r"[a-z][a-z0-9_]{1,30}\Z")
_FILES = (
    ("pyproject.toml", "pyproject.toml"),
    ("README.md", "README.md"),
    ("manifest.toml", "src/{package}/manifest.toml"),
    ("__init__.py", "src/{package}/__init__.py"),
    ("client.py", "src/{package}/client.py"),
    ("destination.py", "src/{package}/destination.py"),
    ("mapper.py", "src/{package}/mapper.py"),
    ("sandbox.py", "src/{package}/sandbox.py"),
    ("harness.py", "tests/harness.py"),
    ("test_suite.py", "tests/test_suite.py"),
)


class BadName(ValueError):
    """A name no connector can have."""


def package_of(name: str) -> str:
    """Return the Python package of a connector made here."""
    return f"crossdock_{name}"


def create(name: str, directory: Path) -> list[Path]:
    """Write a connector package into ``directory/crossdock-<name>`` and return its files.

    Raises :class:`BadName`, or ``FileExistsError`` when the folder is there: nothing is ever overwritten.
    """
    if not _NAME.match(name) or keyword.iskeyword(name):
        raise BadName("a connector's name has 2 to 31 lower-case letters, digits and _, and begins with a letter")
    root = directory / f"crossdock-{name.replace('_', '-')}"
    root.mkdir(parents=True)
    title = name.replace("_", " ").title()
    words = {"@NAME@": name, "@TITLE@": title, "@PACKAGE@": package_of(name), "@CLASS@": title.replace(" ", "")}
    made = []
    for template, place in _FILES:
        path = root / place.format(package=package_of(name))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_filled(template, words), encoding="utf-8")
        made.append(path)
    manifest = load(root / "src" / package_of(name) / "manifest.toml")
    made.append(sheet.write(manifest, root / "docs"))
    return made


def _filled(template: str, words: dict[str, str]) -> str:
    text = (_TEMPLATES / f"{template}.txt").read_text(encoding="utf-8")
    for mark, word in words.items():
        text = text.replace(mark, word)
    return text
