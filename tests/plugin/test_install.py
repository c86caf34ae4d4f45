"""The ZIP as people use it: installed by WordPress itself, activated, and deleted without a trace; and a run leaves none."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from crossdock.connect import plugin_package
from tests.support.process import GUARD
from tests.support.wordpress.site import PLUGIN, Site

INSTALL = """
require_once ABSPATH . 'wp-admin/includes/class-wp-upgrader.php';
add_filter( 'filesystem_method', static function () { return 'direct'; } );
$quiet = new Automatic_Upgrader_Skin();
$done  = ( new Plugin_Upgrader( $quiet ) )->install( $zip );
return true === $done ? '' : implode( ' ', $quiet->get_upgrade_messages() );
"""

DELETE = """
add_filter( 'filesystem_method', static function () { return 'direct'; } );
deactivate_plugins( 'crossdock/crossdock.php' );
$done = delete_plugins( array( 'crossdock/crossdock.php' ) );
return true === $done ? '' : ( is_wp_error( $done ) ? $done->get_error_message() : 'not deleted' );
"""

LEFT = """
global $wpdb;
wp_cache_flush();
return array(
	'tables'  => $wpdb->get_col( "SHOW TABLES LIKE '%crossdock%'" ),
	'options' => $wpdb->get_col( "SELECT option_name FROM $wpdb->options WHERE option_name LIKE '%crossdock%'" ),
	'meta'    => $wpdb->get_col( "SELECT meta_key FROM $wpdb->usermeta WHERE meta_key LIKE '%crossdock%' UNION SELECT meta_key FROM $wpdb->postmeta WHERE meta_key LIKE '%crossdock%'" ),
	'cron'    => strpos( (string) wp_json_encode( get_option( 'cron' ) ), 'crossdock' ),
	'role'    => strpos( (string) wp_json_encode( get_option( 'wp_user_roles' ) ), 'crossdock' ),
	'files'   => is_dir( WP_PLUGIN_DIR . '/crossdock' ),
);
"""


@pytest.fixture
def empty(bare: Site) -> Iterator[Site]:
    """A site on which no plugin lies."""
    link = bare.folder / "wp-content/plugins/crossdock"
    link.unlink()
    try:
        yield bare
    finally:
        assert not link.exists(), "the plugin was left behind"
        link.symlink_to(PLUGIN)


def test_the_zip_is_installed_used_and_deleted_without_a_trace(empty: Site, tmp_path: Path) -> None:
    zipped = plugin_package.build(tmp_path)
    assert empty.php(INSTALL, zip=str(zipped), user=1, place="admin") == ""
    assert empty.activate() == ""
    page = empty.session().get("/wp-admin/admin.php?page=crossdock-connection")
    assert page.status_code == 200
    assert 'class="wrap crossdock"' in page.text
    assert empty.cli("crossdock status").status == 0
    empty.php("update_user_meta( 1, 'crossdock_crm_id', '1' );")
    before = empty.php(LEFT)
    assert before["tables"]
    assert before["files"]
    assert empty.php(DELETE, user=1, place="admin") == ""
    left = empty.php(LEFT)
    assert left == {"tables": [], "options": [], "meta": [], "cron": False, "role": False, "files": False}


SLEEPERS = "import subprocess, time; subprocess.Popen(['sleep', '300']); print('up', flush=True); time.sleep(300)"


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_what_a_run_started_ends_with_it(tmp_path: Path, end: signal.Signals) -> None:
    """Even when the run is killed: the server, its children, and the folder they wrote into."""
    home = tmp_path / "home"
    home.mkdir()
    starter = (
        # whoever starts the tests in the background may have them ignore SIGINT
        "import signal, subprocess, sys, time; signal.signal(signal.SIGINT, signal.default_int_handler);"
        f"p = subprocess.Popen([sys.executable, {str(GUARD)!r}, {str(home)!r}, sys.executable, '-c', {SLEEPERS!r}],"
        " stdin=subprocess.PIPE, start_new_session=True); print(p.pid, flush=True); time.sleep(300)"
    )
    run = subprocess.Popen([sys.executable, "-c", starter], stdout=subprocess.PIPE, text=True)
    assert run.stdout is not None
    guard = int(run.stdout.readline())
    assert run.stdout.readline() == "up\n"
    run.send_signal(end)
    run.wait(30)
    until = time.monotonic() + 30
    while _alive(guard) or home.exists():
        assert time.monotonic() < until, "the guard did not end what it guarded"
        time.sleep(0.05)
    run.stdout.close()


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # whose parent is gone may stay as a shadow until somebody asks for its end
    return "Z" not in Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2][:4]
