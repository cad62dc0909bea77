"""The log, on the terminal."""

from __future__ import annotations

import logging
import sys
from typing import TextIO


class _Stdout(logging.StreamHandler[TextIO]):
    """Writes to what is `sys.stdout` at the time of each record."""

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stdout
        super().emit(record)


def enable_verbose_stdout_logging() -> None:
    """Print everything that the loggers below `rxagents` say; calling it again changes nothing."""
    logger = logging.getLogger("rxagents")
    logger.setLevel(logging.DEBUG)
    if not any(isinstance(handler, _Stdout) for handler in logger.handlers):
        logger.addHandler(_Stdout(sys.stdout))
