"""The vault: AES-256-GCM seals, each bound to its row, with a key id in the clear.

A seal is ``0x01 | key id (4 bytes) | nonce (12 bytes) | ciphertext and tag``. Bodies are pressed (see
:mod:`~crossdock.govern.press`) before they are sealed. The working keys are derived from the master key by HKDF-SHA256,
one a purpose.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import time
from typing import Protocol

import msgspec
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from crossdock.errors import Trouble, WrongMasterKey
from crossdock.govern.press import Press
from crossdock.kit.signing import keyed_hash

_VERSION = b"\x01"
_HEAD = 17
_LOOK_EVERY_S = 5.0


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


class Source(Protocol):
    """Where the master keys come from."""

    quick: bool
    """Whether reading takes no time (a file); a command is only asked when keys were rotated."""

    def read(self) -> tuple[bytes, ...]:
        """Return the keys, the one that seals first. Raises :class:`Trouble`, without showing them."""
        ...


class Signed(msgspec.Struct, frozen=True):
    """An Ed25519 signature and the public key that verifies it, both in base64."""

    public_key: str
    signature: str


def _derive(master: bytes, purpose: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"crossdock:" + purpose.encode()).derive(master)


class Vault:
    """Seals and opens with a ring of master keys: the first seals, all open.

    With a ``source`` the ring is read anew (:meth:`refresh`) while the process goes on: when it is told that keys were
    rotated, and when it meets a seal or a mark by a key that it does not know.
    """

    def __init__(self, masters: tuple[bytes, ...], source: Source | None = None) -> None:
        self._source = source
        self._looked_at = float("-inf")
        self._root: bytes | None = None
        self._press = Press()
        self._take(masters)

    def _take(self, masters: tuple[bytes, ...]) -> None:
        if not masters or any(len(m) != 32 for m in masters):
            raise Trouble(
                "the master key is not 32 bytes in base64",
                remedy="set CROSSDOCK_MASTER_KEY to the output of: crossdock keys master",
            )
        ring = {self._id(m): m for m in masters}
        current = self._id(masters[0])
        ciphers = {
            (kid, purpose): AESGCM(_derive(m, purpose)) for kid, m in ring.items() for purpose in ("body", "secret")
        }
        root = ring.get(self._root or b"", masters[-1])
        signers = {kid: Ed25519PrivateKey.from_private_bytes(_derive(m, "proof")) for kid, m in ring.items()}
        releasers = [Ed25519PrivateKey.from_private_bytes(_derive(m, "plugin")) for m in ring.values()]
        markers = {kid: _derive(m, "audit") for kid, m in ring.items()}
        self._ring, self._ciphers, self._signers, self._markers = ring, ciphers, signers, markers
        self._releasers, self._subjects = releasers, _derive(root, "subject")
        self._current, self._sealer = current, ciphers[current, "body"]

    def refresh(self) -> bool:
        """Read the master keys anew; whether they are others now. Raises :class:`Trouble` for keys that cannot be read.

        A ring without the key that people's hashes are made with is refused: what was recorded would not be found.
        """
        if self._source is None:
            return False
        masters = self._source.read()
        ids = [self._id(m) for m in masters]
        if ids == [*self._ring]:
            return False
        if self._root is not None and self._root not in ids:
            raise WrongMasterKey(
                f"the master keys lack {self._root.hex()}, the oldest one of this database",
                remedy="keep it in the list, behind the new one",
            )
        self._take(masters)
        return True

    def rooted(self, key_id: str) -> None:
        """Make people's hashes with this key of the ring: the first that this database was used with."""
        root = bytes.fromhex(key_id)
        master = self._ring.get(root)
        if master is not None:
            self._root, self._subjects = root, _derive(master, "subject")

    @staticmethod
    def _id(master: bytes) -> bytes:
        return hashlib.blake2b(_derive(master, "id"), digest_size=4).digest()

    @property
    def key_id(self) -> str:
        """Return the id of the key that seals now (hex)."""
        return self._current.hex()

    @property
    def key_ids(self) -> tuple[str, ...]:
        """Return the ids of all keys of the ring, the one that seals first."""
        return tuple(kid.hex() for kid in self._ring)

    def derived(self, purpose: str, key_id: str) -> bytes:
        """Return 32 bytes that stand for a purpose under a master key. Raises ``KeyError`` unless it is in the ring."""
        return _derive(self._ring[bytes.fromhex(key_id)], f"for:{purpose}")

    def check_value(self, key_id: str) -> bytes | None:
        """Return 16 bytes that show whether a key of this id is the same key; None when it is not in the ring."""
        master = self._ring.get(bytes.fromhex(key_id))
        return _derive(master, "check")[:16] if master else None

    def subject(self, identifier: str) -> bytes:
        """Return the keyed hash by which all that is about one person is found again."""
        return keyed_hash(self._subjects, identifier.strip().lower())

    def mark(self, message: bytes) -> bytes:
        """Return the id (4 bytes) of the key that seals now and its keyed hash (32 bytes) of a message."""
        return self._current + hmac.digest(self._markers[self._current], message, "sha256")

    def marked(self, message: bytes, mark: bytes) -> bool | None:
        """Whether a mark is one of this ring's over exactly this message; None when its key is not in the ring."""
        key = self._markers.get(mark[:4])
        if key is None and self._looks_again():
            key = self._markers.get(mark[:4])
        return None if key is None else hmac.compare_digest(hmac.digest(key, message, "sha256"), mark[4:])

    def sign(self, message: bytes) -> str:
        """Return an Ed25519 signature: ``<key id>.<public key>.<signature>``, the last two in base64url."""
        signer = self._signers[self._current]
        public = signer.public_key().public_bytes_raw()
        return f"{self.key_id}.{_text(public)}.{_text(signer.sign(message))}"

    @property
    def release_key(self) -> str:
        """Return the public key by which sites verify the plugin they are given (Ed25519, base64)."""
        return _base64(self._releasers[0].public_key().public_bytes_raw())

    def sign_release(self, message: bytes) -> list[Signed]:
        """Sign a release of the plugin with every master key of the ring, the current one first.

        A site that was paired under an older key goes on verifying as long as that key is in the ring.
        """
        return [
            Signed(_base64(one.public_key().public_bytes_raw()), _base64(one.sign(message))) for one in self._releasers
        ]

    def verify(self, message: bytes, signature: str) -> bool:
        """Whether a signature is one of this vault's keys over exactly these bytes."""
        kid, _, rest = signature.partition(".")
        public, _, given = rest.partition(".")
        try:
            signer = self._signers[bytes.fromhex(kid)]
            known = signer.public_key()
            known.verify(base64.urlsafe_b64decode(given + "=="), message)
        except (KeyError, ValueError, InvalidSignature):
            return False
        return _text(known.public_bytes_raw()) == public

    def seal_body(self, body: bytes, row: bytes) -> bytes:
        """Compress and seal a raw body; ``row`` names the row it belongs to and has to be given to open it."""
        nonce = os.urandom(12)
        return b"".join((_VERSION, self._current, nonce, self._sealer.encrypt(nonce, self._press.press(body), row)))

    def open_body(self, sealed: bytes, row: bytes) -> bytes:
        """Open what :meth:`seal_body` made. Raises :class:`WrongMasterKey`."""
        return self._press.unpress(self._open("body", sealed, row))

    def seal_secret(self, secret: str, row: bytes) -> bytes:
        """Seal a credential."""
        nonce = os.urandom(12)
        cipher = self._ciphers[self._current, "secret"]
        return b"".join((_VERSION, self._current, nonce, cipher.encrypt(nonce, secret.encode(), row)))

    def open_secret(self, sealed: bytes, row: bytes) -> str:
        """Open a credential. Raises :class:`WrongMasterKey`."""
        return self._open("secret", sealed, row).decode()

    def _open(self, purpose: str, sealed: bytes, row: bytes) -> bytes:
        cipher = self._ciphers.get((sealed[1:5], purpose)) if sealed[:1] == _VERSION else None
        if cipher is None and sealed[:1] == _VERSION and self._looks_again():
            cipher = self._ciphers.get((sealed[1:5], purpose))
        if cipher is None:
            raise WrongMasterKey(
                f"a value was sealed with key {sealed[1:5].hex()}, which is not among the master keys given",
                remedy="add that key to CROSSDOCK_MASTER_KEY (comma separated, the current one first)",
            )
        try:
            return cipher.decrypt(sealed[5:_HEAD], sealed[_HEAD:], row)
        except (InvalidTag, ValueError):
            raise WrongMasterKey(
                "a sealed value does not open: it was changed, or belongs to another row",
                remedy="restore the row from a backup; crossdock doctor tells which master keys fit",
            ) from None

    def _looks_again(self) -> bool:
        """Read the keys anew, at most once in five seconds, where that takes no time: another process may have more."""
        now = time.monotonic()
        if self._source is None or not self._source.quick or now - self._looked_at < _LOOK_EVERY_S:
            return False
        self._looked_at = now
        try:
            return self.refresh()
        except Trouble:
            return False


def new_master_key() -> str:
    """Return a fresh master key in base64."""
    return base64.b64encode(secrets.token_bytes(32)).decode()


def read_masters(text: str) -> tuple[bytes, ...]:
    """Read one or several base64 keys, separated by commas. Raises :class:`Trouble` without showing them."""
    try:
        return tuple(base64.b64decode(part.strip(), validate=True) for part in text.split(",") if part.strip())
    except ValueError:
        raise Trouble("the master key is not base64", remedy="make one with: crossdock keys master") from None
