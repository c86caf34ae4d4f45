"""A test run that is killed leaves no server and no folder behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.crash.test_campaign_ended import ROOT, of, wait

_RUN = """
from tests.support.database import passing_server
with passing_server() as server:
    print(server.embedded.log.parents[1], flush=True)
    input()
"""


def test_the_server_of_a_killed_run_goes() -> None:
    env = {name: value for name, value in os.environ.items() if name != "CROSSDOCK_TEST_DATABASE_URL"}
    command = [sys.executable, "-c", _RUN]
    with subprocess.Popen(command, cwd=ROOT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        home = Path(run.stdout.readline().strip())
        assert (home / "server" / "pgdata" / "postmaster.pid").is_file()
        run.kill()
    wait(lambda: not home.exists())
    wait(lambda: not of(home))
