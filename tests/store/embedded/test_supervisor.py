"""The embedded server's life: together, killed in any order, odd paths, root and others."""

from __future__ import annotations

import asyncio
import encodings.ascii  # the forked user below may not be able to read the standard library
import os
import pwd
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

import crossdock
from crossdock.store import binaries, cluster, layout
from crossdock.store.database import Database
from crossdock.store.embedded import EmbeddedServer
from crossdock.store.errors import ConnectionLost, DataDirUnusable, ServerWontStart, StoreError, WrongMajorVersion
from crossdock.store.settings import StoreSettings

CLIENT = Path(__file__).with_name("client.py")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="not on this machine: root, to start programs as others")


class Client:
    """One process with its pipes."""

    def __init__(self, data_dir: Path, uid: int | None = None) -> None:
        environment = {**os.environ, "PYTHONPATH": str(Path(crossdock.__file__).parents[1])}
        self.process = subprocess.Popen(
            [sys.executable, str(CLIENT), str(data_dir)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
            user=uid,
            group=uid,
            extra_groups=None if uid is None else [],
            cwd="/",
            start_new_session=True,
        )

    def expect(self, line: str) -> None:
        assert self.process.stdout is not None
        got = self.process.stdout.readline().strip()
        assert got == line, f"{got!r}: {self.process.stderr.read() if self.process.stderr else ''}"

    def save(self, word: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{word}\n")
        self.process.stdin.flush()
        self.expect(f"saved {word}")

    def leave(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        assert self.process.wait(30) == 0, self.process.stderr.read() if self.process.stderr else ""

    def end(self, how: signal.Signals) -> None:
        self.process.send_signal(how)
        self.process.wait(30)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(30)
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe is not None and not pipe.closed:
                pipe.close()


@contextmanager
def clients(data_dir: Path, count: int, uid: int | None = None) -> Iterator[list[Client]]:
    started = [Client(data_dir, uid) for _ in range(count)]
    try:
        yield started
    finally:
        for one in started:
            one.close()


@pytest.fixture
def home(open_tmp: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A data directory that does not exist yet; whatever runs in it at the end is stopped."""
    path = open_tmp / f"d{abs(hash(request.node.nodeid)):x}"
    yield path
    stop_all(path)


def stop_all(path: Path) -> None:
    for data_dir in (path, *path.glob("*"), *path.glob("*/*")):
        status = cluster.read_pid_file(data_dir / "pgdata")
        if status is not None and alive(status.pid):
            os.kill(status.pid, signal.SIGQUIT)
            until(lambda pid=status.pid: not alive(pid))
    shutil.rmtree(path, ignore_errors=True)


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def until(holds: object, within_s: float = 60.0) -> None:
    assert callable(holds)
    end = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.01)


def words(data_dir: Path) -> set[str]:
    """Start the server again as the next program would, and read what was saved."""
    with EmbeddedServer(data_dir) as server, psycopg.connect(server.url("crossdock")) as conn:
        return {row[0] for row in conn.execute("SELECT name FROM tenant")}


def test_it_starts_stops_and_starts_again(home: Path) -> None:
    with EmbeddedServer(home) as server:
        pid = server.postmaster_pid
        assert pid is not None
        assert alive(pid)
        assert os.getsid(pid) != os.getsid(0)
        assert server.socket_dir.stat().st_mode & 0o777 == 0o700
        assert (home / "pgdata").stat().st_mode & 0o777 == 0o700
        with psycopg.connect(server.url()) as conn:
            shown = {
                name: conn.execute(f"SHOW {name}".encode()).fetchone()
                for name in ("fsync", "synchronous_commit", "listen_addresses", "server_encoding", "data_checksums")
            }
        assert [row[0] for row in shown.values() if row] == ["on", "on", "", "UTF8", "on"]
    assert not alive(pid)
    assert not (home / "pgdata" / "postmaster.pid").exists()
    with EmbeddedServer(home) as server:
        assert server.postmaster_pid != pid


def test_three_at_once_share_one_server_and_the_last_one_out_stops_it(home: Path) -> None:
    with clients(home, 3) as three:
        for number, one in enumerate(three):
            one.expect("ready")
            one.save(f"word-{number}")
        status = cluster.read_pid_file(home / "pgdata")
        assert status is not None
        three[0].leave()
        three[1].leave()
        assert alive(status.pid)
        three[2].save("more")
        three[2].leave()
        assert not alive(status.pid)
    assert words(home) == {"word-0", "word-1", "word-2", "more"}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_killed_in_any_order_nothing_saved_is_lost_and_nothing_blocks(home: Path, seed: int) -> None:
    chance = random.Random(seed)
    saved: set[str] = set()
    for round_ in range(2):
        with clients(home, 3) as three:
            for one in three:
                one.expect("ready")
            status = cluster.read_pid_file(home / "pgdata")
            assert status is not None
            victims: list[Client | int] = [*three, status.pid]
            chance.shuffle(victims)
            for number, victim in enumerate(victims):
                standing = [one for one in three if one.process.poll() is None]
                if standing:
                    word = f"{seed}-{round_}-{number}"
                    chance.choice(standing).save(word)
                    saved.add(word)
                if isinstance(victim, int):
                    # the pid at the beginning of the round: whoever is left brings the server back
                    os.kill(victim, signal.SIGKILL)
                else:
                    victim.end(chance.choice([signal.SIGKILL, signal.SIGTERM]))
        assert words(home) == saved


def test_an_orphaned_server_is_taken_over(home: Path) -> None:
    with clients(home, 1) as (one,):
        one.expect("ready")
        one.end(signal.SIGKILL)
    status = cluster.read_pid_file(home / "pgdata")
    assert status is not None
    assert alive(status.pid)
    with EmbeddedServer(home) as server:
        assert server.postmaster_pid == status.pid
    assert not alive(status.pid)


def test_a_stale_pid_file_that_names_a_living_stranger_blocks_nothing(home: Path) -> None:
    with EmbeddedServer(home) as server:
        pid = server.postmaster_pid
        assert pid is not None
        text = (home / "pgdata" / "postmaster.pid").read_text()
    stale = home / "pgdata" / "postmaster.pid"
    stale.write_text(text.replace(str(pid), str(os.getppid()), 1))
    with EmbeddedServer(home) as server:
        assert server.postmaster_pid not in (os.getppid(), None)


def test_half_an_initdb_blocks_nothing(home: Path) -> None:
    (home / "pgdata.new" / "base").mkdir(parents=True)
    with EmbeddedServer(home) as server:
        assert server.postmaster_pid


async def answers(database: Database) -> None:
    """Use the database until a lost connection has been replaced."""
    async with asyncio.timeout(20):
        while True:
            try:
                async with database.engine() as conn:
                    assert await conn.fetchval("SELECT 1") == 1
                    return
            except ConnectionLost:
                await asyncio.sleep(0.02)


async def test_a_killed_server_comes_back_for_those_who_use_it(home: Path) -> None:
    async with Database.open(StoreSettings(home)) as database:
        assert database.server is not None
        pid = database.server.postmaster_pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        server = database.server
        await asyncio.to_thread(until, lambda: server.postmaster_pid not in (pid, None))
        await answers(database)


@pytest.mark.parametrize("after_s", [0.0, 0.1, 0.4, 0.8])
async def test_a_start_that_is_called_off_leaves_no_server(home: Path, after_s: float) -> None:
    """It goes on in its thread: whoever called it off removes the directory next."""
    opening = asyncio.create_task(Database.start(StoreSettings(data_dir=home / "data")))
    await asyncio.sleep(after_s)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    assert EmbeddedServer(home / "data").postmaster_pid is None
    shutil.rmtree(home / "data", ignore_errors=True)
    assert not (home / "data").exists()


async def test_a_restart_only_costs_the_connections(home: Path) -> None:
    async with Database.open(StoreSettings(home)) as database:
        assert database.server is not None
        await asyncio.to_thread(database.server.restart)
        await answers(database)


@pytest.mark.parametrize("name", ["with space, comma and 'quote'", "ünï/" + "long-name-" * 12])
async def test_odd_and_long_paths(home: Path, name: str) -> None:
    async with Database.open(StoreSettings(home / name)) as database, database.engine() as conn:
        assert database.server is not None
        assert layout.fits(database.server.socket_dir)
        assert database.server.socket_dir.stat().st_mode & 0o777 == 0o700
        assert await conn.fetchval("SELECT 1") == 1
        sockets = database.server.socket_dir
    if sockets.parent != home / name:
        shutil.rmtree(sockets)


@as_root
def test_as_root_the_server_runs_as_an_ordinary_user(home: Path) -> None:
    with EmbeddedServer(home) as server:
        assert Path(f"/proc/{server.postmaster_pid}").stat().st_uid != 0
        assert home.stat().st_uid == 0


@as_root
def test_as_root_in_a_users_directory_the_server_runs_as_that_user(home: Path) -> None:
    daemon = pwd.getpwnam("daemon")
    home.mkdir()
    os.chown(home, daemon.pw_uid, daemon.pw_gid)
    with EmbeddedServer(home) as server:
        assert Path(f"/proc/{server.postmaster_pid}").stat().st_uid == daemon.pw_uid
    assert {path.stat().st_uid for path in home.iterdir()} == {daemon.pw_uid}


@as_root
def test_as_root_in_a_directory_of_nobody_known_the_server_still_runs(home: Path) -> None:
    home.mkdir()
    os.chown(home, 54321, 54321)
    with EmbeddedServer(home) as server:
        assert Path(f"/proc/{server.postmaster_pid}").stat().st_uid not in (0, 54321)


@as_root
def test_as_root_a_directory_the_server_cannot_reach_is_named(home: Path) -> None:
    (home / "private").mkdir(parents=True)
    (home / "private").chmod(0o700)
    with pytest.raises(DataDirUnusable, match="private") as caught:
        EmbeddedServer(home / "private" / "data").start()
    assert "/var/lib/crossdock" in caught.value.remedy


@as_root
def test_an_ordinary_user_runs_it_alone(home: Path) -> None:
    user = pwd.getpwnam("nobody")
    if not binaries.reachable(binaries.program("postgres"), (user.pw_uid, user.pw_gid)):
        pytest.skip("not on this machine: a virtual environment within the reach of other users")
    home.mkdir()
    os.chown(home, user.pw_uid, user.pw_gid)
    child = os.fork()
    if child == 0:
        # a fork, not a program: this machine's Python may be out of that user's reach
        assert encodings.ascii
        os._exit(_life_of(home / "mine", user))
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    with EmbeddedServer(home / "mine") as server:
        assert Path(f"/proc/{server.postmaster_pid}").stat().st_uid == user.pw_uid


def _life_of(data_dir: Path, user: pwd.struct_passwd) -> int:
    """Start, use, stop and start again as another user; 0 when all went well."""
    try:
        os.setgroups([])
        os.setgid(user.pw_gid)
        os.setuid(user.pw_uid)
        for _ in range(2):
            with EmbeddedServer(data_dir) as server, psycopg.connect(server.url()) as conn:
                if conn.execute("SELECT 1").fetchone() != (1,):
                    return 2
                mine = Path(f"/proc/{server.postmaster_pid}").stat().st_uid == user.pw_uid
            if not mine or (data_dir / "pgdata" / "postmaster.pid").exists():
                return 3
    except (StoreError, OSError, LookupError, psycopg.Error) as problem:
        print(repr(problem))
        return 1
    return 0


@as_root
def test_out_of_reach_programs_are_copied_once(open_tmp: Path) -> None:
    copied = binaries.copied((open_tmp,))
    assert binaries.copied((open_tmp,)) == copied
    postgres = copied / "server" / f"pginstall{binaries.MAJOR}" / "bin" / "postgres"
    assert binaries.reachable(postgres, (65534, 65534))
    initdb = subprocess.run([postgres.with_name("initdb"), "--version"], user=65534, check=True, capture_output=True)
    assert b"18" in initdb.stdout


def test_another_major_version_is_refused_with_a_way_out(home: Path) -> None:
    with EmbeddedServer(home):
        pass
    (home / "pgdata" / "PG_VERSION").write_text("16\n")
    with pytest.raises(WrongMajorVersion, match="PostgreSQL 16") as caught:
        EmbeddedServer(home).start()
    assert "restore" in caught.value.remedy


def test_a_file_in_the_way_is_named(home: Path) -> None:
    home.write_text("")
    with pytest.raises(DataDirUnusable, match="cannot be used") as caught:
        EmbeddedServer(home).start()
    assert "CROSSDOCK_DATABASE_URL" in caught.value.remedy
    home.unlink()


def test_a_directory_with_other_things_is_not_touched(home: Path) -> None:
    (home / "pgdata").mkdir(parents=True)
    (home / "pgdata" / "mine.txt").write_text("precious")
    with pytest.raises(DataDirUnusable, match="is not empty"):
        EmbeddedServer(home).start()
    assert (home / "pgdata" / "mine.txt").read_text() == "precious"


def test_a_servers_last_words_are_told(home: Path) -> None:
    home.mkdir()
    (home / "postgresql.local.conf").write_text("shared_buffers = 'lots'\n")
    (home / "postgresql.local.conf").chmod(0o644)
    with pytest.raises(ServerWontStart, match="shared_buffers") as caught:
        EmbeddedServer(home).start()
    assert "postgresql.local.conf" in caught.value.remedy
    (home / "postgresql.local.conf").write_text("work_mem = '5MB'\n")
    with EmbeddedServer(home) as server, psycopg.connect(server.url()) as conn:
        assert conn.execute("SHOW work_mem").fetchone() == ("5MB",)


def test_the_log_stays_small(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    log.write_text("x" * 100)
    cluster.trim_log(log, limit=200)
    assert log.stat().st_size == 100
    cluster.trim_log(log, limit=50)
    assert (log.stat().st_size, log.with_name("server.log.1").stat().st_size) == (0, 100)


def test_leaving_twice_and_entering_twice_do_no_harm(home: Path) -> None:
    server = EmbeddedServer(home)
    server.start()
    server.start()
    server.stop()
    server.stop()
    assert server.postmaster_pid is None
