"""Where App Service Authentication has its own addresses: `/.auth`, or the app's own prefix."""

from __future__ import annotations

from contextlib import suppress

from harness.connector.auth_settings import read_auth_settings
from harness.errors import SettingsError
from harness.exchanges.context import RunContext

__all__ = ["auth_path"]

PREFIX = "/.auth"


def auth_path(context: RunContext, rest: str) -> str:
    """The path of one of its addresses, such as `me` or `login/aad`.

    `httpSettings.routes.apiPrefix` of the app's own settings (`[easy-auth] settings`) moves them
    (App Service, "File-based configuration").
    """
    prefix = PREFIX
    if context.settings.easy_auth is not None:
        with suppress(SettingsError):  # told before the run, and by the definition suite
            prefix = read_auth_settings(context.settings.easy_auth).api_prefix or PREFIX
    return f"/{prefix.strip('/')}/{rest}"
