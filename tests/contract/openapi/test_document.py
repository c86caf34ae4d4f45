"""Every operation of the OpenAPI document is called with data that fits and data that does not, on a real hub.

No 500, no status and no body that the document does not name. ``CROSSDOCK_SCHEMA_EXAMPLES`` (per operation and kind of
data) and ``CROSSDOCK_SCHEMA_SEED`` make it longer or other; a finding is repeated with the seed it tells.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed
from hypothesis import settings as hypothesis_settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS

from crossdock.settings import Settings
from tests.journey.access.changes import It
from tests.journey.access.town import town

EXAMPLES = int(os.environ.get("CROSSDOCK_SCHEMA_EXAMPLES", "4"))
SEED = int(os.environ.get("CROSSDOCK_SCHEMA_SEED", "20261122"))
SHARDS = 3
LAST = ("delete", "disconnect", "cancel", "discard", "rotate")
"""What takes things away comes when the others have been called with them."""
NAMES = (
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)


def checks() -> list[Any]:
    """Return what every answer is held against."""
    return [no_bug, *CHECKS.get_by_names(NAMES)]


def no_bug(_context: Any, answer: Any, _case: Any) -> None:
    """Refuse a 500; a 502 (a vendor's trouble) and a 503 are answers, where the document names them."""
    assert answer.status_code != 500, f"500: {answer.text[:500]}"


def operations(schema: Any) -> list[Any]:
    """Return the operations of the document; those that take things away are the last."""
    found = [result.ok() for result in schema.get_all_operations()]
    return sorted(found, key=lambda one: (any(word in f"{one.method} {one.path}" for word in LAST), one.label))


def called(operation: Any, mode: GenerationMode, key: str, it: It) -> Iterator[str]:
    """Call an operation with some examples; yields what is wrong."""
    turn = iter(range(1_000_000))

    @seed(SEED)
    @hypothesis_settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def one(case: Any) -> None:
        # every other time about something that is there
        if next(turn) % 2 == 0:
            for name in case.path_parameters or ():
                if name in it:
                    case.path_parameters[name] = it[name]
        answer = case.call(headers={"Authorization": f"Bearer {key}"}, timeout=60)
        case.validate_response(answer, checks=checks())

    try:
        one()
    except Unsatisfiable:
        return
    except BaseExceptionGroup as wrong:
        yield f"{operation.label}: " + "; ".join(str(part)[:1500] for part in wrong.exceptions)
    except AssertionError as wrong:
        yield f"{operation.label}: {str(wrong)[:1500]}"


def probe(url: str, key: str, it: It, shard: int) -> tuple[int, list[str]]:
    """Call a share of the operations; returns how many, and what is wrong."""
    schema = schemathesis.openapi.from_url(f"{url}/api/v1/openapi.json")
    mine = operations(schema)[shard::SHARDS]
    wrong = []
    for operation in mine:
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            wrong += [f"{mode.value}: {told}" for told in called(operation, mode, key, it)]
    return len(mine), wrong


@pytest.mark.parametrize("shard", range(SHARDS))
async def test_no_answer_is_other_than_the_document_says(shard: int, settings: Settings) -> None:
    async with town(settings) as (hub, doors, it):
        _, key = await hub.keys.add(await hub.tenants.find(), "all", ["admin", "platform"])
        count, wrong = await asyncio.to_thread(probe, doors.url, key, it, shard)
    assert count > 30
    if wrong:
        pytest.fail(f"with CROSSDOCK_SCHEMA_SEED={SEED}:\n" + "\n\n".join(wrong))
