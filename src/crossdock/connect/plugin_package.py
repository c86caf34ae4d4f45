"""The WordPress plugin as sites install it.

Its sources travel with this package: in a wheel under ``crossdock/_plugin``, in a checkout in ``plugin/crossdock``. The
ZIP is made from them when it is asked for; its bytes are the same on every machine.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from crossdock.kit.archive import zipped

SLUG = "crossdock"
_PACKAGE = Path(__file__).parents[1]


@cache
def sources() -> Path:
    """Return the folder of the plugin's sources.

    Raises:
        FileNotFoundError: this installation carries no plugin.
    """
    for folder in (_PACKAGE / "_plugin" / SLUG, _PACKAGE.parents[1] / "plugin" / SLUG):
        if (folder / f"{SLUG}.php").is_file():
            return folder
    raise FileNotFoundError("this installation of Crossdock carries no WordPress plugin")


@cache
def header() -> dict[str, str]:
    """Return the fields of the plugin's header by name, as WordPress reads them (``Version``, ``Requires PHP`` …)."""
    text = (sources() / f"{SLUG}.php").read_text(encoding="utf-8")
    return {
        name: value.strip() for name, value in re.findall(r"^ \* ([A-Z][A-Za-z ]+):[ \t]+(.+)$", text, re.MULTILINE)
    }


def version() -> str:
    """Return the plugin's version."""
    return header()["Version"]


def package() -> bytes:
    """Return the plugin's ZIP: one folder ``crossdock`` with all that a site needs and nothing else."""
    folder = sources()
    found = (path for path in folder.rglob("*") if path.is_file())
    kept = (path for path in found if not any(part.startswith(".") for part in path.relative_to(folder).parts))
    return zipped({f"{SLUG}/{path.relative_to(folder).as_posix()}": path.read_bytes() for path in kept})


def build(target: Path) -> Path:
    """Write the plugin's ZIP to a file, or into a folder as ``crossdock.zip``, and return where it lies."""
    file = target / f"{SLUG}.zip" if target.is_dir() else target
    file.write_bytes(package())
    return file
