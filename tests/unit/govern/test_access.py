"""Who may do what."""

from __future__ import annotations

import itertools

import pytest

from crossdock.govern.access import Role, Scope, reach


def test_each_role_may_do_what_the_one_before_it_may() -> None:
    for lesser, greater in itertools.pairwise(Role):
        assert lesser.scopes < greater.scopes
        assert greater.covers(lesser)
        assert not lesser.covers(greater)
        assert greater.covers(greater)


def test_no_role_reaches_beyond_its_tenant() -> None:
    assert all(Scope.PLATFORM not in role.scopes for role in Role)


def test_what_scopes_imply() -> None:
    assert reach(["write"]) == {"write", "operate"}
    assert reach(["admin"]) == {"admin", "write", "operate", "read", "events:write"}
    assert reach(["platform"]) == {"platform"}
    assert reach([]) == frozenset()
    with pytest.raises(ValueError, match="nonsense"):
        reach(["nonsense"])
