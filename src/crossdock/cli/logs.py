"""Logs: one event a line, text on a terminal and JSON elsewhere, secrets and people masked in every one."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from crossdock.kit import redact
from crossdock.settings import Settings

_OUR_OWN = ("event", "level", "timestamp", "logger")


def set_up(settings: Settings) -> None:
    """Send structlog's and the libraries' logs to standard error, at the level and in the format of the settings."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    as_text = settings.log_format == "text" or (settings.log_format == "auto" and sys.stderr.isatty())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        masked,
    ]
    shown = structlog.dev.ConsoleRenderer() if as_text else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[*shared, shown],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(processors=[_without_record, shown], foreign_pre_chain=shared)
    )
    logging.basicConfig(handlers=[handler], level=max(level, logging.WARNING), force=True)


def masked(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Mask what names a secret or a person, by field name and by what the text looks like (a structlog processor)."""
    del logger, method
    for name, value in event.items():
        if name in _OUR_OWN:
            event[name] = redact.text(value) if isinstance(value, str) else value
    kept = {name: value for name, value in event.items() if name not in _OUR_OWN}
    event.update(redact.document(kept))
    return event


def _without_record(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    del logger, method
    event.pop("_record", None)
    event.pop("_from_structlog", None)
    return event
