"""One-time codes: by time (TOTP, RFC 6238) and for recovery. Each is good once."""

from __future__ import annotations

import hmac
import secrets
import unicodedata
import uuid
from typing import Any, Final

import pyotp

from crossdock.govern.people.rows import SQL, token_hash, totp_row
from crossdock.govern.vault import Vault
from crossdock.kit.clock import Clock

STEP_S: Final = 30
DRIFT: Final = 1
"""Steps that a phone's clock may be ahead or behind."""
ISSUER: Final = "Crossdock"
RECOVERY: Final = 10
_LETTERS: Final = "23456789abcdefghjkmnpqrstuvwxyz"
"""No letter or digit that is taken for another."""
_GROUPS, _GROUP = 4, 4


def new_recovery_codes() -> list[str]:
    """Draw the codes for a lost phone, each of 79 bits: ``k3pw-…``."""
    return [
        "-".join("".join(secrets.choice(_LETTERS) for _ in range(_GROUP)) for _ in range(_GROUPS))
        for _ in range(RECOVERY)
    ]


def recovery_hash(person_id: uuid.UUID, code: str) -> bytes:
    """Return what is kept of a recovery code."""
    return token_hash(f"recovery:{person_id}:{bare(code)}")


def bare(code: str) -> str:
    """Return a code as it was typed, without spaces and hyphens."""
    plain = unicodedata.normalize("NFKC", code[:64]).casefold()
    return "".join(c for c in plain if c.isalnum())


class Codes:
    """Judges codes."""

    def __init__(self, vault: Vault, clock: Clock) -> None:
        self._vault = vault
        self._clock = clock

    def step_of(self, secret: str, code: str) -> int | None:
        """Return the step whose code this is, None where it is none of the present ones."""
        now, found = int(self._clock.now().timestamp()) // STEP_S, None
        totp = pyotp.TOTP(secret, interval=STEP_S)
        for step in range(now - DRIFT, now + DRIFT + 1):
            # all of them are compared, whichever fits
            if hmac.compare_digest(totp.generate_otp(step).encode(), bare(code).encode()):
                found = step
        return found

    async def accept(self, conn: Any, person_id: uuid.UUID, code: str) -> str | None:
        """Take a code, for good: returns ``totp`` or ``recovery``, None where it is neither."""
        row = await conn.fetchrow(SQL["totp"], person_id)
        if row is None or not row["confirmed"]:
            return None
        step = self.step_of(self._vault.open_secret(row["sealed"], totp_row(person_id)), code)
        if step is not None:
            return "totp" if await conn.fetchval(SQL["take_step"], person_id, step) else None
        taken = await conn.fetchval(SQL["take_recovery"], person_id, recovery_hash(person_id, code))
        return "recovery" if taken else None
