"""Where the demonstration takes place: its directory, its port, its settings."""

from __future__ import annotations

import contextlib
import os
import random
import socket
import tempfile
from pathlib import Path

from crossdock.settings import Settings


def home_of() -> Path:
    """Make the temporary directory that everything lives in."""
    home = Path(tempfile.mkdtemp(prefix="crossdock-demo-"))
    home.chmod(0o755)  # as root, PostgreSQL runs as another user that has to get in
    return home


def environment(home: Path, port: int) -> dict[str, str]:
    """Return the settings of every process of the demonstration; the user's own are put aside."""
    ours = {
        "DATA_DIR": str(home / "data"),
        "MASTER_KEY_FILE": str(home / "keys" / "master.key"),
        "CONFIG": os.devnull,
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "PORT": str(port),
        "HOST": "127.0.0.1",
        "PRODUCTION": "false",
        "EGRESS_ALLOW": "127.0.0.1/32",
        "LOG_LEVEL": "warning",
        "PULL_INTERVAL_S": "3",
        "BREAKER_FOR_S": "2",
        "RETRY_BASE_S": "0.5",
        "CALL_TIMEOUT_S": "10",
    }
    names = (name for name in os.environ if name.startswith("CROSSDOCK_"))
    for name in list(names):
        del os.environ[name]
    return {f"CROSSDOCK_{name}": value for name, value in ours.items()}


def settings_of(environment: dict[str, str]) -> Settings:
    """Put those settings into force in this process and read them."""
    os.environ.update(environment)
    from crossdock.cli import logs

    settings = Settings()
    logs.set_up(settings)
    return settings


def free_port() -> int:
    """Return a port nobody listens on now, below those that outgoing connections are given: it stays free longer."""
    ports = list(range(15_000, 32_000))
    random.shuffle(ports)
    for port in ports:
        with socket.socket() as taken, contextlib.suppress(OSError):
            taken.bind(("127.0.0.1", port))
            return port
    raise OSError("no port is free")
