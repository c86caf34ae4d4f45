"""How a campaign is ended from outside: a first SIGTERM or SIGINT takes down all that it has started, undisturbed."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

Answer = TypeVar("Answer")

_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


class Ended(BaseException):
    """Somebody has ended it; ``code`` is what the process exits with."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.code = 128 + number


def heed() -> None:
    """Let a signal raise :class:`Ended` in the main thread from now on."""
    for number in _SIGNALS:
        signal.signal(number, _raise)


def _raise(number: int, _: object) -> None:
    _ignore()
    raise Ended(number)


def _ignore() -> None:
    """Let nobody disturb the taking down."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def run(work: Coroutine[Any, Any, Answer]) -> Answer:
    """Run what a signal cancels. Raises :class:`Ended` when one did."""
    told: list[int] = []
    try:
        return asyncio.run(_heeding(work, told))
    except asyncio.CancelledError:
        if not told:
            raise
        raise Ended(told[0]) from None
    finally:
        # the loop has given the signals back as it knows them
        _ignore() if told else heed()


async def _heeding(work: Coroutine[Any, Any, Answer], told: list[int]) -> Answer:
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None

    def hear(number: int) -> None:
        # a second one would cancel the taking down itself
        if not told:
            told.append(number)
            task.cancel()

    for number in _SIGNALS:
        loop.add_signal_handler(number, hear, number)
    return await work
