"""Log records without secrets: httpx and httpcore log URLs and headers, MSAL its answers."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["clean_log_records"]


@contextlib.contextmanager
def clean_log_records(shown: Callable[[str], str]) -> Iterator[None]:
    """Pass the message and the traceback of every log record through `shown` as it is made.

    Records are cleaned before any handler sees them: pytest's live log, its report sections, a log
    file, and handlers of the user's own.
    """
    make = logging.getLogRecordFactory()

    def clean(*arguments: Any, **named: Any) -> logging.LogRecord:
        record = make(*arguments, **named)
        _clean(record, shown)
        return record

    logging.setLogRecordFactory(clean)
    try:
        yield
    finally:
        if logging.getLogRecordFactory() is clean:
            logging.setLogRecordFactory(make)


def _clean(record: logging.LogRecord, shown: Callable[[str], str]) -> None:
    try:
        message = record.getMessage()
    except Exception:  # a wrong format string is the caller's fault, and logging's to report
        return
    told = shown(message)
    if told != message:
        record.msg, record.args = told, None
    if record.exc_info and record.exc_info[0] is not None:
        trace = logging.Formatter().formatException(record.exc_info)
        told = shown(trace)
        if told != trace:
            record.exc_text = told
