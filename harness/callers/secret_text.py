"""Secrets of the settings, refused where they cannot be what was meant.

Secret stores give an empty variable to pull requests of forks, and pasted values end in a line
break; both would cost an attempt on an account and come back as a wrong password.
"""

from __future__ import annotations

from harness.errors import SettingsError
from harness.settings.secret import Secret
from harness.settings.values import Deferred

__all__ = ["secret_text"]


def secret_text(deferred: Deferred, where: str) -> str:
    """The text of a secret, its variables taken from the environment now.

    Raises:
        SettingsError: a variable is not set, or the text is empty or framed by white space, which
            Entra ID does not take in passwords (Microsoft: "Resource Owner Password Credentials").
    """
    held = Secret(deferred.resolve())
    place = deferred.where or where
    variables = " and ".join(deferred.names)
    source = f" (from {variables})" if variables else ""
    if not held.reveal():
        raise SettingsError(
            f"{place}{source}: is empty; secrets are not handed to pull requests of forks"
        )
    if held.reveal() != held.reveal().strip():
        raise SettingsError(
            f"{place}{source}: begins or ends with white space; store it without a line break"
        )
    return held.reveal()
