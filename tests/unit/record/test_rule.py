"""The rule of recording, case by case and against a shop that does what real shops do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, precondition, rule

from crossdock.flow.record.parcel import Verdict
from crossdock.flow.record.rule import Known, Seen, event_type
from crossdock.flow.record.rule import rule as decide
from crossdock.model.observation import Presence

T0 = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def known(digest: str = "a", modified: float | None = 10, to: float = 20, presence: Presence = Presence.LIVE) -> Known:
    return Known(digest.encode(), None if modified is None else at(modified), at(to), presence)


def seen(
    digest: str = "b",
    modified: float | None = 10,
    begun: float | None = None,
    presence: Presence = Presence.LIVE,
    *,
    fresh: bool = False,
    final: bool = False,
) -> Seen:
    return Seen(
        digest=digest.encode(),
        modified_at=None if modified is None else at(modified),
        seen_from=None if begun is None else at(begun),
        presence=presence,
        fresh=fresh,
        listed=begun is not None,
        final=final,
    )


@pytest.mark.parametrize(
    ("record", "observation", "verdict", "rings"),
    [
        (None, seen(), Verdict.APPLIED, False),
        (None, seen(presence=Presence.DELETED), Verdict.UNKNOWN, False),
        (known("b"), seen("b", modified=99), Verdict.UNCHANGED, False),
        (known(), seen(modified=11), Verdict.APPLIED, False),
        (known(), seen(modified=9), Verdict.STALE, False),
        (known(), seen(modified=9, begun=30), Verdict.STALE, True),
        (known(), seen(modified=9, begun=30, fresh=True), Verdict.REWOUND, False),
        (known(), seen(modified=9, begun=15, fresh=True), Verdict.STALE, True),
        (known(), seen(modified=10, begun=30), Verdict.APPLIED, False),
        (known(), seen(modified=10, begun=20), Verdict.CONTESTED, True),
        (known(), seen(modified=10), Verdict.CONTESTED, True),
        (known(), seen(modified=10, final=True), Verdict.APPLIED, False),
        (known(), seen(modified=None, final=True), Verdict.APPLIED, False),
        (known(), seen(modified=9, final=True), Verdict.STALE, False),
        (known("b"), seen("b", final=True), Verdict.UNCHANGED, False),
        (known(presence=Presence.DELETED), seen(modified=99, final=True), Verdict.STALE, False),
        (known(), seen(modified=None), Verdict.CONTESTED, True),
        (known(modified=None), seen(modified=5, begun=30), Verdict.APPLIED, False),
        (known(presence=Presence.DELETED), seen(modified=99), Verdict.CONTESTED, True),
        (known(presence=Presence.DELETED), seen(modified=99, begun=30), Verdict.APPLIED, False),
        (known(), seen(modified=None, begun=30, presence=Presence.DELETED), Verdict.APPLIED, False),
    ],
)
def test_the_rule(record: Known | None, observation: Seen, verdict: Verdict, rings: bool) -> None:
    ruling = decide(record, observation)
    assert (ruling.verdict, ruling.ring) == (verdict, rings)


@pytest.mark.parametrize(
    ("before", "after", "type_"),
    [
        (None, Presence.LIVE, "order.created"),
        (None, Presence.TRASHED, "order.trashed"),
        (Presence.DRAFT, Presence.LIVE, "order.created"),
        (Presence.LIVE, Presence.LIVE, "order.updated"),
        (Presence.LIVE, Presence.TRASHED, "order.trashed"),
        (Presence.TRASHED, Presence.TRASHED, "order.updated"),
        (Presence.TRASHED, Presence.LIVE, "order.restored"),
        (Presence.DELETED, Presence.LIVE, "order.restored"),
        (Presence.LIVE, Presence.DELETED, "order.deleted"),
        (Presence.LIVE, Presence.DRAFT, "order.updated"),
    ],
)
def test_events_are_named_by_the_difference(before: Presence | None, after: Presence, type_: str) -> None:
    assert event_type("order", before, after) == type_


class Shot(msgspec.Struct, frozen=True):
    """A reading of the shop on its way to us."""

    version: int
    digest: bytes
    modified: datetime | None
    presence: Presence
    begun: datetime | None
    ended: datetime
    fresh: bool = False


class ShopAndRecord(RuleBasedStateMachine):
    """A shop whose clock has whole seconds, silent edits, deletes and restores; webhooks late, doubled, reordered.

    ``version`` counts the shop's true states. The record may skip states, but it must never go back to an older one,
    and a fresh GET at the end must bring both together.
    """

    on_the_way = Bundle("on_the_way")

    def __init__(self) -> None:
        super().__init__()
        self.now = T0
        self.version = 1
        self.content = 1
        self.modified: datetime | None = T0
        self.presence = Presence.LIVE
        self.record: Known | None = None
        self.record_version = 0
        self.applied: list[int] = []
        self.bell = False

    def _tick(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def _digest(self) -> bytes:
        return b"gone" if self.presence is Presence.DELETED else f"{self.content}:{self.presence}".encode()

    def _shot(self, begun: datetime | None, *, fresh: bool = False) -> Shot:
        gone = self.presence is Presence.DELETED
        return Shot(
            self.version, self._digest(), None if gone else self.modified, self.presence, begun, self.now, fresh
        )

    @rule(seconds=st.floats(0.01, 3))
    def time_passes(self, seconds: float) -> None:
        self._tick(seconds)

    @precondition(lambda self: self.presence is Presence.LIVE)
    @rule(silent=st.booleans(), back=st.integers(0, 3))
    def edit(self, silent: bool, back: int) -> None:
        self._tick(0.01)
        self.version += 1
        self.content = max(1, self.content - back) if back else self.content + 1
        if not silent:
            self.modified = max(self.modified or T0, self.now.replace(microsecond=0))

    @precondition(lambda self: self.presence is Presence.LIVE)
    @rule()
    def delete(self) -> None:
        self._tick(0.01)
        self.version += 1
        self.presence = Presence.DELETED

    @rule(target=on_the_way)
    def webhook_leaves(self) -> Shot:
        """Built now, delivered whenever; its reader does not know when it was built."""
        return self._shot(None)

    @rule(target=on_the_way, took=st.floats(0, 2))
    def page_is_read(self, took: float) -> Shot:
        begun = self.now
        shot = self._shot(begun)
        self._tick(took)
        return msgspec.structs.replace(shot, ended=self.now)

    @rule(shot=on_the_way)
    def arrives(self, shot: Shot) -> None:
        self._tick(0.01)
        self._record(shot)

    def _record(self, shot: Shot) -> None:
        ended = shot.ended if shot.begun else self.now
        ruling = decide(
            self.record,
            Seen(shot.digest, shot.modified, shot.begun, shot.presence, shot.fresh, shot.begun is not None),
        )
        self.bell = self.bell or ruling.ring
        if ruling.verdict in (Verdict.APPLIED, Verdict.REWOUND):
            before = self.record
            modified = shot.modified or (before.modified_at if before else None)
            self.record = Known(shot.digest, modified, max(ended, before.seen_to if before else ended), shot.presence)
            self.record_version = shot.version
            self.applied.append(shot.version)
        elif ruling.verdict is Verdict.UNCHANGED and self.record is not None:
            latest = max(filter(None, (self.record.modified_at, shot.modified)), default=None)
            self.record = msgspec.structs.replace(
                self.record, modified_at=latest, seen_to=max(self.record.seen_to, ended)
            )
            self.record_version = max(self.record_version, shot.version)

    @precondition(lambda self: self.bell)
    @rule()
    def bell_is_answered(self) -> None:
        self.bell = False
        self._tick(0.01)
        shot = self._shot(self.now, fresh=True)
        self._tick(0.01)
        self._record(msgspec.structs.replace(shot, ended=self.now))

    @invariant()
    def what_was_delivered_is_a_subsequence_of_the_shops_states(self) -> None:
        assert self.applied == sorted(self.applied), self.applied

    def teardown(self) -> None:
        """Reconcile: one fresh GET, and both are equal."""
        for _ in range(3):
            self._tick(1)
            begun = self.now
            self._tick(0.01)
            self._record(msgspec.structs.replace(self._shot(begun, fresh=True), ended=self.now))
        if self.record is not None:
            assert self.record.digest == self._digest()


ShopAndRecord.TestCase.settings = settings(max_examples=200, stateful_step_count=30, deadline=None)
TestShopAndRecord = ShopAndRecord.TestCase
