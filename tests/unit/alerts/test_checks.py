"""What a check means: a refusal breaks at once, silence after the third time, and what got through outweighs both."""

from __future__ import annotations

import pytest

from crossdock.connect.connector import CheckResult
from crossdock.govern.alerts.checks import Verdict, judge, may_pass

REFUSED = CheckResult(ok=False, code="wrong-token", problem="refused")
SILENT = CheckResult(ok=False, code="timeout", problem="no answer")
LIMITED = CheckResult(ok=False, code="answer", problem="the day's quota is used")


@pytest.mark.parametrize(
    ("result", "misses", "delivered", "meant"),
    [
        (CheckResult(ok=True), 2, False, Verdict(0, breaks=False, soon=False)),
        (REFUSED, 0, False, Verdict(1, breaks=True, soon=False)),
        (REFUSED, 0, True, Verdict(1, breaks=True, soon=False)),
        (SILENT, 0, False, Verdict(1, breaks=False, soon=True)),
        (SILENT, 1, False, Verdict(2, breaks=False, soon=True)),
        (SILENT, 2, False, Verdict(3, breaks=True, soon=True)),
        (SILENT, 2, True, Verdict(0, breaks=False, soon=True)),
        (LIMITED, 2, False, Verdict(2, breaks=False, soon=True)),
    ],
)
def test_a_check_means(result: CheckResult, misses: int, delivered: bool, meant: Verdict) -> None:
    assert judge(result, misses, delivered=delivered) == meant


@pytest.mark.parametrize("code", ["refused", "timeout", "cut", "dns", "no-answer-refused", "vendor-trouble"])
def test_trouble_on_the_way_may_pass(code: str) -> None:
    assert may_pass(CheckResult(ok=False, code=code))


@pytest.mark.parametrize("code", ["wrong-token", "missing-scopes", "another-account", "wrong-address", "", "egress"])
def test_a_word_of_the_account_does_not(code: str) -> None:
    assert not may_pass(CheckResult(ok=False, code=code))
