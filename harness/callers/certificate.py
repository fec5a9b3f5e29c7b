"""A client certificate from a file, in the form that MSAL takes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import load_pem_private_key, pkcs12

from harness.bounds.files import read_bounded, reason_of
from harness.bounds.parsing import OutOfBoundsError
from harness.errors import SettingsError
from harness.settings.values import Deferred

__all__ = ["certificate_credential"]

WHERE = "[entra] client-certificate"
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.S)


def certificate_credential(path: str, password: Deferred | None) -> dict[str, Any]:
    """MSAL's `client_credential` for a PFX file, or a PEM file with both key and certificate.

    Raises:
        SettingsError: the file is missing, holds no key or certificate, or needs another password.
    """
    file = Path(path)
    try:
        raw = read_bounded(file)
    except (OSError, OutOfBoundsError) as error:
        raise SettingsError(f"{WHERE} {file.name!r}: {reason_of(error)}") from None
    problem = None
    try:
        return _pem(raw, password) if b"-----BEGIN" in raw else _pfx(file, raw, password)
    except SettingsError:
        raise
    except (ValueError, TypeError) as error:
        problem = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
    raise SettingsError(
        f"{WHERE} {file.name!r}: cannot be opened; check client-certificate-password ({problem})"
    )


def _pfx(file: Path, raw: bytes, password: Deferred | None) -> dict[str, Any]:
    key, certificate, _ = pkcs12.load_key_and_certificates(raw, _bytes(password))
    if key is None or certificate is None:
        raise SettingsError(f"{WHERE} {file.name!r}: must hold both private key and certificate")
    credential: dict[str, Any] = {"private_key_pfx_path": str(file)}
    return credential | ({} if password is None else {"passphrase": password.resolve()})


def _pem(raw: bytes, password: Deferred | None) -> dict[str, Any]:
    text = raw.decode("utf-8", "replace")
    certificate = _CERTIFICATE.search(text)
    if certificate is None or "PRIVATE KEY-----" not in text:
        raise SettingsError(f"{WHERE}: the PEM file must hold both private key and certificate")
    load_pem_private_key(raw, _bytes(password))
    credential: dict[str, Any] = {"private_key": text, "public_certificate": certificate[0]}
    return credential | ({} if password is None else {"passphrase": password.resolve()})


def _bytes(password: Deferred | None) -> bytes | None:
    return None if password is None else password.resolve().encode("utf-8")
