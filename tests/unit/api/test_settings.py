"""Settings: environment over TOML over defaults; a bad value is named by its variable and rule."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from crossdock.cli.answers import explain
from crossdock.errors import Trouble
from crossdock.settings import Settings


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An environment without settings of the machine's own."""
    for name in [name for name in os.environ if name.startswith("CROSSDOCK_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_defaults_are_safe() -> None:
    settings = Settings()
    assert (settings.host, settings.port, settings.production) == ("127.0.0.1", 8484, True)
    assert settings.egress_allow == ()
    assert settings.data_dir not in settings.master_key_file.parents


def test_every_setting_says_what_it_is() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name


def test_the_environment_goes_before_the_file(monkeypatch: pytest.MonkeyPatch, bare: Path) -> None:
    (bare / "config.toml").write_text('port = 9001\nlog_level = "debug"\negress_allow = ["10.0.0.0/8"]\n')
    monkeypatch.setenv("CROSSDOCK_PORT", "9002")
    settings = Settings()
    assert (settings.port, settings.log_level, settings.egress_allow) == (9002, "debug", ("10.0.0.0/8",))
    assert Settings(port=9003).port == 9003
    other = bare / "else where.toml"
    other.write_text("port = 9004\n")
    monkeypatch.delenv("CROSSDOCK_PORT")
    monkeypatch.setenv("CROSSDOCK_CONFIG", str(other))
    assert Settings().port == 9004


@pytest.mark.parametrize(
    ("line", "key", "nearest"),
    [
        ("pool-size = 20", "pool-size", "pool_size"),
        ("CROSSDOCK_PORT = 8000", "CROSSDOCK_PORT", "port"),
        ("retry_for = 7", "retry_for", "retry_for_s"),
        ("[server]\nport = 9000", "server", None),
    ],
)
def test_a_key_of_the_file_that_nothing_reads_is_refused(bare: Path, line: str, key: str, nearest: str | None) -> None:
    (bare / "config.toml").write_text(f"port = 9001\n{line}\n")
    with pytest.raises(Trouble) as refused:
        Settings()
    assert key in refused.value.problem
    assert refused.value.field == key
    assert "lower case, without CROSSDOCK_" in refused.value.remedy
    assert (f"did you mean {nearest!r}" in refused.value.remedy) == (nearest is not None)


def test_a_file_that_cannot_be_read_is_told(monkeypatch: pytest.MonkeyPatch, bare: Path) -> None:
    (bare / "config.toml").write_text("port = [\n")
    with pytest.raises(Trouble, match=r"config\.toml cannot be read: it is no TOML"):
        Settings()
    monkeypatch.setenv("CROSSDOCK_CONFIG", str(bare / "nowhere.toml"))
    with pytest.raises(Trouble, match="is no file"):
        Settings()


def test_a_pooler_in_transaction_mode_needs_a_direct_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROSSDOCK_TRANSACTION_POOLING", "true")
    with pytest.raises(ValidationError) as refused:
        Settings()
    assert "needs CROSSDOCK_LISTEN_URL" in explain(refused.value)[1]
    monkeypatch.setenv("CROSSDOCK_LISTEN_URL", "postgresql://db/crossdock")
    assert Settings().transaction_pooling


def test_lists_and_addresses_are_tidied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROSSDOCK_EGRESS_ALLOW", " 127.0.0.1/32, shop.local ,")
    monkeypatch.setenv("CROSSDOCK_PUBLIC_URL", "https://hub.example/in/")
    settings = Settings()
    assert settings.egress_allow == ("127.0.0.1/32", "shop.local")
    assert settings.public_url == "https://hub.example/in"
    monkeypatch.setenv("CROSSDOCK_PUBLIC_URL", "")
    assert Settings().public_url is None


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PORT", "70000"),
        ("PORT", "http"),
        ("PUBLIC_URL", "hub.example"),
        ("PUBLIC_URL", "ftp://hub.example"),
        ("PUBLIC_URL", "https://"),
        ("PUBLIC_URL", "https://ann:pw@hub.example"),
        ("PUBLIC_URL", "https://hub.example/?a=b"),
        ("EGRESS_ALLOW", "10.0.0.0/99"),
        ("LOG_LEVEL", "loud"),
        ("LOG_FORMAT", "xml"),
        ("PRODUCTION", "perhaps"),
        ("POOL_SIZE", "1"),
        ("INGEST_AGE_S", "0"),
        ("LEASE_S", "0.1"),
        ("DELIVERY_BATCH", "0"),
        ("KEEP_BODIES_DAYS", "0"),
    ],
)
def test_a_bad_value_names_its_variable_and_rule(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(f"CROSSDOCK_{variable}", value)
    with pytest.raises(ValidationError) as refused:
        Settings()
    _, problem, remedy = explain(refused.value)
    assert f"CROSSDOCK_{variable}: " in problem
    assert remedy


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROSSDOCK_MASTER_KEY", "canary-master")
    monkeypatch.setenv("CROSSDOCK_DATABASE_URL", "postgresql://u:canary-password@db/x")
    monkeypatch.setenv("CROSSDOCK_METRICS_TOKEN", "canary-of-the-metrics")
    assert "canary" not in repr(Settings()) + str(Settings()) + Settings().model_dump_json()


def test_no_file_at_all_can_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The demonstration puts the user's own settings aside by naming the null device."""
    monkeypatch.setenv("CROSSDOCK_CONFIG", os.devnull)
    assert Settings().port == 8484
