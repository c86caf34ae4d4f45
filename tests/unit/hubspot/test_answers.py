"""Reading answers: rows by trace id, errors in every shape, waits by the portal's day."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.connect.client import Reply
from crossdock.connectors.hubspot import CONNECTOR
from crossdock.connectors.hubspot.answers import Reader, Row, read_batch, read_refusal, until_midnight
from crossdock.model.outcome import Rejected

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
ROWS = [Row("w0", "A@example.test", "email"), Row("w1", "b@example.test", "email")]


def reply(body: Any, status: int = 200) -> Reply:
    return Reply(status, {}, orjson.dumps(body), 1.0)


def test_results_are_known_by_trace_or_by_their_unique_value() -> None:
    by_trace = {"id": "1", "objectWriteTraceId": "w1", "properties": {}}
    by_value = {"id": "2", "properties": {"email": "a@example.test"}}
    batch = read_batch(reply({"results": [by_trace, by_value]}), ROWS)
    assert {trace: each["id"] for trace, each in batch.done.items()} == {"w0": "2", "w1": "1"}


def test_a_result_of_nobody_is_left_out() -> None:
    batch = read_batch(reply({"results": [{"id": "1"}, "odd", None]}), ROWS)
    assert not batch.done


def test_an_empty_answer_is_an_empty_batch() -> None:
    assert not read_batch(Reply(204, {}, b"", 1.0), ROWS).done


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["message", "category", "errors", "context", "ids", "code", "propertyName"]), inner
            )
        ),
        max_leaves=12,
    )
)
def test_an_error_of_any_shape_is_read(error: Any) -> None:
    refusal = read_refusal(error)
    assert isinstance(refusal.message, str)
    outcome = Reader(CONNECTOR.manifest, "UTC").of(reply({}, 400), refusal, NOW)
    assert isinstance(outcome, Rejected)


@pytest.mark.parametrize(
    ("message", "hidden"),
    [
        ("Contact zoe@example.test is not good", "zoe@example.test"),
        ("Property values were not valid: [{zoe}]", "zoe"),
        ('The value "secret" is not good', "secret"),
        ("The number 4917012345 is not good", "4917012345"),
    ],
)
def test_a_reason_repeats_no_value(message: str, hidden: str) -> None:
    outcome = Reader(CONNECTOR.manifest, "UTC").of(reply({}, 400), read_refusal({"message": message}), NOW)
    assert isinstance(outcome, Rejected)
    assert hidden not in outcome.reason


@pytest.mark.parametrize(
    ("zone", "hours"), [("UTC", 12), ("Europe/Berlin", 11), ("America/New_York", 17), ("", 12), ("Nowhere/Land", 12)]
)
def test_the_portals_midnight(zone: str, hours: int) -> None:
    assert until_midnight(NOW, zone) == hours * 3600


def test_midnight_over_a_change_of_the_clocks() -> None:
    # Berlin sets its clocks back at 01:00 UTC on 25 October 2026: that day has 25 hours
    assert until_midnight(datetime(2026, 10, 24, 22, 0, tzinfo=UTC), "Europe/Berlin") == 25 * 3600
