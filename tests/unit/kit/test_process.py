"""Names of processes: a dead one is known for dead, and nobody else is."""

from __future__ import annotations

import subprocess
import sys

from crossdock.kit.process import is_dead, own_name


def named_elsewhere() -> tuple[subprocess.Popen[str], str]:
    code = "import sys; from crossdock.kit.process import own_name; print(own_name(), flush=True); sys.stdin.read()"
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def test_a_living_process_is_not_dead_and_a_killed_one_is() -> None:
    assert not is_dead(own_name())
    process, name = named_elsewhere()
    with process:
        assert not is_dead(name)
        process.kill()
        process.wait(10)
    assert is_dead(name)


def test_a_zombie_is_dead_before_its_parent_looks() -> None:
    process, name = named_elsewhere()
    with process:
        process.kill()
        # not waited for: the pid is still taken, nobody lives there
        while not is_dead(name):
            assert process.returncode is None


def test_nobody_elsewhere_is_called_dead() -> None:
    host, _, rest = own_name().partition("@")
    place, _, pid = rest.rpartition(":")
    boot, namespace, start = place.split(".")
    gone = 2**22 + 5
    assert is_dead(f"{host}@{place}:{gone}")
    assert is_dead(f"{host}@{boot}.{namespace}.1{start}:{pid}"), "the pid was given to another process since"
    for other in (
        f"other@{place}:{gone}",
        f"{host}@{boot}.1{namespace}.{start}:{gone}",
        f"{host}@00000000.{namespace}.{start}:{gone}",
        f"{host}@:{gone}",
        f"{host}:{gone}",
        "",
    ):
        assert not is_dead(other), other
