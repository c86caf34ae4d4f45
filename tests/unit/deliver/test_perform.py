"""The same step of many deliveries goes out in one call; what fails stops only its own plan."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Sequence
from datetime import timedelta

import msgspec
import pytest

from crossdock.flow.deliver.job import Job, NewLink
from crossdock.flow.deliver.perform import Links, Performer
from crossdock.kit.failpoints import NONE
from crossdock.model.delivery import Evidence
from crossdock.model.outcome import Delivered, Gone, Outcome, Refresh, Rejected, Retry, Throttled, Unknown
from crossdock.model.plan import Ref, Resolved, Verb, Write
from tests.unit.deliver.jobs import NOW, job

Answer = Callable[[Resolved], Outcome]


class Crm:
    """A destination that notes its calls and answers each write by a rule."""

    def __init__(self, answer: Answer | None = None) -> None:
        self.calls: list[tuple[str, list[Resolved]]] = []
        self._answer = answer or (lambda write: Delivered(f"id-{write.write.key}"))

    async def perform(self, step: str, writes: Sequence[Resolved]) -> list[Outcome]:
        self.calls.append((step, list(writes)))
        return [self._answer(write) for write in writes]


class Steps:
    """Notes what is committed between two calls."""

    def __init__(self) -> None:
        self.committed: list[tuple[list[uuid.UUID], list[NewLink]]] = []

    async def __call__(self, ids: Sequence[uuid.UUID], fresh: Sequence[NewLink]) -> None:
        self.committed.append((list(ids), list(fresh)))


async def _run(jobs: list[Job], crm: Crm, links: Links | None = None) -> tuple[list[NewLink], Steps]:
    steps = Steps()
    performer = Performer(crm, links if links is not None else {}, 5.0, NONE)  # type: ignore[arg-type]
    return await performer.run(jobs, steps), steps


def _upsert(key: str, *, ensure: bool = False, match: tuple[str, str] | None = None, **values: str | Ref) -> Write:
    return Write(Verb.UPSERT, "contacts", key, dict(values), match or ("key", key), ensure=ensure)


async def test_two_plans_that_write_one_record_make_one_write() -> None:
    crm = Crm()
    first, second = job(("contact", _upsert("a", name="old"))), job(("contact", _upsert("a", name="new")))
    await _run([first, second], crm)
    assert [[w.properties for w in writes] for _, writes in crm.calls] == [[{"name": "new"}]]
    assert first.outcome == second.outcome == Delivered("id-a", Evidence.ID)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
async def test_a_write_with_fields_wins_over_one_that_only_ensures(order: tuple[int, int]) -> None:
    crm = Crm()
    jobs = [job(("contact", _upsert("a", name="full"))), job(("contact", _upsert("a", ensure=True)))]
    await _run([jobs[at] for at in order], crm)
    (writes,) = [writes for _, writes in crm.calls]
    assert [(w.write.ensure, w.properties) for w in writes] == [(False, {"name": "full"})]


async def test_messages_are_never_merged() -> None:
    crm = Crm(lambda _: Delivered(None, Evidence.ACCEPTED))
    same = Write(Verb.SEND, "message", "a", body=b"{}")
    jobs = [job(("send", same)), job(("send", same))]
    await _run(jobs, crm)
    assert len(crm.calls[0][1]) == 2
    assert len({write.idempotency_key for write in crm.calls[0][1]}) == 2
    assert all(one.outcome == Delivered(None, Evidence.ACCEPTED) for one in jobs)


async def test_what_is_linked_by_our_own_key_is_not_ensured_again() -> None:
    crm = Crm()
    one = job(("product", _upsert("p", ensure=True, match=("key", "p"))))
    await _run([one], crm, {("contacts", "p"): "9"})
    assert crm.calls == []
    assert one.outcome == Delivered("9", Evidence.ID)


async def test_what_is_found_by_an_address_is_looked_up_even_when_linked() -> None:
    crm = Crm()
    one = job(("contact", _upsert("a", ensure=True, match=("email", "a@b.example"))))
    await _run([one], crm, {("contacts", "a"): "9"})
    assert [w.external_id for w in crm.calls[0][1]] == ["9"]


async def test_refs_are_resolved_by_links_of_earlier_steps() -> None:
    crm = Crm()
    one = job(("contact", _upsert("a")), ("deal", _upsert("d", owner=Ref("contacts", "a"), none=Ref("contacts", "?"))))
    fresh, steps = await _run([one], crm)
    assert crm.calls[1][1][0].properties == {"owner": "id-a"}
    assert steps.committed == [([one.claim.id], [NewLink("contacts", "a", "id-a", None)])]
    assert fresh == [NewLink("contacts", "d", "id-d", None)]


async def test_an_association_needs_both_links() -> None:
    crm = Crm()
    link = Write(Verb.ASSOCIATE, "deals", "d", to=Ref("contacts", "a"))
    lacking, able = job(("link", link)), job(("link", link))
    await _run([lacking], crm, {("deals", "d"): "1"})
    assert isinstance(lacking.outcome, Retry)
    assert crm.calls == []
    await _run([able], crm, {("deals", "d"): "1", ("contacts", "a"): "2"})
    assert [(w.from_id, w.to_id) for w in crm.calls[0][1]] == [("1", "2")]


async def test_archiving_what_never_was_is_nothing_to_do() -> None:
    crm = Crm()
    one = job(("archive", Write(Verb.ARCHIVE, "deals", "d")))
    await _run([one], crm)
    assert crm.calls == []
    assert isinstance(one.outcome, Delivered)


async def test_an_archived_record_loses_its_link() -> None:
    one = job(("archive", Write(Verb.ARCHIVE, "deals", "d")))
    await _run([one], Crm(lambda _: Delivered("4")), {("deals", "d"): "4"})
    assert one.stale == [("deals", "d")]


async def test_a_link_to_what_is_gone_is_stale_at_both_ends() -> None:
    link = Write(Verb.ASSOCIATE, "deals", "d", to=Ref("contacts", "a"))
    one = job(("link", link))
    await _run([one], Crm(lambda _: Gone()), {("deals", "d"): "1", ("contacts", "a"): "2"})
    assert one.stale == [("deals", "d"), ("contacts", "a")]
    assert isinstance(one.outcome, Gone)


async def test_a_bad_row_never_fails_the_good_ones() -> None:
    crm = Crm(lambda w: Rejected("no") if w.write.key == "bad" else Delivered(f"id-{w.write.key}"))
    good = job(("contact", _upsert("good")), ("deal", _upsert("deal")), main_key="deal")
    bad = job(("contact", _upsert("bad")), ("deal", _upsert("never")))
    await _run([good, bad], crm)
    assert good.outcome == Delivered("id-deal", Evidence.ID)
    assert bad.outcome == Rejected("no")
    assert (bad.at, bad.step_name) == (0, "contact")
    assert [[w.write.key for w in writes] for _, writes in crm.calls] == [["good", "bad"], ["deal"]]


async def test_links_of_the_good_writes_of_a_failed_step_are_kept() -> None:
    crm = Crm(lambda w: Retry("busy") if w.write.key == "b" else Delivered(f"id-{w.write.key}"))
    one = job(("lines", _upsert("a"), _upsert("b")))
    fresh, _ = await _run([one], crm)
    assert fresh == [NewLink("contacts", "a", "id-a", None)]


SEVERITY: list[Outcome] = [Rejected("r"), Gone(), Refresh("f"), Throttled(1), Unknown("u"), Retry("t")]


@pytest.mark.parametrize("at", range(len(SEVERITY) - 1))
@pytest.mark.parametrize("swapped", [False, True])
async def test_the_gravest_outcome_of_a_step_speaks_for_it(at: int, swapped: bool) -> None:
    answers = {"a": SEVERITY[at], "b": SEVERITY[at + 1]}
    if swapped:
        answers = {"a": SEVERITY[at + 1], "b": SEVERITY[at]}
    one = job(("lines", _upsert("a"), _upsert("b")))
    await _run([one], Crm(lambda w: answers[w.write.key]))
    assert one.outcome == SEVERITY[at]


async def test_a_call_without_answer_in_time_is_in_doubt() -> None:
    class Silent(Crm):
        async def perform(self, step: str, writes: Sequence[Resolved]) -> list[Outcome]:
            await asyncio.Event().wait()
            return await super().perform(step, writes)

    one = job(("contact", _upsert("a")))
    await Performer(Silent(), {}, 0.01, NONE).run([one], Steps())  # type: ignore[arg-type]
    assert isinstance(one.outcome, Unknown)


async def test_a_connectors_bug_is_in_doubt_and_says_no_values() -> None:
    def fail(write: Resolved) -> Outcome:
        raise KeyError("zoe@example.org")

    one = job(("contact", _upsert("a")))
    await _run([one], Crm(fail))
    assert one.outcome == Unknown("an unexpected KeyError in the connector")


async def test_the_main_records_id_is_the_evidence() -> None:
    one = job(("contact", _upsert("a")), ("deal", _upsert("s:order:1")), ("lines", _upsert("l")))
    await _run([one], Crm())
    assert one.outcome == Delivered("id-s:order:1", Evidence.ID)


async def test_a_write_says_when_it_was_asked_for_and_whether_it_may_have_been_done() -> None:
    tried, replayed, first = (job(("send", Write(Verb.SEND, "message", "a"))) for _ in range(3))
    tried.claim = msgspec.structs.replace(tried.claim, attempt=2)
    replayed.claim = msgspec.structs.replace(replayed.claim, created_at=NOW + timedelta(minutes=1))
    crm = Crm()
    await _run([first, tried, replayed], crm)
    (writes,) = [writes for _, writes in crm.calls]
    assert [write.repeated for write in writes] == [False, True, True]
    assert {write.asked_at for write in writes} == {NOW}
    assert first.external_id == "id-a", "what the other side calls it is kept of a command too"


class Breaking(Crm):
    """A connector with a bug that some records set off."""

    def __init__(self, *poison: str) -> None:
        super().__init__()
        self._poison = set(poison)

    async def perform(self, step: str, writes: Sequence[Resolved]) -> list[Outcome]:
        self.calls.append((step, list(writes)))
        if any(write.write.key in self._poison for write in writes):
            raise KeyError("zoe@example.org")
        return [Delivered(f"id-{write.write.key}") for write in writes]


@pytest.mark.parametrize("poison", [("k77",), ("k0",), ("k255",), ("k0", "k255"), ("k127", "k128")])
async def test_of_256_all_but_the_one_a_connector_breaks_over_are_delivered(poison: tuple[str, ...]) -> None:
    crm = Breaking(*poison)
    jobs = [job(("contact", _upsert(f"k{n}"))) for n in range(256)]
    await _run(jobs, crm)
    culprits = [one.plan.steps[0].writes[0].key for one in jobs if isinstance(one.outcome, Unknown)]
    assert sorted(culprits) == sorted(poison)
    assert sum(isinstance(one.outcome, Delivered) for one in jobs) == 256 - len(poison)
    assert not any(write.repeated for write in crm.calls[0][1])
    assert all(write.repeated for _, writes in crm.calls[1:] for write in writes), "it is looked up before it is sent"


async def test_a_connector_that_breaks_over_everything_is_not_asked_for_ever() -> None:
    crm = Breaking(*(f"k{n}" for n in range(256)))
    jobs = [job(("contact", _upsert(f"k{n}"))) for n in range(256)]
    await _run(jobs, crm)
    assert all(isinstance(one.outcome, Unknown) for one in jobs)
    assert len(crm.calls) < 100


async def test_a_connector_that_answers_too_few_is_in_doubt_and_stops_nobody() -> None:
    class Short(Crm):
        async def perform(self, step: str, writes: Sequence[Resolved]) -> list[Outcome]:
            answers = await super().perform(step, writes)
            return answers[:-1] if any(write.write.key == "bad" for write in writes) else answers

    good, bad = job(("contact", _upsert("good"))), job(("contact", _upsert("bad")))
    await _run([good, bad], Short())
    assert isinstance(good.outcome, Delivered)
    assert isinstance(bad.outcome, Unknown)


async def test_what_has_failed_some_times_goes_in_calls_of_its_own() -> None:
    crm = Crm()
    fresh, old = job(("contact", _upsert("fresh"))), job(("contact", _upsert("old")))
    old.claim = msgspec.structs.replace(old.claim, attempt=4)
    await _run([fresh, old], crm)
    assert [[write.write.key for write in writes] for _, writes in crm.calls] == [["fresh"], ["old"]]


async def test_no_call_begins_that_could_outlive_the_deadline_of_its_claim() -> None:
    class Slow(Crm):
        async def perform(self, step: str, writes: Sequence[Resolved]) -> list[Outcome]:
            await asyncio.sleep(0.35)
            return await super().perform(step, writes)

    first, second = job(("a", _upsert("a"))), job(("b", _upsert("b")))
    crm = Slow()
    await Performer(crm, {}, 0.6, NONE).run([first, second], Steps())  # type: ignore[arg-type]
    assert isinstance(first.outcome, Delivered)
    assert isinstance(second.outcome, Throttled), "it goes with the next claim, and burns no try"
    assert len(crm.calls) == 1


async def test_a_part_that_took_effect_is_remembered() -> None:
    crm = Crm(lambda w: Throttled(1) if w.write.key == "b" else Delivered("1"))
    whole, part = job(("lines", _upsert("b"))), job(("one", _upsert("a")), ("two", _upsert("b")))
    await _run([whole, part], crm)
    assert (whole.touched, part.touched) == (False, True)


async def test_an_earlier_doubt_is_looked_up_though_its_try_was_given_back() -> None:
    crm = Crm()
    one = job(("send", Write(Verb.SEND, "message", "a")))
    one.claim = msgspec.structs.replace(one.claim, doubted=True)
    await _run([one], crm)
    assert crm.calls[0][1][0].repeated
