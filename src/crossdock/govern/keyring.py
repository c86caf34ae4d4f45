"""Where the master keys come from: the environment, a file, or a command that asks a key service."""

from __future__ import annotations

import os
import secrets
import shlex
import subprocess
from pathlib import Path

import structlog

from crossdock.errors import Trouble
from crossdock.govern.vault import Source, Vault, new_master_key, read_masters

_COMMAND_S = 15.0
log = structlog.get_logger("crossdock.keys")


class KeyFile:
    """A file, of which others may know nothing."""

    quick = True

    def __init__(self, file: Path) -> None:
        self.file = file

    def read(self) -> tuple[bytes, ...]:
        """Return the keys. Raises :class:`Trouble`."""
        try:
            return read_masters(self.file.read_text(encoding="ascii").strip())
        except (OSError, ValueError) as problem:
            raise _unusable(self.file, problem) from None

    def put_first(self, key: str) -> None:
        """Write a new key before those that are there, in one step. Raises :class:`Trouble`."""
        try:
            standing = self.file.read_text(encoding="ascii").strip()
            info = self.file.stat()
            draft = _drafted(self.file, f"{key},{standing}\n")
            if os.geteuid() == 0:
                os.chown(draft, info.st_uid, info.st_gid)
            draft.replace(self.file)
        except (OSError, ValueError) as problem:
            raise _unusable(self.file, problem) from None


class KeyCommand:
    """A command that prints the keys, for example one that asks a key service. What it prints is never shown."""

    quick = False

    def __init__(self, command: str) -> None:
        self._command = command

    def read(self) -> tuple[bytes, ...]:
        """Return the keys. Raises :class:`Trouble` that says in plain words how the command failed."""
        try:
            words = shlex.split(self._command)
        except ValueError:
            words = []
        if not words:
            raise _failed("it cannot be read as a command", "quote it as for a shell")
        try:
            done = subprocess.run(  # noqa: S603 - the operator's own setting, and no shell
                words, stdin=subprocess.DEVNULL, capture_output=True, timeout=_COMMAND_S, check=False
            )
        except subprocess.TimeoutExpired:
            raise _failed(
                f"it did not end within {_COMMAND_S:.0f} s", "try it by hand as the user that runs crossdock"
            ) from None
        except OSError as problem:
            raise _failed(f"{words[0]}: {problem.strerror}", "name the program with its whole path") from None
        if done.returncode != 0:
            how = f"it ended with code {done.returncode}" if done.returncode > 0 else "it was killed"
            raise _failed(how, "try it by hand as the user that runs crossdock; its output is not shown here")
        try:
            given = done.stdout.decode("ascii").strip()
        except UnicodeDecodeError:
            given = ""
        if not given:
            raise _failed("it printed no key", "let it print the keys in base64, separated by commas")
        return read_masters(given)


def open_vault(given: str | None, file: Path, *, create: bool, command: str | None = None) -> Vault:
    """Open the vault from a given key, a command or a key file; ``create`` makes the file (0600) when there is none.

    Raises :class:`Trouble` when there is no key, and when both a key and a command are set.
    """
    if given is not None and command is not None:
        raise Trouble("CROSSDOCK_MASTER_KEY and CROSSDOCK_MASTER_KEY_COMMAND are both set", remedy="unset one of them")
    if given is not None:
        return Vault(read_masters(given))
    source: Source = KeyCommand(command) if command is not None else _file(file, create=create)
    return Vault(source.read(), source)


def _file(file: Path, *, create: bool) -> KeyFile:
    if not file.exists():
        if not create:
            raise Trouble(
                f"there is no master key: CROSSDOCK_MASTER_KEY is unset and {file} does not exist",
                remedy="put back the key that was kept apart from the backup, or set CROSSDOCK_MASTER_KEY",
            )
        try:
            _make(file)
        except OSError as problem:
            raise _unusable(file, problem) from None
    try:
        loose = bool(file.stat().st_mode & 0o077)
    except OSError as problem:
        raise _unusable(file, problem) from None
    if loose:
        log.warning("others may read the master key", file=str(file), remedy=f"chmod 600 {file}")
    return KeyFile(file)


def _failed(how: str, remedy: str) -> Trouble:
    return Trouble(f"CROSSDOCK_MASTER_KEY_COMMAND gave no master key: {how}", remedy=remedy)


def _unusable(file: Path, problem: Exception) -> Trouble:
    why = problem.strerror if isinstance(problem, OSError) else "it holds other bytes than a key"
    return Trouble(
        f"the master key file {file} cannot be used: {why}",
        remedy="make it readable for this user, or set CROSSDOCK_MASTER_KEY_FILE or CROSSDOCK_MASTER_KEY",
    )


def _make(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = _drafted(file, new_master_key() + "\n")
    try:
        # a link never replaces a key that another process made first
        os.link(draft, file)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _drafted(file: Path, text: str) -> Path:
    # not the process id: two containers that share the directory may have the same
    draft = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    return draft
