"""Typed settings: environment (``CROSSDOCK_*``) over a TOML file over the defaults below."""

from __future__ import annotations

import difflib
import os
import tomllib
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings import TomlConfigSettingsSource as TomlSource

from crossdock.errors import Trouble


def _default_data_dir() -> Path:
    if os.geteuid() == 0:
        # PostgreSQL never runs as root, and nobody else may enter root's home
        return Path("/var/lib/crossdock")
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "crossdock"


def _default_key_file() -> Path:
    if os.geteuid() == 0:
        return Path("/etc/crossdock/master.key")
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "crossdock" / "master.key"


class _File(TomlSource):
    """The TOML file. A key that no setting has is refused: a misspelt one would otherwise be ignored in silence."""

    def _read_file(self, file_path: Any) -> dict[str, Any]:
        try:
            found = super()._read_file(file_path)
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
            said = problem.strerror if isinstance(problem, OSError) else "it is no TOML"
            raise Trouble(f"{file_path} cannot be read: {said}", remedy="correct the file") from None
        known = tuple(Settings.model_fields)
        for key in found:
            if key not in known:
                raise Trouble(f"{file_path}: there is no setting {key!r}", field=key, remedy=_nearest(key, known))
        return found


def _nearest(key: str, known: tuple[str, ...]) -> str:
    rule = "keys are the names of docs/reference/settings.md in lower case, without CROSSDOCK_, at the top of the file"
    bare = key.lower().replace("-", "_").removeprefix("crossdock_")
    near = difflib.get_close_matches(bare, known, n=1, cutoff=0.6)
    return f"did you mean {near[0]!r}? {rule}" if near else rule


def _named_file() -> Path:
    named = os.environ.get("CROSSDOCK_CONFIG")
    if named and named != os.devnull and not Path(named).is_file():
        raise Trouble(f"CROSSDOCK_CONFIG names {named}, which is no file", remedy="correct it, or unset it")
    return Path(named or "config.toml")


class Settings(BaseSettings):
    """Everything that may differ between two installations. Times in seconds unless the name says otherwise."""

    model_config = SettingsConfigDict(env_prefix="CROSSDOCK_", extra="ignore", validate_default=True)

    data_dir: Path = Field(default_factory=_default_data_dir, description="Where the embedded database lives.")
    database_url: SecretStr | None = Field(
        default=None, description="An external PostgreSQL instead of the embedded one (postgresql://…)."
    )
    listen_url: SecretStr | None = Field(
        default=None, description="A direct URL for LISTEN when database_url goes through PgBouncer."
    )
    app_url: SecretStr | None = Field(
        default=None, description="A login of the pages' own role behind PgBouncer; unset: database_url."
    )
    transaction_pooling: bool = Field(
        default=False, description="database_url goes through PgBouncer in transaction mode."
    )
    run_as: str | None = Field(
        default=None, description="User the embedded database runs as when crossdock runs as root; unset: a safe one."
    )
    master_key: SecretStr | None = Field(
        default=None,
        description="32 bytes in base64 that seal credentials and bodies; several, separated by commas: the first"
        " seals, all open.",
    )
    master_key_file: Path = Field(
        default_factory=_default_key_file,
        description="File with the master key, used when master_key is unset; made at the first start. Keep it apart"
        " from the data.",
    )
    master_key_command: SecretStr | None = Field(
        default=None,
        description="Command that prints the master keys (no shell; 15 s at most), for example one that asks a key"
        " service; its output is never shown.",
    )
    host: str = Field(default="127.0.0.1", description="Address the HTTP doors listen on.")
    port: int = Field(default=8484, ge=0, le=65535, description="Port the HTTP doors listen on; 0 takes a free one.")
    drain_s: float = Field(
        default=1.0,
        ge=0,
        description="On SIGTERM /readyz says 503 this long while everything is still answered, so that a balancer sends"
        " its next requests elsewhere: twice its interval.",
    )
    public_url: str | None = Field(
        default=None,
        description="The https address under which shops reach this hub. Unset: pull-only mode, webhooks are off.",
    )
    production: bool = Field(default=True, description="Refuse plain http and private addresses in vendor URLs.")
    egress_allow: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="Networks (CIDR) that vendor URLs may reach although they are private; for development."
    )
    metrics_token: SecretStr | None = Field(
        default=None,
        min_length=16,
        description="Whoever reads /metrics sends it as `Authorization: Bearer …`. Unset: this machine alone may read"
        " it.",
    )
    proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Networks (CIDR) of reverse proxies in front: the address they forward (X-Forwarded-For) counts as"
        " the caller's, for failed logins.",
    )
    session_idle_s: float = Field(
        default=12 * 3600.0, gt=60, description="A person who asks for nothing this long logs in again."
    )
    session_s: float = Field(
        default=7 * 86400.0, gt=60, description="A person logs in again after this long, whatever he does."
    )
    log_level: str = Field(default="info", pattern="^(debug|info|warning|error)$", description="Least level logged.")
    log_format: str = Field(default="auto", pattern="^(auto|json|text)$", description="auto: text on a terminal.")
    pool_size: int = Field(default=10, ge=2, description="Engine connections to the database per process.")
    max_body_bytes: int = Field(default=5_000_000, ge=1024, description="Largest body a door accepts.")
    request_timeout_s: float = Field(
        default=30.0, gt=0, description="How long a request may take to arrive whole; slower callers are cut off."
    )
    ingest_rows: int = Field(default=20_000, ge=1, description="Arrivals waiting for a commit before 503.")
    ingest_bytes: int = Field(default=128_000_000, ge=1024, description="Bytes waiting for a commit before 503.")
    ingest_age_s: float = Field(default=5.0, gt=0, description="Age of the oldest waiting arrival before 503.")
    ingest_batch: int = Field(default=128, ge=1, description="Most arrivals in one commit.")
    ingest_flushers: int = Field(default=2, ge=1, le=4, description="Commits under way at once in one process.")
    pull_interval_s: float = Field(default=300.0, gt=0, description="Time between pulls while webhooks work.")
    pull_only_interval_s: float = Field(default=60.0, gt=0, description="Time between pulls without webhooks.")
    runs_at_once: int = Field(
        default=3, ge=1, le=64, description="Shops that one worker reads at the same time; no shop is read by two."
    )
    run_patience_s: float = Field(
        default=300.0, gt=1, description="A run that makes no progress for this long is taken over by another worker."
    )
    call_timeout_s: float = Field(default=15.0, gt=0, description="Longest wait for one vendor call.")
    lease_s: float = Field(default=4.0, gt=0.5, description="How long a silent worker keeps its lanes and runs.")
    doubt_margin_s: float = Field(default=1.0, ge=0, description="Waited beyond a call's deadline before a resend.")
    retry_base_s: float = Field(default=2.0, gt=0, description="First span of the jittered back-off.")
    retry_ceiling_s: float = Field(default=3600.0, gt=0, description="Longest span of the back-off.")
    retry_for_s: float = Field(default=3 * 86400.0, gt=0, description="A delivery is retried at least this long.")
    breaker_for_s: float = Field(default=15.0, gt=0, description="How long an open breaker rests before one probe.")
    delivery_batch: int = Field(
        default=300, ge=1, le=1000, description="Deliveries to a CRM claimed at once; messages go by at most 100."
    )
    prove_at_hour: int = Field(
        default=3, ge=-1, le=23, description="Hour of each store's own day at which it is proven; -1: only when asked."
    )
    alert_every_s: float = Field(default=10.0, gt=0, description="Time between two looks at what alerts are about.")
    alert_calm_s: float = Field(
        default=60.0, ge=0, description="How long a trouble has to be over before its alert ends; longer when it flaps."
    )
    alert_retry_base_s: float = Field(default=5.0, gt=0, description="First span of the back-off of notices.")
    check_every_s: float = Field(
        default=3600.0,
        gt=0,
        description="Time between two checks of a connection that is no store (those are watched).",
    )
    report_at_hour: int = Field(
        default=7, ge=-1, le=23, description="Hour (UTC) at which the daily health report is made; -1: never by itself."
    )
    key_days: int = Field(
        default=0, ge=0, description="Days that an API key lives unless its making says otherwise; 0: until revoked."
    )
    key_days_most: int = Field(default=0, ge=0, description="Days that an API key may live at most; 0: without end.")
    peppol_rules: Path | None = Field(
        default=None,
        description="OpenPeppol's file PEPPOL-EN16931-UBL.sch. Set: invoices as UBL are held against all of its rules,"
        " single countries' too. Unset: against those that all countries share.",
    )
    keep_alerts_days: int = Field(default=90, ge=1, description="Age at which ended alerts are dropped.")
    keep_runs_days: int = Field(default=90, ge=1, description="Age at which ended runs are dropped.")
    keep_bodies_days: int = Field(default=30, ge=1, description="Age at which unpinned raw bodies are dropped.")
    keep_events_days: int = Field(default=400, ge=1, description="Age at which events and deliveries are dropped.")
    keep_attempts_days: int = Field(default=90, ge=1, description="Age at which attempts are dropped.")
    keep_audit_days: int | None = Field(
        default=None,
        ge=1,
        description="Age at which the audit is cut, and the cut signed; unset: kept.",
    )

    @field_validator("egress_allow", "proxies", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("public_url")
    @classmethod
    def _bare(cls, value: str | None) -> str | None:
        if not value:
            return None
        parts = urlsplit(value)
        if parts.scheme not in ("https", "http") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("expected an address like https://hub.example, without query or fragment")
        if parts.username or parts.password:
            raise ValueError("expected an address without user and password")
        return value.rstrip("/")

    @field_validator("egress_allow")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for part in value:
            if "/" in part:
                try:
                    ip_network(part, strict=False)
                except ValueError:
                    raise ValueError(f"expected networks like 10.0.0.0/8, not {part!r}") from None
        return value

    @field_validator("proxies")
    @classmethod
    def _only_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for part in value:
            try:
                ip_network(part, strict=False)
            except ValueError:
                raise ValueError(f"expected addresses or networks like 10.0.0.0/8, not {part!r}") from None
        return value

    @model_validator(mode="after")
    def _hears(self) -> Self:
        if self.transaction_pooling and self.listen_url is None:
            raise ValueError(
                "CROSSDOCK_TRANSACTION_POOLING needs CROSSDOCK_LISTEN_URL: LISTEN and migrations do not pass a pooler"
                " in transaction mode"
            )
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read arguments, then the environment, then the file named by CROSSDOCK_CONFIG (or ./config.toml)."""
        del dotenv_settings, file_secret_settings
        return (init_settings, env_settings, _File(settings_cls, toml_file=_named_file()))
