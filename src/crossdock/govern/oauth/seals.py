"""How tokens and app secrets are sealed, each bound to its row."""

from __future__ import annotations

import uuid

import msgspec
import orjson

from crossdock.connect.auth.oauth2 import Issued
from crossdock.govern.vault import Vault


class Pair(msgspec.Struct, frozen=True):
    """An access token and what renews it. Its repr shows neither."""

    access_token: str
    refresh_token: str = ""

    def __repr__(self) -> str:
        return "Pair()"


def grant_row(connection_id: uuid.UUID) -> bytes:
    """Return the name of the row a grant's seal is bound to."""
    return connection_id.bytes + b":oauth_grant"


def app_row(app_id: uuid.UUID) -> bytes:
    """Return the name of the row an app's seal is bound to."""
    return app_id.bytes + b":oauth_app"


def request_row(request_id: uuid.UUID) -> bytes:
    """Return the name of the row a question's seal is bound to."""
    return request_id.bytes + b":oauth_request"


def seal_pair(vault: Vault, issued: Issued, before: str | None, row: bytes) -> bytes:
    """Seal what was issued; where no refresh token came, the one ``before`` stays in force."""
    pair = {"access_token": issued.access_token, "refresh_token": issued.refresh_token or before or ""}
    return vault.seal_secret(orjson.dumps(pair).decode(), row)


def open_pair(vault: Vault, sealed: bytes, row: bytes) -> Pair:
    """Open what :func:`seal_pair` made. Raises ``WrongMasterKey``."""
    return msgspec.json.decode(vault.open_secret(sealed, row), type=Pair)
