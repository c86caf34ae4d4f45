"""The WordPress connector keeps the contract."""

from __future__ import annotations

from crossdock.connect.suite import contract
from tests.contract.wordpress.harness import HARNESS

test_rule = contract(HARNESS)
