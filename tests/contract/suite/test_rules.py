"""The suite itself: every rule catches the connector that breaks its promise, and manifests are held to it."""

from __future__ import annotations

import contextlib
import importlib
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from crossdock.connect import catalogue
from crossdock.connect.connector import Access, CheckResult, Connector
from crossdock.connect.manifest import Manifest
from crossdock.connect.suite import Part, Rule, Variant, rules, verdicts
from crossdock.connect.suite.prove import prove
from crossdock.connect.suite.rule import rule as enter
from crossdock.model.outcome import Delivered, Outcome, Rejected, Retry, Unknown
from crossdock.model.plan import Resolved
from tests.contract.webhook.harness import HARNESS, SECRET, WebhookBench, WebhookHarness

RULES = {rule.name: rule for rule in rules()}
ROOT = Path(__file__).parents[3]


def test_the_design_names_these_rules() -> None:
    assert set(RULES) == {
        "check-good",
        "check-bad-credentials",
        "paging-complete",
        "paging-stable-under-inserts",
        "cursor-loses-nothing",
        "retry-after-obeyed",
        "5xx-retried",
        "4xx-final",
        "timeout-unknown-then-safe",
        "401-refresh-once",
        "idempotent-upsert",
        "batch-partial-failure",
        "signature-good",
        "signature-bad",
        "signature-stale",
        "signature-other-body",
        "mapper-round-trip",
        "secrets-never-logged",
        "erasure-works-or-exempt",
        "sandbox-refuses-what-vendor-refuses",
        "docs-current",
        "removal-clean",
        "deals-whole",
        "deals-few-requests",
        "deals-paging-stable",
        "deal-number-written",
    }
    assert all(rule.promise.endswith(".") for rule in RULES.values())


def test_a_rule_has_one_function() -> None:
    with pytest.raises(ValueError, match="two rules 'check-good'"):
        enter("check-good")(RULES["check-good"].check)


@pytest.mark.parametrize("name", [n for n in catalogue.names() if catalogue.catalogue().built_in(n)])
def test_a_connector_of_ours_has_no_todo_and_a_harness(name: str) -> None:
    connector = catalogue.get(name)
    bad = [f"{v.rule}: {v.said}" for v in verdicts(connector) if not v.good]
    assert not bad, f"{name}: {', '.join(bad)}"
    for verdict in verdicts(connector):
        if verdict.said == "exempt":
            assert len(verdict.fact) >= 20, f"{name}: {verdict.rule} is exempt without a vendor fact"
    harness = importlib.import_module(f"tests.contract.{name}.harness").HARNESS
    assert harness.connector is connector
    assert harness.page == ROOT / "docs" / "reference" / "connectors" / f"{name}.md"


class Broken:
    """The webhook destination with one promise broken."""

    def __init__(self, inner: Any, **broken: Callable[..., Any]) -> None:
        self._inner, self._broken = inner, broken

    def __getattr__(self, name: str) -> Any:
        if name in self._broken:
            return lambda *given: self._broken[name](self._inner, *given)
        return getattr(self._inner, name)


async def _swallows(inner: Any, step: str, writes: Sequence[Resolved]) -> list[Outcome]:
    await inner.perform(step, writes)
    return [Delivered()] * len(writes)


async def _gives_up(inner: Any, step: str, writes: Sequence[Resolved]) -> list[Outcome]:
    return [
        o if isinstance(o, Delivered) else Rejected("it did not work at all") for o in await inner.perform(step, writes)
    ]


async def _never_doubts(inner: Any, step: str, writes: Sequence[Resolved]) -> list[Outcome]:
    return [Retry(o.reason) if isinstance(o, Unknown) else o for o in await inner.perform(step, writes)]


async def _never_refuses(inner: Any, step: str, writes: Sequence[Resolved]) -> list[Outcome]:
    return [Retry(o.reason) if isinstance(o, Rejected) else o for o in await inner.perform(step, writes)]


async def _all_or_nothing(inner: Any, step: str, writes: Sequence[Resolved]) -> list[Outcome]:
    outcomes = await inner.perform(step, writes)
    refused = [o for o in outcomes if isinstance(o, Rejected)]
    return refused * len(outcomes) if refused else outcomes


async def _forgets_one(inner: Any, step: str, writes: Sequence[Resolved]) -> list[Outcome]:
    return (await inner.perform(step, writes))[1:]


async def _new_ids(inner: Any, step: str, writes: Sequence[Resolved]) -> list[Outcome]:
    fresh = [
        msgspec.structs.replace(w, idempotency_key=f"{w.idempotency_key}-{id(w)}-{i}") for i, w in enumerate(writes)
    ]
    _new_ids.count = getattr(_new_ids, "count", 0) + 1  # type: ignore[attr-defined]
    again = [
        msgspec.structs.replace(w, idempotency_key=f"{w.idempotency_key}-{_new_ids.count}")  # type: ignore[attr-defined]
        for w in fresh
    ]
    return list(await inner.perform(step, again))


async def _logs(inner: Any, step: str, writes: Sequence[Resolved]) -> list[Outcome]:
    logging.getLogger("vendor").info("calling with %s", SECRET)
    return list(await inner.perform(step, writes))


async def _always_ok(inner: Any) -> CheckResult:
    return CheckResult(ok=True, account_uid="x")


async def _curt(inner: Any) -> CheckResult:
    return CheckResult(ok=False, problem="no")


async def _telltale(inner: Any) -> CheckResult:
    return CheckResult(
        ok=False, problem=f"the secret whsec_% at {inner._address} is wrong", remedy="change it", code="x"
    )


MUTANTS = [
    ("check-good", {"check": _curt}),
    ("check-bad-credentials", {"check": _always_ok}),
    ("check-bad-credentials", {"check": _curt}),
    ("check-bad-credentials", {"check": _telltale}),
    ("retry-after-obeyed", {"perform": _swallows}),
    ("retry-after-obeyed", {"perform": _gives_up}),
    ("5xx-retried", {"perform": _swallows}),
    ("5xx-retried", {"perform": _gives_up}),
    ("5xx-retried", {"perform": _forgets_one}),
    ("4xx-final", {"perform": _never_refuses}),
    ("4xx-final", {"perform": _swallows}),
    ("timeout-unknown-then-safe", {"perform": _never_doubts}),
    ("timeout-unknown-then-safe", {"perform": _new_ids}),
    ("idempotent-upsert", {"perform": _new_ids}),
    ("batch-partial-failure", {"perform": _all_or_nothing}),
    ("batch-partial-failure", {"perform": _swallows}),
    ("secrets-never-logged", {"perform": _logs}),
]


def _broken_harness(**broken: Callable[..., Any]) -> Any:
    """Return the webhook's harness around a broken destination."""
    harness = WebhookHarness()
    make = harness.connector.destination
    assert make is not None

    def destination(access: Access) -> Any:
        return Broken(make(access), **broken)

    harness.connector = msgspec.structs.replace(harness.connector, destination=destination)  # type: ignore[misc]
    return harness


@pytest.mark.parametrize(
    ("name", "broken"), MUTANTS, ids=[f"{n}-{next(iter(b.values())).__name__}" for n, b in MUTANTS]
)
async def test_a_rule_catches_who_breaks_it(name: str, broken: dict[str, Callable[..., Any]]) -> None:
    with pytest.raises(AssertionError):
        await prove(_broken_harness(**broken), RULES[name])


@pytest.mark.parametrize("variant", list(Variant))
async def test_the_signature_rules_catch_a_careless_or_a_deaf_side(variant: Variant) -> None:
    answer = variant is not Variant.GOOD

    class Careless(WebhookBench):
        async def accepts(self, variant: Variant) -> bool:
            return answer

    with pytest.raises(AssertionError, match="was"):
        await RULES[f"signature-{variant.value}"].check(_with_bench(Careless))


def _with_bench(kind: type[WebhookBench]) -> Any:
    class Other(WebhookHarness):
        @contextlib.asynccontextmanager
        async def open(self) -> AsyncIterator[WebhookBench]:
            async with super().open() as bench:
                yield kind(bench._url, bench._transport, slack=False)

    return Other()


@pytest.mark.parametrize("name", ["mapper-round-trip", "sandbox-refuses-what-vendor-refuses"])
async def test_an_empty_bench_proves_nothing(name: str) -> None:
    class Empty(WebhookBench):
        def round_trips(self) -> list[Any]:
            return []

        async def refusals(self) -> dict[str, bool]:
            return {}

    with pytest.raises(AssertionError):
        await RULES[name].check(_with_bench(Empty))


async def test_a_lenient_sandbox_and_a_lossy_mapper_are_caught() -> None:
    class Lax(WebhookBench):
        def round_trips(self) -> list[Any]:
            return [({"a": 1}, {})]

        async def refusals(self) -> dict[str, bool]:
            return {"a bad signature": False}

    with pytest.raises(AssertionError, match="the sandbox took: a bad signature"):
        await RULES["sandbox-refuses-what-vendor-refuses"].check(_with_bench(Lax))
    with pytest.raises(AssertionError, match="came back as"):
        await RULES["mapper-round-trip"].check(_with_bench(Lax))


async def test_a_stale_or_missing_page_is_caught(tmp_path: Path) -> None:
    harness = WebhookHarness()
    harness.page = tmp_path / "webhook.md"  # type: ignore[misc]
    with pytest.raises(AssertionError, match="there is no webhook"):
        await RULES["docs-current"].check(harness)
    harness.page.write_text("old")
    with pytest.raises(AssertionError, match="stale"):
        await RULES["docs-current"].check(harness)


async def test_a_connector_others_lean_on_is_caught(tmp_path: Path) -> None:
    """The webhook's own modules import it: to a harness with another folder they are others."""
    harness = WebhookHarness()
    harness.folder = tmp_path  # type: ignore[misc]
    with pytest.raises(AssertionError, match="cannot be imported without webhook"):
        await RULES["removal-clean"].check(harness)


def _saying(**quality: str) -> Connector:
    connector = HARNESS.connector
    manifest: Manifest = msgspec.structs.replace(
        connector.manifest,
        quality={**connector.manifest.quality, **{k.replace("_", "-"): v for k, v in quality.items()}},
    )
    return msgspec.structs.replace(connector, manifest=manifest)


async def test_what_a_manifest_says_decides() -> None:
    ran: list[str] = []

    async def check(harness: Any) -> None:
        ran.append("ran")

    rule = Rule("check-good", Part.ANY, check, "x")
    await prove(SimpleNamespace(connector=_saying()), rule)  # type: ignore[arg-type]
    await prove(SimpleNamespace(connector=_saying(check_good="exempt: the vendor is a fact")), rule)  # type: ignore[arg-type]
    assert ran == ["ran"]
    with pytest.raises(AssertionError, match="'todo'"):
        await prove(SimpleNamespace(connector=_saying(check_good="todo")), rule)  # type: ignore[arg-type]
    paging = Rule("paging-complete", Part.SOURCE, check, "x")
    with pytest.raises(AssertionError, match="has no source; exempt it"):
        await prove(SimpleNamespace(connector=_saying(paging_complete="done")), paging)  # type: ignore[arg-type]


def test_absent_and_invented_names_are_told() -> None:
    connector = HARNESS.connector
    manifest = msgspec.structs.replace(connector.manifest, quality={"ghost": "done"})
    found = {v.rule: v for v in verdicts(msgspec.structs.replace(connector, manifest=manifest))}
    assert (found["ghost"].said, found["ghost"].good) == ("unknown", False)
    assert (found["check-good"].said, found["check-good"].good) == ("absent", False)
