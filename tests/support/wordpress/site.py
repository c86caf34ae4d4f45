"""A WordPress site of a test: its pages over HTTP, its inside by PHP, its mails, its complaints."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shlex
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from tests.support.wordpress.core import Core
from tests.support.wordpress.mariadb import MariaDb

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
PLUGIN = Path(os.environ.get("CROSSDOCK_TEST_PLUGIN", ROOT / "plugin" / "crossdock"))
ADMIN, PASSWORD = "admin", "pass-1"
PATIENCE_S = 30.0


@dataclass
class Site:
    """One site: ``home`` holds the tree (``wp``), logs and traps; ``database`` is its name on the server."""

    home: Path
    core: Core
    server: MariaDb
    port: int
    database: str = "wp"
    snapshot: str = field(default="", repr=False)
    multisite: bool = False
    constants: dict[str, Any] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The address of the home page, without a slash."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def folder(self) -> Path:
        """The tree that the web server serves."""
        return self.home / "wp"

    def configure(self) -> None:
        """Write wp-config.php."""
        salts = ("AUTH_KEY", "SECURE_AUTH_KEY", "LOGGED_IN_KEY", "NONCE_KEY")
        values: dict[str, Any] = {
            "DB_NAME": self.database,
            "DB_USER": "root",
            "DB_PASSWORD": "",
            "DB_HOST": f"localhost:{self.server.socket}",
            "DB_CHARSET": "utf8mb4",
            "DB_COLLATE": "",
            "WP_HOME": self.url,
            "WP_SITEURL": self.url,
            "WP_HTTP_BLOCK_EXTERNAL": True,
            "WP_ACCESSIBLE_HOSTS": "127.0.0.1,localhost",
            "AUTOMATIC_UPDATER_DISABLED": True,
            "DISABLE_WP_CRON": True,
            "WP_DEBUG": True,
            "WP_DEBUG_DISPLAY": False,
            "WP_DEBUG_LOG": str(self.home / "debug.log"),
            "WP_DEFAULT_THEME": "blank",
            "WP_ENVIRONMENT_TYPE": "production",
            **{name: f"{name}-of-the-tests" for name in salts},
            **{name.replace("_KEY", "_SALT"): f"{name}-salt-of-the-tests" for name in salts},
            **self.constants,
        }
        lines = [f"define( '{name}', {php_value(value)} );" for name, value in values.items()]
        text = "\n".join(["<?php", "$table_prefix = 'wp_';", *lines])
        text += (
            "\ndefined( 'ABSPATH' ) || define( 'ABSPATH', __DIR__ . '/' );\nrequire_once ABSPATH . 'wp-settings.php';\n"
        )
        (self.folder / "wp-config.php").write_text(text, encoding="utf-8")

    def php(self, code: str, /, *, user: int = 0, place: str = "", timeout_s: float = 120.0, **given: Any) -> Any:
        """Run PHP inside WordPress and return what it returns.

        ``given`` become variables of the code; ``place`` is admin, cron, cli or nothing (a page).
        """
        mark = f"answer-{secrets.token_hex(8)}:"
        done = subprocess.run(
            self._command(mark, user, place),
            input=_variables(given) + code,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout_s,
        )
        printed, found, answer = done.stdout.rpartition(mark)
        assert found, f"PHP ended with {done.returncode}: {done.stdout[-500:]}{done.stderr[-3000:]}{self.log()}"
        self.printed = printed.removesuffix("\n")
        return json.loads(answer)

    def start(self, code: str, /, **given: Any) -> subprocess.Popen[str]:
        """Begin PHP inside WordPress as a page and do not wait for it."""
        process = subprocess.Popen(
            self._command("mark", 0, ""),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert process.stdin is not None
        process.stdin.write(_variables(given) + code)
        process.stdin.close()
        process.stdin = None
        return process

    def _command(self, mark: str, user: int, place: str) -> list[str]:
        """How PHP is called for this site: what it runs is read from its standard input."""
        code_cache = self.home / "opcache"
        code_cache.mkdir(exist_ok=True)
        settings = {
            "error_reporting": "-1",
            "display_errors": "stderr",
            "memory_limit": "512M",
            "opcache.enable_cli": "1",
            "opcache.file_cache": str(code_cache),
            "opcache.file_cache_only": "1",
        }
        given = [word for name, value in settings.items() for word in ("-d", f"{name}={value}")]
        host = self.url.removeprefix("http://")
        return ["php", *given, str(HERE / "run.php"), str(self.folder), host, mark, str(user), place]

    def cli(self, line: str, *, user: int = 1) -> Cli:
        """Run a command of the plugin as WP-CLI would: ``site.cli("crossdock status --format=json")``."""
        words = php_value(shlex.split(line))
        code = f"""try {{ \\WP_CLI::call( {words} ); return 0; }}
            catch ( \\WP_CLI_Stop $stop ) {{ return array( $stop->getCode(), $stop->getMessage() ); }}"""
        status = self.php(code, user=user, place="cli")
        return Cli(status if isinstance(status, int) else int(status[0]), self.printed)

    def sql(self, statements: str) -> list[list[str]]:
        """Run SQL on the site's database and return the rows."""
        return [line.split("\t") for line in self.server.run(statements, self.database).splitlines()]

    def activate(self, plugin: str = "crossdock") -> str:
        """Activate a plugin as the plugins screen does; returns what WordPress complained of, else nothing."""
        return str(
            self.php(
                """$done = activate_plugin( "$plugin/$plugin.php" );
                return is_wp_error( $done ) ? $done->get_error_message() : '';""",
                user=1,
                place="admin",
                plugin=plugin,
            )
        )

    def deactivate(self, plugin: str = "crossdock") -> None:
        """Deactivate a plugin."""
        self.php('deactivate_plugins( "$plugin/$plugin.php" );', user=1, place="admin", plugin=plugin)

    def session(self, user: str = ADMIN, password: str = PASSWORD) -> Browser:
        """Log in and return what keeps the cookies."""
        browser = Browser(self.url)
        browser.cookies.set("wordpress_test_cookie", "WP%20Cookie%20check")
        form = {"log": user, "pwd": password, "wp-submit": "Log In", "testcookie": "1"}
        answer = browser.post("/wp-login.php", data=form, allow_redirects=False)
        assert answer.status_code == 302, f"{user} was not let in: {answer.status_code}"
        return browser

    def visitor(self) -> Browser:
        """Return a browser without a login."""
        return Browser(self.url)

    def cron(self) -> None:
        """Do what is due now: WP-Cron's events, and Action Scheduler's where it is."""
        self.php(
            """foreach ( wp_get_ready_cron_jobs() as $at => $hooks ) {
                foreach ( $hooks as $hook => $jobs ) {
                    foreach ( $jobs as $job ) {
                        if ( $job['schedule'] ) { wp_reschedule_event( $at, $job['schedule'], $hook, $job['args'] ); }
                        wp_unschedule_event( $at, $hook, $job['args'] );
                        do_action_ref_array( $hook, $job['args'] );
                    }
                }
            }
            if ( class_exists( 'ActionScheduler_QueueRunner' ) ) {
                ActionScheduler_QueueRunner::instance()->run( 'test' );
            }""",
            place="cron",
        )

    def mails(self) -> list[dict[str, Any]]:
        """The mails that were sent: to, subject, message, headers."""
        return _lines(self.home / "mails.log")

    def complaints(self) -> list[dict[str, Any]]:
        """What PHP and WordPress complained of where the plugin had a hand in it."""
        return _lines(self.home / "complaints.log")

    def log(self) -> str:
        """The end of WordPress' own log."""
        path = self.home / "debug.log"
        return path.read_text(encoding="utf-8", errors="replace")[-3000:] if path.is_file() else ""

    def forget(self) -> None:
        """Empty the logs and traps."""
        for name in ("mails.log", "complaints.log", "debug.log"):
            (self.home / name).unlink(missing_ok=True)

    def keep(self) -> None:
        """Make the present database the one that :meth:`reset` goes back to."""
        self.snapshot = self.server.dump(self.database)

    def reset(self) -> None:
        """Put the database back to what :meth:`keep` kept, and forget what was logged."""
        self.server.run(
            f"DROP DATABASE IF EXISTS {self.database}; CREATE DATABASE {self.database} CHARACTER SET utf8mb4;"
            f" USE {self.database}; {self.snapshot}"
        )
        shutil.rmtree(self.folder / "wp-content/uploads", ignore_errors=True)
        (self.folder / "wp-content/uploads").mkdir()
        self.forget()

    @contextlib.contextmanager
    def fresh(self) -> Iterator[Site]:
        """Put it back for the length of a block, at whose end nobody must have complained of the plugin."""
        self.reset()
        yield self
        assert self.complaints() == [], "PHP or WordPress complained of the plugin"

    def wait_until_up(self) -> None:
        """Wait until the web server answers."""
        until = time.monotonic() + PATIENCE_S
        while True:
            with socket.socket() as tried:
                if tried.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            assert time.monotonic() < until, (self.home / "php.log").read_text(encoding="utf-8")[-2000:]
            time.sleep(0.05)


@dataclass(frozen=True)
class Cli:
    """What a command answered: its status (0 is well) and what it printed."""

    status: int
    printed: str

    def json(self) -> Any:
        """Read what was printed as JSON."""
        return json.loads(self.printed)


class Browser(requests.Session):
    """An HTTP session with one site; paths are relative to its home."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url
        self.trust_env = False

    def request(self, method: str, url: str, *args: Any, **more: Any) -> requests.Response:  # type: ignore[override]
        """Send a request to a path of the site."""
        more.setdefault("timeout", 60)
        return super().request(method, url if url.startswith("http") else self.url + url, *args, **more)

    def nonce(self, page: str, name: str = "_wpnonce") -> str:
        """Read a form's nonce from a page."""
        found = re.search(rf'name="{re.escape(name)}" value="([0-9a-f]+)"', self.get(page).text)
        assert found, f"{page} has no field {name}"
        return found[1]

    def rest(self, method: str, path: str, **more: Any) -> requests.Response:
        """Call a REST route as the admin screens' scripts do: with the cookie and its nonce."""
        nonce = self.get("/wp-admin/admin-ajax.php?action=rest-nonce").text
        return self.request(
            method, f"/wp-json/{path}", headers={"X-WP-Nonce": nonce, **more.pop("headers", {})}, **more
        )


def php_value(value: Any) -> str:
    """Write a value as PHP; strings, numbers, booleans, None, lists and dictionaries."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
    if isinstance(value, dict):
        return "array(" + ", ".join(f"{php_value(str(k))} => {php_value(v)}" for k, v in value.items()) + ")"
    return "array(" + ", ".join(php_value(one) for one in value) + ")"


def _variables(given: dict[str, Any]) -> str:
    return "".join(f"${name} = {php_value(value)};\n" for name, value in given.items())


def _lines(path: Path) -> list[dict[str, Any]]:
    if not path.is_file():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
