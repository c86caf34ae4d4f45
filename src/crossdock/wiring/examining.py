"""The doctor of this installation: the database's own checks, and the master key."""

from __future__ import annotations

from crossdock.errors import CrossdockError
from crossdock.settings import Settings
from crossdock.store import doctor
from crossdock.store.doctor import Finding
from crossdock.wiring import store_settings, vault_of


async def examined(settings: Settings) -> list[Finding]:
    """Run every check that makes sense, in the order in which to mend what is found."""

    def master_key() -> Finding:
        if settings.master_key is None and settings.master_key_command is None:
            found = doctor.key_file(settings.master_key_file)
            if not found.ok:
                return found
        try:
            return Finding("master key", True, seen=f"key {vault_of(settings, create=False).key_id}")
        except CrossdockError as problem:
            return Finding("master key", False, problem.problem, problem.remedy)

    return await doctor.examine(store_settings(settings), master_key)
