"""The sections that say how connections and gateways are set up: `[connection]` and others."""

from __future__ import annotations

from harness.settings.reading import read_section
from harness.settings.table import Table
from harness.settings.values import ConnectionSettings, GatewaySettings, WebhookSettings

__all__ = ["connection", "gateway", "webhooks"]


def connection(table: Table) -> ConnectionSettings:
    """`[connection]`."""
    values = dict(table.deferred_texts())
    values.pop("set", None)
    return ConnectionSettings(values, table.text("set"))


def gateway(table: Table) -> GatewaySettings:
    """`[gateway]`."""
    return read_section(table, GatewaySettings)


def webhooks(table: Table) -> WebhookSettings:
    """`[webhooks]`."""
    return read_section(table, WebhookSettings)
