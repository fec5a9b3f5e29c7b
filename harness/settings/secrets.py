"""The secrets that settings hold, for whoever keeps them out of what is written."""

from __future__ import annotations

import contextlib

from harness.errors import SettingsError
from harness.settings.values import Deferred, Settings

__all__ = ["SHORTEST_LITERAL", "configured_secrets", "is_secret"]


SHORTEST_LITERAL = 8
"""A shorter connection value that stands in the file itself is no secret: a region, a name."""


def is_secret(value: Deferred) -> bool:
    """Whether to hide a connection value: it is from the environment, or long enough for a key."""
    return bool(value.names) or len(value.template) >= SHORTEST_LITERAL


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
            *(
                (value, f"{{{name} of {user.name}}}")
                for name, value in user.connection.items()
                if is_secret(value)
            ),
        ]
    deferred += [
        (value, "{" + name + "}")
        for name, value in (*settings.connection.values.items(), *settings.gateway.headers.items())
        if is_secret(value)
    ]
    found: dict[str, str] = {}
    for text, placeholder in deferred:
        if text is not None:
            with contextlib.suppress(SettingsError):
                found[text.resolve()] = placeholder
    return found
