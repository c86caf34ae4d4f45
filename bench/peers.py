"""Other people's programs that run beside ours, in a folder of their own outside the repository.

Each is found or installed when a benchmark asks for it; one that this machine cannot have is told as a reason, and its
row stays empty.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bench import stage
from crossdock.cli.demo.ground import free_port

NODE_RED = "node-red@4.1.15"
CELERY = ("celery==5.5.3", "redis==5.2.1", "requests==2.32.5")


class Absent(Exception):
    """This machine cannot have the peer; the message is the reason."""


def _folder(name: str) -> Path:
    base = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    path = base / "crossdock-bench" / name
    path.mkdir(parents=True, exist_ok=True)
    return path


def _run(*command: str, cwd: Path | None = None, timeout_s: float = 600) -> None:
    try:
        subprocess.run(command, cwd=cwd, check=True, capture_output=True, text=True, timeout=timeout_s)
    except FileNotFoundError as missing:
        raise Absent(f"{command[0]} is not on this machine") from missing
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as failed:
        raise Absent(f"{' '.join(command[:3])} failed: {str(failed.stderr)[-200:]}") from failed


def _node_red() -> Path:
    home = _folder("node-red")
    program = home / "node_modules" / ".bin" / "node-red"
    if not program.exists():
        (home / "package.json").write_text('{"private": true}')
        _run("npm", "install", "--no-audit", "--no-fund", "--silent", NODE_RED, cwd=home)
    return program


@contextlib.contextmanager
def node_red(target: str) -> Iterator[int]:
    """Run Node-RED with one flow, ``POST /hook -> POST target``, answered at once; gives its port.

    Raises :class:`Absent`.
    """
    program, port = _node_red(), free_port()
    with stage.folder() as home:
        (home / "flows.json").write_text(json.dumps(_flow(target)))
        (home / "settings.js").write_text(
            f"module.exports = {{uiPort: {port}, uiHost: '127.0.0.1', flowFile: 'flows.json', httpAdminRoot: false,"
            " apiMaxLength: '5mb', logging: {console: {level: 'error'}}, telemetry: {enabled: false}};"
        )
        command = [str(program), "-u", str(home), "-s", str(home / "settings.js")]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            stage.wait_for(f"http://127.0.0.1:{port}/alive", 60)
            yield port
        finally:
            process.terminate()
            process.wait(timeout=30)


_NAME = "msg.headers = {'webhook-id': msg.req.headers['webhook-id'], 'content-type': 'application/json'}; return msg;"


def _flow(target: str) -> list[dict[str, object]]:
    return [
        {"id": "tab", "type": "tab", "label": "bench"},
        {"id": "in", "z": "tab", "type": "http in", "url": "/hook", "method": "post", "wires": [["answer", "name"]]},
        {"id": "name", "z": "tab", "type": "function", "func": _NAME, "outputs": 1, "wires": [["request"]]},
        {"id": "answer", "z": "tab", "type": "http response", "statusCode": "200", "wires": []},
        {"id": "request", "z": "tab", "type": "http request", "method": "POST", "url": target, "ret": "txt",
         "paytoqs": "ignore", "persist": True, "wires": [[]]},
        {"id": "up", "z": "tab", "type": "http in", "url": "/alive", "method": "get", "wires": [["yes"]]},
        {"id": "yes", "z": "tab", "type": "http response", "statusCode": "200", "wires": []},
    ]  # fmt: skip


@contextlib.contextmanager
def celery() -> Iterator[tuple[Path, str]]:
    """Run a Redis server and give (python that has Celery, broker's URL). Raises :class:`Absent`."""
    server = shutil.which("redis-server")
    if server is None:
        raise Absent("redis-server is not on this machine (apt-get install redis-server)")
    home = _folder("celery")
    python = home / "venv" / "bin" / "python"
    if not python.exists():
        _run(sys.executable, "-m", "venv", str(home / "venv"))
    try:
        _run(str(python), "-c", "import celery, redis, requests")
    except Absent:
        _run(str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", *CELERY)
    port = free_port()
    with stage.folder() as place:
        # as durable as Redis can be: every write is fsynced before it is answered
        command = [server, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(place), "--appendonly", "yes"]
        process = subprocess.Popen([*command, "--appendfsync", "always"], stdout=subprocess.DEVNULL)
        try:
            yield python, f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()
            process.wait(timeout=30)
