"""What the app's https door is made of: protocol version, certificate, older versions it takes.

The standard library does the handshakes; judging is left to `harness.suites.anonymous.target`.
"""

from __future__ import annotations

import socket
import ssl
import sys
import time
import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import truststore

from harness.bounds.urls import split_url

__all__ = ["TlsFacts", "fetch_tls_facts"]

OLD_VERSIONS = (ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1)


@dataclass(frozen=True, slots=True)
class TlsFacts:
    """What handshakes with the app showed. Times are seconds since the epoch.

    `version` is the best version agreed on (`TLSv1.3`); `old_version` the oldest one that the app
    still takes, None where it takes none; `reason` says why facts are missing.
    """

    version: str | None = None
    not_after: float | None = None
    issuer: str | None = None
    old_version: str | None = None
    checked_at: float = 0.0
    reason: str | None = None

    def to_plain(self) -> dict[str, Any]:
        """The facts as JSON-plain data, for recordings."""
        return asdict(self)

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> TlsFacts:
        """The facts that `to_plain` wrote."""
        return cls(**plain)


def fetch_tls_facts(
    url: str, *, ca_bundle: Path | None = None, timeout_s: float = 10.0
) -> TlsFacts | None:
    """Facts about the https door of a URL; None for plain http. Never raises for a bad peer."""
    parts = split_url(url)
    if parts.scheme != "https" or not parts.hostname:
        return None
    address = (parts.hostname, parts.port or 443)
    try:
        version, certificate = _handshake(address, _trusting(ca_bundle), timeout_s)
    except OSError as error:
        return TlsFacts(checked_at=time.time(), reason=f"{type(error).__name__}: {error}")
    not_after = certificate.get("notAfter")
    return TlsFacts(
        version=version,
        not_after=ssl.cert_time_to_seconds(str(not_after)) if not_after else None,
        issuer=_name(certificate.get("issuer")),
        old_version=_oldest_taken(address, timeout_s),
        checked_at=time.time(),
    )


def has_own_store(platform: str = sys.platform) -> bool:
    """Whether the operating system keeps a store of certificates that OpenSSL does not read."""
    return platform in ("win32", "darwin")


def system_context(platform: str = sys.platform) -> ssl.SSLContext:
    """A context that trusts what the operating system trusts, a company's own CAs included.

    On Windows and macOS the system itself judges (truststore), as for a browser.
    """
    if has_own_store(platform):
        return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return ssl.create_default_context()


def _trusting(ca_bundle: Path | None) -> ssl.SSLContext:
    context = system_context()
    if ca_bundle is not None:
        context.load_verify_locations(cafile=str(ca_bundle))
    return context


def _handshake(
    address: tuple[str, int], context: ssl.SSLContext, timeout_s: float
) -> tuple[str | None, Mapping[str, Any]]:
    with (
        socket.create_connection(address, timeout=timeout_s) as plain,
        context.wrap_socket(plain, server_hostname=address[0]) as secure,
    ):
        return secure.version(), secure.getpeercert() or {}


def _oldest_taken(address: tuple[str, int], timeout_s: float) -> str | None:
    """The oldest version below TLS 1.2 that the app takes; None where it, or we, take none."""
    taken = None
    for version in OLD_VERSIONS:
        try:
            name, _ = _handshake(address, _only(version), timeout_s)
        except (OSError, ValueError):
            break
        taken = name
    return taken


def _only(version: ssl.TLSVersion) -> ssl.SSLContext:
    """A context that offers one old version alone; nothing is sent over it, so none is trusted."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    # OpenSSL 3 offers the old versions at security level 0 only.
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = version
        context.maximum_version = version
    return context


def _name(issuer: Any) -> str | None:
    """The organisation or common name of a certificate's issuer, as `getpeercert` nests them."""
    pairs = {key: value for part in issuer or () for key, value in part}
    name = pairs.get("organizationName") or pairs.get("commonName")
    return None if name is None else str(name)
