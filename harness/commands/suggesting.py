"""`lint --suggest-schemas`: response schemas inferred from what the app answered."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from harness.commands.reports import read_report
from harness.connector.loading import load_connector
from harness.exchanges.model import Caller, Exchange, Probe, Request, Response
from harness.suites.contract.schema_suggestion import suggest

__all__ = ["suggest_schemas"]


def suggest_schemas(connector: Path, report: Path) -> dict[str, Any]:
    """Per operation the schema that its recorded success answers have in common."""
    document = read_report(report)
    exchanges = [e for row in document["exchanges"] if (e := _exchange(row)) is not None]
    return suggest(load_connector(connector), exchanges)


def _exchange(row: Mapping[str, Any]) -> Exchange | None:
    got, sent = row["response"], row["request"]
    if got is None or got.get("truncated") or got.get("body") is None:
        return None
    parts = urlsplit(sent["url"])
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    probe = Probe(
        row["id"],
        row["operation"],
        Caller(row["caller"], "user"),
        Request(sent["method"], target),
        row["purpose"],
    )
    headers = tuple((str(k), str(v)) for k, v in got["headers"].items())
    return Exchange(probe, Response(got["status"], headers, got["body"].encode("utf-8"), 0.0))
