"""One JSON line per log record, on standard error; libraries speak only from WARNING on."""

import logging
import sys

import structlog

LOUD = ("aiokafka", "kafka", "faust", "mode", "httpx2", "httpcore2", "botocore", "urllib3")
"""Libraries that would log addresses, tokens or every record at INFO (security S22)."""


def start(level: str) -> None:
    """Send every log record of this process to standard error as one JSON line."""
    for name in LOUD:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(message)s")
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.EventRenamer("msg"),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
