"""Edits on three systems in any order end quiet and equal: a shop that owns its orders, the hub, and a CRM.

The rule of recording and the rule of echoes are the product's; around them stand a shop and a CRM with webhooks that
come late, reordered or never, calls whose answers come later than their effect, and a CRM that normalises values. The
stated rules: the shop's state goes to the CRM; a change in the CRM is a wish to the shop that holds only while the
shop stands where the hub last saw it; a wish that is refused or replaced by
another's brings the shop's state back to the CRM. What a system made of our value is never written anywhere else.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

import hypothesis.strategies as st
import msgspec
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from crossdock.flow.record.echo import MOST_HOPS, Intent, Judged, Seen, judge, undone
from crossdock.flow.record.parcel import Verdict
from crossdock.flow.record.rule import Known
from crossdock.flow.record.rule import Seen as Reading
from crossdock.flow.record.rule import rule as recording
from crossdock.model.observation import Presence

ZERO = datetime(2026, 11, 21, tzinfo=UTC)
SHOP, CRM = uuid.UUID(int=1), uuid.UUID(int=2)
WORDS = st.sampled_from(["processing", "Completed", "on-hold", "cancelled", "Shipped"])
MOST_CALLS = 12
"""Writes of the hub, beside one for each webhook under way, until all is quiet; a loop would need more."""


class System(msgspec.Struct):
    """A shop or a CRM with one entity."""

    name: uuid.UUID
    value: str = "processing"
    total: int = 1
    modified: int = 0
    hooks: list[tuple[dict[str, Any], int]] = msgspec.field(default_factory=list)

    def document(self) -> dict[str, Any]:
        return {"status": self.value, "total": self.total}

    def put(self, value: str, at: int) -> None:
        """Take a value as this system keeps it; a write that changes nothing fires nothing."""
        kept = value.lower() if self.name == CRM else value
        if kept != self.value:
            self.value = kept
            self.changed(at)

    def changed(self, at: int) -> None:
        self.modified = at
        self.hooks.append((self.document(), at))


class Held(msgspec.Struct):
    """The hub's record of the entity at one system, and what it wrote there."""

    document: dict[str, Any]
    modified: int = 0
    seen_to: int = 0
    recorded: int = 0
    intents: list[Intent] = msgspec.field(default_factory=list)
    delivered: dict[uuid.UUID | None, list[int]] = msgspec.field(default_factory=lambda: defaultdict(list))
    """When something was delivered here, by whose news it was."""
    bell: bool = False


class Job(msgspec.Struct):
    """A delivery or a wish to one system."""

    value: str
    origin: uuid.UUID | None
    caused: int
    hops: int
    expected: str | None = None
    began: Intent | None = None
    applied: bool | None = None
    returned: str = ""


def when(tick: int) -> datetime:
    # a call is over before its intent is given up (OPEN): all of a run's ticks have to fit into that minute
    return ZERO + timedelta(milliseconds=200 * tick)


class Loops(RuleBasedStateMachine):
    """The three systems."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 10
        self.worst = 0
        self.calls = 0
        self.meant = {"processing"}
        self.systems = {SHOP: System(SHOP), CRM: System(CRM)}
        self.held = {name: Held(system.document()) for name, system in self.systems.items()}
        self.queue: dict[uuid.UUID, list[Job]] = {SHOP: [], CRM: []}
        self.calling: dict[uuid.UUID, Job | None] = {SHOP: None, CRM: None}

    def tick(self) -> int:
        self.now += 1
        return self.now

    # people

    @initialize(value=WORDS)
    def begin(self, value: str) -> None:
        self.edit_shop(value)

    @rule(value=WORDS)
    def edit_shop(self, value: str) -> None:
        # a shop tells whole seconds: two edits may share one
        self.meant.add(value)
        self.systems[SHOP].put(value, self.tick() // 2 * 2)

    @rule()
    def edit_total(self) -> None:
        self.systems[SHOP].total += 1
        self.systems[SHOP].changed(self.tick())

    @rule(value=WORDS)
    def edit_crm(self, value: str) -> None:
        self.meant.add(value.lower())
        self.systems[CRM].put(value, self.tick())

    @rule(value=WORDS, held=st.booleans())
    def ask_the_hub(self, value: str, held: bool) -> None:
        """A program sets a status through the API, maybe only if the order stands where it saw it."""
        self.meant.add(value)
        expected = self.held[SHOP].document["status"] if held else None
        self._enqueue(SHOP, Job(value, None, self.tick(), 0, expected))

    # what arrives

    @precondition(lambda self: any(s.hooks for s in self.systems.values()))
    @rule(pick=st.integers(0, 9), which=st.booleans(), lost=st.integers(0, 9))
    def hook_arrives(self, pick: int, which: bool, lost: int) -> None:
        """Any webhook that is under way arrives, or never does."""
        names = [name for name, system in self.systems.items() if system.hooks]
        name = names[which % len(names)]
        hooks = self.systems[name].hooks
        document, modified = hooks.pop(pick % len(hooks))
        if lost > 0:
            self._arrive(name, document, modified, None, fresh=False)

    @precondition(lambda self: any(h.bell for h in self.held.values()))
    @rule(which=st.booleans())
    def bell_is_answered(self, which: bool) -> None:
        names = [name for name, held in self.held.items() if held.bell]
        self._get(names[which % len(names)], fresh=True)

    @rule(which=st.booleans())
    def pulled(self, which: bool) -> None:
        self._get(SHOP if which else CRM, fresh=False)

    def _get(self, name: uuid.UUID, *, fresh: bool) -> None:
        self.held[name].bell = self.held[name].bell and not fresh
        system = self.systems[name]
        began = self.tick()
        self._arrive(name, system.document(), system.modified, began, fresh=fresh)

    def _arrive(
        self, name: uuid.UUID, document: dict[str, Any], modified: int, began: int | None, *, fresh: bool
    ) -> None:
        held, now = self.held[name], self.tick()
        known = Known(repr(held.document).encode(), when(held.modified), when(held.seen_to), Presence.LIVE)
        begun = None if began is None else when(began)
        digest = repr(document).encode()
        ruling = recording(
            known, Reading(digest, when(modified), begun, Presence.LIVE, fresh=fresh, listed=began is not None)
        )
        verdict, seen, judged = ruling.verdict, Seen(document, begun, frozenset()), Judged()
        if verdict is Verdict.UNCHANGED:
            held.modified, held.seen_to = max(held.modified, modified), max(held.seen_to, now)
            news = undone(seen, held.intents, when(held.recorded))
            held.bell = held.bell or news is None
            if not news:
                return
        elif verdict in (Verdict.APPLIED, Verdict.REWOUND):
            judged = judge(held.document, seen, held.intents)
        if judged.contested or ruling.ring:
            held.bell = True
        if judged.contested or verdict in (Verdict.CONTESTED, Verdict.STALE):
            return
        held.document, held.modified, held.seen_to = document, modified, max(held.seen_to, now)
        held.recorded = now
        self.worst = max(self.worst, judged.hops)
        self._fan_out(name, judged, now)

    def _fan_out(self, name: uuid.UUID, judged: Judged, now: int) -> None:
        status = self.held[name].document["status"]
        other = CRM if name == SHOP else SHOP
        caused = judged.origins.get(other)
        jobs = [*self.queue[other], *([] if (calling := self.calling[other]) is None else [calling])]
        busy = any(job.origin == name for job in jobs)
        if caused is not None and not busy and not any(when(at) > caused for at in self.held[other].delivered[name]):
            return  # an echo, and nothing else of this entity went to where it came from
        expected = self.held[SHOP].document["status"] if other == SHOP else None
        self._enqueue(other, Job(status, name, now, judged.hops, expected))

    # what the hub delivers

    def _enqueue(self, to: uuid.UUID, job: Job) -> None:
        """A newer state takes the place of one nobody has begun to deliver."""
        replaced, self.queue[to] = self.queue[to], [job]
        if job.origin != CRM and any(one.origin == CRM for one in replaced):
            self._bring_back(replaced[0].hops)

    def _bring_back(self, hops: int) -> None:
        self._enqueue(CRM, Job(self.held[SHOP].document["status"], SHOP, self.tick(), hops))

    @precondition(lambda self: any(self.queue[n] and self.calling[n] is None for n in self.queue))
    @rule(which=st.booleans())
    def call_begins(self, which: bool) -> None:
        names = [n for n in self.queue if self.queue[n] and self.calling[n] is None]
        name = names[which % len(names)]
        job = self.queue[name].pop()
        self.calls += 1
        job.began = Intent(
            origin=job.origin,
            caused_at=when(job.caused),
            at=when(self.tick()),
            sent={"status": job.value},
            hops=job.hops,
        )
        self.held[name].intents.append(job.began)
        self.calling[name] = job

    @precondition(lambda self: any(j is not None and j.applied is None for j in self.calling.values()))
    @rule(which=st.booleans())
    def call_takes_effect(self, which: bool) -> None:
        names = [n for n, job in self.calling.items() if job is not None and job.applied is None]
        name = names[which % len(names)]
        job, system = self.calling[name], self.systems[name]
        assert job is not None
        job.applied = job.expected is None or system.value in (job.expected, job.value)
        if job.applied:
            system.put(job.value, self.tick())
            job.returned = system.value

    @precondition(lambda self: any(j is not None and j.applied is not None for j in self.calling.values()))
    @rule(which=st.booleans())
    def call_is_answered(self, which: bool) -> None:
        names = [n for n, job in self.calling.items() if job is not None and job.applied is not None]
        name = names[which % len(names)]
        job, held = self.calling[name], self.held[name]
        assert job is not None
        assert job.began is not None
        self.calling[name] = None
        held.intents.remove(job.began)
        if job.applied:
            answered = {"returned": {"status": job.returned}, "answered_at": when(self.tick())}
            held.intents.append(msgspec.structs.replace(job.began, **answered))
            held.delivered[job.origin].append(self.now)
        elif job.origin == CRM:
            # refused: the shop stands elsewhere, and its state goes back to the CRM
            self._bring_back(job.hops)

    # how it ends

    @invariant()
    def the_hop_limit_is_never_reached(self) -> None:
        assert self.worst < MOST_HOPS

    @invariant()
    def the_shop_holds_what_somebody_meant(self) -> None:
        assert self.systems[SHOP].value in self.meant

    def teardown(self) -> None:
        self.calls, most = 0, MOST_CALLS + sum(len(s.hooks) for s in self.systems.values())
        for _ in range(20):
            while self._settle_one():
                assert self.calls < most, "it does not come to rest"
            # a pull sees what a lost webhook did not tell
            self._get(SHOP, fresh=True)
            self._get(CRM, fresh=True)
            if not self._left():
                break
        assert not self._left()
        shop, crm = self.systems[SHOP].value, self.systems[CRM].value
        assert crm == shop.lower(), (shop, crm)
        assert self.held[SHOP].document["status"] == shop
        self.the_hop_limit_is_never_reached()
        self.the_shop_holds_what_somebody_meant()

    def _left(self) -> bool:
        return (
            any(self.queue.values())
            or any(self.calling.values())
            or any(s.hooks for s in self.systems.values())
            or any(h.bell for h in self.held.values())
        )

    def _settle_one(self) -> bool:
        if any(j is not None and j.applied is not None for j in self.calling.values()):
            self.call_is_answered(which=False)
        elif any(j is not None for j in self.calling.values()):
            self.call_takes_effect(which=False)
        elif any(self.queue.values()):
            self.call_begins(which=False)
        elif any(s.hooks for s in self.systems.values()):
            self.hook_arrives(pick=0, which=False, lost=1)
        elif any(h.bell for h in self.held.values()):
            self.bell_is_answered(which=False)
        else:
            return False
        return True


TestLoops = Loops.TestCase
TestLoops.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)


def test_our_value_set_again_by_a_person_after_it_was_undone_is_news() -> None:
    """Found by a long search: the CRM's last edit says what the hub wrote long before, and is no echo of it."""
    run = Loops()
    run.begin("Completed")
    run.pulled(which=True)
    run.call_begins(which=True)
    run.call_takes_effect(which=True)
    run.edit_crm("processing")
    run.call_is_answered(which=True)
    run.pulled(which=False)
    run.call_begins(which=False)
    run.call_takes_effect(which=False)
    run.call_is_answered(which=False)
    for value in ("on-hold", "processing", "Completed"):
        run.edit_crm(value)
    run.teardown()
    assert run.systems[SHOP].value == "completed"
