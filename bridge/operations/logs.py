"""Logs: readable on a terminal, JSON elsewhere; what libraries log goes the same way."""

import logging
import sys
from typing import Any, Literal

import orjson
import structlog

# Libraries whose own lines would say less than ours, or hold URLs with addresses in them.
QUIET = ("httpx", "httpcore", "aiosqlite", "uvicorn.access", "alembic")


def set_up_logs(level: str, style: Literal["json", "console"] | None = None) -> None:
    """Send everything to standard error, from ``level`` on, in one form."""
    console = style == "console" or (style is None and sys.stderr.isatty())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    own, factory = _own_lines(console=console)
    structlog.configure(
        processors=[*shared, *own],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=factory,
        cache_logger_on_first_use=True,
    )
    renderer: Any = (
        structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
            # The usual one shows the local variables of every frame, and so tokens.
            exception_formatter=structlog.dev.plain_traceback,
        )
        if console
        else structlog.processors.JSONRenderer(serializer=_as_text)
    )
    finish = [] if console else [structlog.processors.format_exc_info]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *finish,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True


def _own_lines(*, console: bool) -> tuple[list[Any], Any]:
    """Return how the bridge's own lines end: one for each request, so that JSON takes no detour."""
    stream = getattr(sys.stderr, "buffer", None)
    if console or stream is None:
        wrapped = structlog.stdlib.ProcessorFormatter.wrap_for_formatter
        return [wrapped], structlog.stdlib.LoggerFactory()
    as_bytes = structlog.processors.JSONRenderer(serializer=orjson.dumps)
    return [
        structlog.processors.format_exc_info,
        as_bytes,
    ], structlog.BytesLoggerFactory(file=stream)


def _as_text(event: Any, **options: Any) -> str:
    return orjson.dumps(event, **options).decode()
