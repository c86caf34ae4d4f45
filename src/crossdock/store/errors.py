"""What can go wrong with the database, in plain words.

StoreError
  ConnectionLost       the connection ended or cannot be made; also an ``OSError``
  BinariesUnusable     the embedded PostgreSQL cannot run on this machine
  DataDirUnusable      the data directory cannot hold or start a database
    WrongMajorVersion  it was made by another major version of PostgreSQL
  ServerWontStart      the server was started and gave up, or did not answer in time
  RolesMissing         the roles are absent and this user may not create them
  SchemaUnknown        the database's schema is newer or older than this program
  MigrationFailed      a migration could not be applied; nothing of it was kept
  BackupRefused        a backup or restore was refused or failed before it changed anything
"""

from __future__ import annotations


class StoreError(Exception):
    """Base of all: ``problem`` says what is wrong, ``remedy`` what to do. Neither holds a password."""

    def __init__(self, problem: str, remedy: str = "") -> None:
        super().__init__(f"{problem}; {remedy}" if remedy else problem)
        self.problem = problem
        self.remedy = remedy


class ConnectionLost(StoreError, ConnectionError):
    """The database went away or cannot be reached now. What was under way may or may not be committed."""


class BinariesUnusable(StoreError):
    """The PostgreSQL programs of the wheel are absent or do not run here."""


class DataDirUnusable(StoreError):
    """The data directory is read-only, out of reach or broken."""


class WrongMajorVersion(DataDirUnusable):
    """The data was written by another major version."""


class ServerWontStart(StoreError):
    """The server did not come up; ``problem`` carries its own last words."""


class RolesMissing(StoreError):
    """An administrator has to create the roles; ``remedy`` is the SQL."""


class SchemaUnknown(StoreError):
    """This program does not know the database's schema version."""


class MigrationFailed(StoreError):
    """A migration was rolled back."""


class BackupRefused(StoreError):
    """A backup or restore did not take place."""
