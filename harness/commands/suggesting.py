"""`lint --suggest-schemas`: response schemas inferred from what the app answered."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.bounds.urls import split_url
from harness.commands.reports import read_report
from harness.connector.loading import load_connector
from harness.exchanges.model import Caller, Exchange, Probe, Request, Response
from harness.report.reading import header_pairs, mapping, rows, text
from harness.suites.contract.schema_suggestion import suggest

__all__ = ["suggest_schemas"]


def suggest_schemas(connector: Path, report: Path) -> dict[str, Any]:
    """Per operation the schema that its recorded success answers have in common."""
    document = read_report(report)
    exchanges = [e for row in rows(document, "exchanges") if (e := _exchange(row)) is not None]
    return suggest(load_connector(connector), exchanges)


def _exchange(row: Mapping[str, Any]) -> Exchange | None:
    got, sent = mapping(row, "response"), mapping(row, "request")
    if got.get("truncated") or got.get("body") is None or "status" not in got:
        return None
    parts = split_url(text(sent.get("url")))
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    probe = Probe(
        text(row.get("id")),
        row.get("operation"),
        Caller(text(row.get("caller")), "user"),
        Request(text(sent.get("method")), target),
        text(row.get("purpose")),
    )
    headers = tuple(header_pairs(got.get("headers")))
    return Exchange(probe, Response(got["status"], headers, got["body"].encode("utf-8"), 0.0))
