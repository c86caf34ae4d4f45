"""How a shop under load answers: its workers are shared equally by all who are in it, and visitors come by chance.

Egalitarian processor sharing (Kleinrock 1976): with n requests under way each gets ``min(1, workers / n)`` of a
worker. Visitors' checkouts come as a Poisson stream. A second shop that our requests never enter sees the very same
visitors, so what our requests cost them is a difference and no matter of chance.
"""

from __future__ import annotations

import asyncio
import heapq
import random
from collections import deque
from collections.abc import Sequence
from typing import Any

CHECKOUT_S = 0.111
"""What creating one order costs an idle shop (measured on the recorded store)."""
_KEPT = 200_000


class Job:
    """One request in a shop; ``ended`` is None while it is under way."""

    def __init__(self, begun: float) -> None:
        self.begun = begun
        self.ended: float | None = None


class Shared:
    """Workers shared equally. Times in seconds of any clock that never goes back."""

    def __init__(self, workers: int, now: float) -> None:
        self.workers = workers
        self._now = now
        self._given = 0.0
        """Seconds of work that each request under way has been given since the beginning."""
        self._jobs: list[tuple[float, int, Job]] = []
        self._count = 0

    def __len__(self) -> int:
        return len(self._jobs)

    def rate(self) -> float:
        """Return the part of a worker that each request gets."""
        return min(1.0, self.workers / max(1, len(self._jobs)))

    def advance(self, now: float) -> list[Job]:
        """Let time pass; returns the requests that have ended."""
        done = []
        while self._jobs:
            at = self._now + (self._jobs[0][0] - self._given) / self.rate()
            if at > now:
                break
            self._given, self._now = self._jobs[0][0], at
            job = heapq.heappop(self._jobs)[2]
            job.ended = at
            done.append(job)
        self._given += max(0.0, now - self._now) * self.rate()
        self._now = max(self._now, now)
        return done

    def add(self, work_s: float) -> Job:
        """Let a request begin now."""
        job = Job(self._now)
        self._count += 1
        heapq.heappush(self._jobs, (self._given + work_s, self._count, job))
        return job

    def ends_in(self, job: Job) -> float:
        """Return in how many seconds a request ends if nobody else comes."""
        left = next(at for at, _, one in self._jobs if one is job) - self._given
        return left / self.rate()


class Crowd:
    """A shop's visitors, with our requests among them and, in a shop of its own, without."""

    def __init__(self, workers: int, visitors: float, seed: int, now: float) -> None:
        """``visitors``: the mean number of checkouts under way in a shop that is not full."""
        self.terms = (workers, visitors)
        self._chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
        self._per_s = visitors / CHECKOUT_S
        self._shop, self._alone = Shared(workers, now), Shared(workers, now)
        self._mine: set[Job] = set()
        self._next = self._arrival(now)
        self.took: deque[float] = deque(maxlen=_KEPT)
        self.took_alone: deque[float] = deque(maxlen=_KEPT)

    def _arrival(self, after: float) -> float:
        return after + self._chance.expovariate(self._per_s) if self._per_s else float("inf")

    def advance(self, now: float) -> None:
        """Let time pass, visitors come and requests end."""
        while self._next <= now:
            work = CHECKOUT_S * self._chance.uniform(0.7, 1.3)
            self._pass(self._next)
            self._shop.add(work)
            self._alone.add(work)
            self._next = self._arrival(self._next)
        self._pass(now)

    def _pass(self, now: float) -> None:
        for job in self._shop.advance(now):
            if job in self._mine:
                self._mine.discard(job)
            else:
                self.took.append((job.ended or now) - job.begun)
        self.took_alone.extend((job.ended or now) - job.begun for job in self._alone.advance(now))

    def crowding(self) -> float:
        """Return how many times as long a request takes that begins now, if nothing changes meanwhile."""
        return max(1.0, (len(self._shop) + 1) / self._shop.workers)

    def add(self, work_s: float) -> Job:
        """Let a request of ours begin at the time last advanced to."""
        job = self._shop.add(work_s)
        self._mine.add(job)
        return job

    def ends_in(self, job: Job) -> float:
        """Return in how many seconds a request of ours ends if nobody else comes."""
        return self._shop.ends_in(job)

    async def serve(self, work_s: float) -> None:
        """Return when the shop has done so much work for a request that begins now."""
        clock = asyncio.get_running_loop()
        self.advance(clock.time())
        job = self.add(work_s)
        while job.ended is None:
            await asyncio.sleep(min(0.05, self.ends_in(job)))
            self.advance(clock.time())

    def told(self) -> dict[str, Any]:
        """Return how long checkouts took, with us and without, since :meth:`forget`."""
        return {
            "checkouts": len(self.took),
            "checkout_p95_s": p95(self.took),
            "checkout_p95_alone_s": p95(self.took_alone),
        }

    def forget(self) -> None:
        """Count anew."""
        self.took.clear()
        self.took_alone.clear()


def p95(values: Sequence[float]) -> float | None:
    """Return the 95th percentile; None of nothing."""
    return sorted(values)[int(0.95 * (len(values) - 1))] if values else None
