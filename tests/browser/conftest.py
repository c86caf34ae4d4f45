"""The suite's frame: a real hub served on a free port, and Chromium in front of it.

The tests of a process share one loop and one Chromium; each has a hub and a database of its own. An async fixture of
this suite is therefore made with ``loop_scope="session"``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright, expect

from crossdock.api.app import build_app
from crossdock.cli.demo.ground import free_port
from crossdock.connect.sandbox import serving
from crossdock.settings import Settings
from crossdock.web import page_routes
from crossdock.wiring import Hub, open_hub
from tests.browser import machine
from tests.browser.eyes import Eyes
from tests.support.browsing import Visitor, visiting
from tests.support.database import TestServer
from tests.support.hub import settings_for
from tests.support.lively import Lively, lively

_HERE = Path(__file__).parent
_FAILED = pytest.StashKey[bool]()
# as long as an action waits: three browsers share two cores with their hubs
expect.set_options(timeout=20_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let all tests of this suite run in one loop."""
    for item in items:
        if item.path.is_relative_to(_HERE) and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember which test failed, for its pictures."""
    report = yield
    if report.when == "call":
        item.stash[_FAILED] = report.failed
    return report


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Chromium without a window."""
    path = machine.chromium()
    async with async_playwright() as playwright:
        # the machine's user may be root, and its shared memory small
        options = ["--no-sandbox", "--disable-dev-shm-usage", "--force-color-profile=srgb"]
        opened = await playwright.chromium.launch(executable_path=path, args=options)
        yield opened
        await opened.close()


@pytest_asyncio.fixture(loop_scope="session")
async def hub(settings: Settings) -> AsyncIterator[Hub]:
    """An open hub without a worker."""
    async with open_hub(settings) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(hub: Hub) -> AsyncIterator[Visitor]:
    """The hub's doors on a free port."""
    async with visiting(hub) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def eyes(request: pytest.FixtureRequest, visitor: Visitor, browser: Browser) -> AsyncIterator[Eyes]:
    """Eyes for the pages of the test's hub."""
    seeing = Eyes(visitor.hub, visitor.url, browser)
    yield seeing
    await seeing.close(failed=_name_if_failed(request))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def network(postgres: TestServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Lively]:
    """A hub with some of everything at its public address, made once a process: look at it, change nothing."""
    home, name, port = tmp_path_factory.mktemp("network"), postgres.create(), free_port()
    settings = settings_for(postgres.url(name), home)
    settings = settings.model_copy(update={"public_url": f"http://127.0.0.1:{port}", "report_at_hour": -1})
    async with (
        open_hub(settings) as opened,
        serving(build_app(opened, pages=page_routes(opened)), port=port),
        lively(opened) as made,
    ):
        yield made
    postgres.drop(name)


@pytest_asyncio.fixture(loop_scope="session")
async def lively_eyes(request: pytest.FixtureRequest, network: Lively, browser: Browser) -> AsyncIterator[Eyes]:
    """Eyes for the pages of the hub that has some of everything."""
    seeing = Eyes(network.hub, str(network.hub.settings.public_url), browser)
    yield seeing
    await seeing.close(failed=_name_if_failed(request))


def _name_if_failed(request: pytest.FixtureRequest) -> str:
    return request.node.name if request.node.stash.get(_FAILED, False) else ""
