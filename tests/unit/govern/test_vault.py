"""The vault: what is sealed opens on its own row with its own key, and nowhere else."""

from __future__ import annotations

import base64
import multiprocessing
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.errors import Trouble, WrongMasterKey
from crossdock.govern.keyring import open_vault
from crossdock.govern.vault import Vault, new_master_key, read_masters

A, B = bytes(range(32)), bytes(range(32, 64))
ROW = b"row"


@given(st.binary(max_size=5000), st.binary(max_size=40))
def test_bodies_open_as_they_were(body: bytes, row: bytes) -> None:
    vault = Vault((A,))
    sealed = vault.seal_body(body, row)
    assert vault.open_body(sealed, row) == body
    assert vault.seal_body(body, row) != sealed


@given(st.text(max_size=200))
def test_secrets_open_as_they_were(secret: str) -> None:
    vault = Vault((A,))
    sealed = vault.seal_secret(secret, ROW)
    assert vault.open_secret(sealed, ROW) == secret
    if len(secret) > 6:
        assert secret.encode() not in sealed


def test_a_seal_is_bound_to_its_row_its_purpose_and_its_bytes() -> None:
    vault = Vault((A,))
    sealed = vault.seal_secret("secret", ROW)
    with pytest.raises(WrongMasterKey, match="another row"):
        vault.open_secret(sealed, b"other")
    with pytest.raises(WrongMasterKey):
        vault.open_body(sealed, ROW)
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(WrongMasterKey):
            vault.open_secret(bytes(changed), ROW)
    for short in (b"", b"\x01", sealed[:10], sealed[:17], sealed[:-1]):
        with pytest.raises(WrongMasterKey):
            vault.open_secret(short, ROW)


def test_keys_rotate_the_first_seals_and_all_open() -> None:
    old, both, new = Vault((A,)), Vault((B, A)), Vault((B,))
    sealed = old.seal_secret("secret", ROW)
    assert both.open_secret(sealed, ROW) == "secret"
    assert both.key_id == new.key_id != old.key_id
    again = both.seal_secret("secret", ROW)
    assert new.open_secret(again, ROW) == "secret"
    with pytest.raises(WrongMasterKey, match=old.key_id) as refused:
        new.open_secret(sealed, ROW)
    assert "CROSSDOCK_MASTER_KEY" in refused.value.remedy
    # people are found again after a rotation
    assert both.subject("Ann@Example.com ") == old.subject("ann@example.com")
    assert old.check_value(old.key_id) == both.check_value(old.key_id)
    assert new.check_value(old.key_id) is None


def test_a_key_that_is_none_is_told_without_showing_it() -> None:
    for text in ("", "short", "AAAA", "n0t base64!", base64.b64encode(b"x" * 31).decode(), "é" * 44):
        with pytest.raises(Trouble) as refused:
            Vault(read_masters(text))
        assert refused.value.remedy
        assert not text or text not in str(refused.value)
    assert read_masters(f" {new_master_key()} , {new_master_key()},") != ()


def test_the_key_file_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "deep er" / "master.key"
    with pytest.raises(Trouble, match="CROSSDOCK_MASTER_KEY is unset") as refused:
        open_vault(None, file, create=False)
    assert refused.value.remedy
    assert not file.parent.exists()
    first = open_vault(None, file, create=True)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert open_vault(None, file, create=True).key_id == first.key_id
    assert list(file.parent.iterdir()) == [file]


def test_a_given_key_needs_no_file(tmp_path: Path) -> None:
    open_vault(new_master_key(), tmp_path / "none", create=True)
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_does_not_block(tmp_path: Path) -> None:
    (tmp_path / f".master.key.{os.getpid()}").write_text("half")
    assert open_vault(None, tmp_path / "master.key", create=True)


def _open(file: Path, gate: multiprocessing.synchronize.Barrier, found: multiprocessing.queues.Queue[str]) -> None:
    gate.wait(20)
    found.put(open_vault(None, file, create=True).key_id)


def test_processes_that_start_together_share_one_key(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    gate, found = context.Barrier(4), context.Queue()
    started = [context.Process(target=_open, args=(tmp_path / "master.key", gate, found)) for _ in range(4)]
    for process in started:
        process.start()
    ids = {found.get(timeout=20) for _ in started}
    for process in started:
        process.join(20)
    assert len(ids) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["master.key"]


def test_a_key_file_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    file = tmp_path / "master.key"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Trouble, match=r"master\.key"):
        open_vault(None, file, create=True)
    with pytest.raises(Trouble, match=r"cannot be used"):
        open_vault(None, file / "below", create=True)
    with pytest.raises(Trouble, match=r"cannot be used"):
        open_vault(None, tmp_path, create=True)
