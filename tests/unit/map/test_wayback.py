"""Which fields a way back writes."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from crossdock.flow.mapping.wayback import decide, properties

TEXT = st.none() | st.sampled_from(["", "a", "b", "c"])
VALUES = st.dictionaries(st.sampled_from(["x", "y", "z"]), TEXT)


def same(_object: str, _name: str, sent: str | None, found: str | None) -> bool:
    return (sent or "") == (found or "")


@given(wrote=VALUES, now=VALUES, again=st.none() | VALUES, former=st.none() | VALUES)
def test_only_what_still_holds_what_was_written_goes_back(wrote: Any, now: Any, again: Any, former: Any) -> None:
    found = decide("deals", wrote=[wrote, {}], now=now, again=again, former=former, equal=same)
    written = properties(found)
    for name, value in written.items():
        assert same("", name, wrote[name], now.get(name)), "nobody has changed it since"
        target = again[name] if name in again else (former or {}).get(name)
        assert same("", name, target, value)
    assert set(written) <= set(wrote), "what was not written is left alone"
    after = {**now, **written}
    again_found = decide("deals", wrote=[wrote, {}], now=after, again=again, former=former, equal=same)
    assert not properties(again_found) or all(same("", n, wrote[n], v) for n, v in properties(again_found).items())
    for field in found:
        if field.effect == "changed-since":
            assert not same("", field.name, wrote[field.name], now.get(field.name))


def test_what_nobody_knows_is_told_and_left_alone() -> None:
    (found,) = decide("deals", wrote=[{"x": "1"}], now={"x": "1"}, again={}, former=None, equal=same)
    assert found.effect == "unknown"
    (found,) = decide("deals", wrote=[{"x": "1"}], now={"x": "1"}, again=None, former={"x": "0"}, equal=same)
    assert found.effect == "unknown"
