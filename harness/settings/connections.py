"""The sections that say how connections and gateways are set up: `[connection]` and others."""

from __future__ import annotations

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
    table.check_keys(("headers",))
    return GatewaySettings(table.sub("headers").deferred_texts())


def webhooks(table: Table) -> WebhookSettings:
    """`[webhooks]`."""
    table.check_keys(("callback",))
    return WebhookSettings(table.text("callback"))
