"""Rules about a connector's files."""

from __future__ import annotations

import ast
from pathlib import Path

import crossdock
from crossdock.connect.sheet import render
from crossdock.connect.suite.harness import Harness
from crossdock.connect.suite.rule import rule


@rule("docs-current")
async def docs_current(harness: Harness) -> None:
    """The reference page is the one that the manifest makes."""
    manifest = harness.connector.manifest
    assert harness.page.is_file(), f"there is no {harness.page.name}; make it: crossdock connectors --pages DIR"
    assert harness.page.read_text(encoding="utf-8") == render(manifest), (
        f"{harness.page.name} is stale; make it again: crossdock connectors --pages DIR"
    )


@rule("removal-clean")
async def removal_clean(harness: Harness) -> None:
    """Nothing else needs the connector: its folder can be deleted."""
    name = harness.connector.manifest.name
    needing = _needing(f"crossdock.connectors.{name}", harness.folder)
    assert not needing, f"these cannot be imported without {name}: {', '.join(needing)}"


def _needing(package: str, folder: Path) -> list[str]:
    root, own = Path(crossdock.__file__).resolve().parent, folder.resolve()
    modules = [path for path in sorted(root.rglob("*.py")) if own not in path.parents]
    return [str(path.relative_to(root)) for path in modules if _needs(path, package)]


def _needs(path: Path, package: str) -> bool:
    """Whether a module imports a package as it is loaded (an import inside a function waits until it is called)."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return any(_imports(statement, package) for statement in tree.body)


def _imports(statement: ast.stmt, package: str) -> bool:
    if isinstance(statement, ast.Import):
        return any(alias.name == package or alias.name.startswith(package + ".") for alias in statement.names)
    if isinstance(statement, ast.ImportFrom):
        module = statement.module or ""
        whole = [module, *(f"{module}.{alias.name}" for alias in statement.names)]
        return any(name == package or name.startswith(package + ".") for name in whole)
    return False
