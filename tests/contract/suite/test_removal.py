"""A connector's folder can be deleted: the rest of the product still imports, in a process of its own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import crossdock
from crossdock.connect import catalogue

IMPORT_ALL = """
import importlib, pkgutil, sys
import crossdock
from crossdock.connect import catalogue
names = [m.name for m in pkgutil.walk_packages(crossdock.__path__, "crossdock.")]
for name in names:
    if not name.endswith("__main__") and ".migrations" not in name:
        importlib.import_module(name)
found = {c.manifest.name for c in catalogue.connectors()}
assert sys.argv[1] not in found and found == set(catalogue.names()), (found, catalogue.broken())
print(len(names))
"""


@pytest.mark.parametrize("name", [n for n in catalogue.names() if catalogue.catalogue().built_in(n)])
def test_the_rest_stands_without_it(name: str, tmp_path: Path) -> None:
    source = Path(crossdock.__file__).parent
    shutil.copytree(source, tmp_path / "crossdock", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.rmtree(tmp_path / "crossdock" / "connectors" / name)
    ran = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, name],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert int(ran.stdout) > 50
