"""What a newcomer is told when their connection did not come about."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

from crossdock.errors import CrossdockError


@contextlib.asynccontextmanager
async def kept(keep: Callable[[str, str], Awaitable[None]]) -> AsyncIterator[None]:
    """Keep why what is done inside was refused (problem, remedy) for whoever asks later; the error goes on."""
    try:
        yield
    except CrossdockError as refused:
        await keep(refused.problem, refused.remedy)
        raise
    except Exception:
        await keep("an unexpected error; it was logged", "begin anew")
        raise
