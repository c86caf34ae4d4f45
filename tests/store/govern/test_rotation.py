"""The master key is changed while hubs work: each goes over to the new key by itself, and nothing is lost."""

from __future__ import annotations

import asyncio
import base64
import uuid
from pathlib import Path

import pytest

from crossdock import metrics
from crossdock.errors import Trouble, WrongMasterKey
from crossdock.govern.alerts.channels import NewChannel
from crossdock.govern.audit import AuditBook
from crossdock.govern.audit.chainer import Chainer
from crossdock.govern.keyring import KeyFile, open_vault
from crossdock.govern.resealing import SEALS
from crossdock.govern.rotation import Rotation
from crossdock.govern.vault import Vault, new_master_key
from crossdock.kit.ids import Prefix, show
from crossdock.settings import Settings
from crossdock.store.audit import audit
from crossdock.wiring import Hub, open_hub
from tests.store.govern.test_resealing import sealed_things
from tests.support.hub import until


def keyed(settings: Settings, file: Path) -> Settings:
    return settings.model_copy(update={"master_key_file": file, "public_url": "https://hub.example"})


class Ring:
    """Master keys that are read when somebody says so."""

    quick = False

    def __init__(self, *keys: bytes) -> None:
        self.keys = keys

    def read(self) -> tuple[bytes, ...]:
        return self.keys


def broken(tenant: uuid.UUID) -> float | None:
    found: float | None = metrics.REGISTRY.get_sample_value(
        "crossdock_audit_broken", {"chain": show(Prefix.TENANT, tenant)}
    )
    return found


async def add_channel(hub: Hub, name: str) -> None:
    form = {"url": f"https://hooks.example/{name}"}
    await hub.alerting.channels.add(await hub.tenants.find(), NewChannel(name, "webhook", form), actor="test")


async def test_hubs_at_work_go_over_to_the_new_key(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "keys" / "master.key"
    known = keyed(settings, file)
    async with open_hub(known) as one, open_hub(known) as other:
        one.database.ears.start()
        other.database.ears.start()
        await asyncio.gather(one.database.ears.connected.wait(), other.database.ears.connected.wait())
        await sealed_things(one)
        while await one.audit.chainer.tend():
            pass
        person = one.vault.subject("zoe@example.com")
        stop = asyncio.Event()

        async def busy() -> int:
            count = 0
            while not stop.is_set():
                await add_channel(other, f"busy-{count}")
                count += 1
            return count

        task = asyncio.create_task(busy())
        old, new = one.vault.key_id, new_master_key()
        KeyFile(file).put_first(new)
        async with open_hub(known) as third:
            assert third.vault.key_id != old
            done = await Rotation(third.database, third.vault).rotate("cli")
        stop.set()
        made = await task
        assert made > 0
        for hub in (one, other):
            assert hub.vault.key_id == done["key_id"], "nobody was started anew"
            assert hub.vault.subject("zoe@example.com") == person
        assert done["older"] == [old]
        assert min(done["resealed"].values()) >= 1, done
        alone = Vault((base64.b64decode(new),))
        async with one.database.engine() as conn:
            for table, bound in SEALS.items():
                for row in await conn.fetch(f"SELECT * FROM {table}"):
                    named = {**row, "id": row.get("id") or row.get("connection_id")}
                    assert alone.open_secret(row["sealed"], bound(named)), table
            heads = await conn.fetch("SELECT mark FROM audit_head")
        assert {bytes(row["mark"])[:4].hex() for row in heads} == {done["key_id"]}
        assert (await one.audit.verify()).ok
        again = await Rotation(one.database, one.vault).rotate("cli")
        assert set(again["resealed"].values()) == {0}, "done twice, it finds nothing"


async def test_who_misses_the_news_reads_its_keys_when_it_meets_the_new_one(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "keys" / "master.key"
    known = keyed(settings, file)
    async with open_hub(known) as deaf:
        await add_channel(deaf, "first")
        KeyFile(file).put_first(new_master_key())
        async with open_hub(known) as other:
            await add_channel(other, "second")
        tenant = await deaf.tenants.find()
        channel = await deaf.alerting.channels.opened(tenant, await deaf.alerting.channels.find(tenant, "second"))
        assert channel.name == "second"
        assert deaf.vault.key_id == other.vault.key_id


async def test_who_misses_the_news_takes_no_entry_for_a_stranger_s(settings: Settings, tmp_path: Path) -> None:
    """What another process marks and signs with the new key is held by all of them."""
    file = tmp_path / "keys" / "master.key"
    known = keyed(settings, file)
    async with open_hub(known) as deaf:
        await add_channel(deaf, "first")
        while await deaf.audit.chainer.tend():
            pass
        old = file.read_text().strip()
        KeyFile(file).put_first(new_master_key())
        async with open_hub(known) as other:
            await add_channel(other, "second")
            ring = Ring(base64.b64decode(old))
            late = Chainer(deaf.database, vault := Vault(ring.keys, ring))
            assert await late.tend() == 0, "left to whoever has the key"
            assert (await other.audit.verify()).ok
        while await deaf.audit.chainer.tend():
            pass
        report = await deaf.audit.verify()
        assert [flaw for chain in report.chains for flaw in chain.flaws] == []
        assert sum(chain.waiting for chain in report.chains) == 0
        tenant = await deaf.tenants.find()
        assert await late.round(tenant) is None
        assert broken(tenant) == 1
        ring.keys = tuple(map(base64.b64decode, file.read_text().split(",")))
        assert vault.refresh()
        assert await late.round(tenant) == 0
        assert broken(tenant) is None, "it only was late"


async def test_an_interrupted_rotation_goes_on(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "keys" / "master.key"
    known = keyed(settings, file)
    async with open_hub(known) as hub:
        for number in range(4):
            await add_channel(hub, f"c{number}")
    KeyFile(file).put_first(new_master_key())
    async with open_hub(known) as hub:
        task = asyncio.create_task(Rotation(hub.database, hub.vault).rotate("cli"))

        async def begun() -> bool:
            async with hub.database.engine() as conn:
                return bool(await conn.fetchval("SELECT 1 FROM alert_channel WHERE key_id = $1", hub.vault.key_id))

        await until(begun)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        done = await Rotation(hub.database, hub.vault).rotate("cli")
        async with hub.database.engine() as conn:
            assert await conn.fetchval("SELECT count(*) FROM alert_channel WHERE key_id <> $1", done["key_id"]) == 0


async def test_marks_of_the_old_key_are_counted_when_it_is_gone(settings: Settings, tmp_path: Path) -> None:
    """The head that the new key signed holds what the old one marked."""
    file = tmp_path / "keys" / "master.key"
    known = keyed(settings, file)
    async with open_hub(known) as hub:
        async with hub.database.transaction() as conn:
            await audit(conn, await hub.tenants.find(), "cli", "test.entry", "x")
        while await hub.audit.chainer.tend():
            pass
        KeyFile(file).put_first(new := new_master_key())
        hub.vault.refresh()
        await Rotation(hub.database, hub.vault).rotate("cli")
        report = await AuditBook(hub.database, Vault((base64.b64decode(new),))).verify(await hub.tenants.find())
        assert report.ok
        assert report.chains[0].unknown_keys == 1


async def test_keys_without_the_oldest_are_refused(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "keys" / "master.key"
    async with open_hub(keyed(settings, file)) as hub:
        before = hub.vault.key_id
        file.write_text(new_master_key())
        with pytest.raises(WrongMasterKey, match="oldest"):
            hub.vault.refresh()
        assert hub.vault.key_id == before
    assert open_vault(None, file, create=False).key_id != before


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("sh -c 'echo canary-secret >&2; exit 3'", "ended with code 3"),
        ("sh -c 'kill -9 $$'", "was killed"),
        ("true", "printed no key"),
        ("sh -c 'echo canary-secret'", "not base64"),
        ("/nowhere/at/all", "No such file"),
        ('sh -c "unclosed', "cannot be read as a command"),
        ("sleep 60", "did not end within"),
    ],
)  # fmt: skip
def test_a_command_that_gives_no_key_is_told_in_plain_words(
    command: str, told: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("crossdock.govern.keyring._COMMAND_S", 0.2)
    with pytest.raises(Trouble) as found:
        open_vault(None, Path("/nowhere"), create=True, command=command)
    assert told in found.value.problem
    assert found.value.remedy
    assert "canary" not in f"{found.value.problem}{found.value.remedy}{found.value.__cause__}"
    assert "canary" not in "".join(capfd.readouterr())


def test_a_command_gives_the_keys(tmp_path: Path) -> None:
    key = new_master_key()
    vault = open_vault(None, tmp_path / "none", create=True, command=f"printf '%s\n' {key}")
    assert vault.key_id == open_vault(key, tmp_path / "none", create=True).key_id
    assert not (tmp_path / "none").exists()
    with pytest.raises(Trouble, match="both set"):
        open_vault(key, tmp_path / "none", create=True, command="true")


def test_a_key_file_that_others_may_read_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "master.key"
    open_vault(None, file, create=True)
    assert "others may read" not in capsys.readouterr().out
    file.chmod(0o644)
    open_vault(None, file, create=True)
    assert "others may read" in capsys.readouterr().out
    KeyFile(file).put_first(new_master_key())
    assert file.stat().st_mode & 0o077 == 0
