"""The secrets that settings hold, for whoever keeps them out of what is written."""

from __future__ import annotations

import contextlib

from harness.errors import SettingsError
from harness.settings.values import Settings

__all__ = ["configured_secrets"]


def configured_secrets(settings: Settings) -> dict[str, str]:
    """Passwords, secrets and tokens of the settings, where their variables are set."""
    entra = settings.entra
    deferred = [
        (entra.client_secret, "{client-secret}"),
        (entra.client_certificate_password, "{certificate-password}"),
        (entra.connector_client_secret, "{connector-client-secret}"),
    ]
    for user in settings.users.values():
        deferred += [
            (user.password, "{password of " + user.name + "}"),
            (user.token, "{" + user.name + "}"),
        ]
    found: dict[str, str] = {}
    for text, placeholder in deferred:
        if text is not None:
            with contextlib.suppress(SettingsError):
                found[text.resolve()] = placeholder
    return found
