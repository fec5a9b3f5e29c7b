"""Facts about an https door, from handshakes with a real one."""

from __future__ import annotations

import socket
import ssl
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import trustme

from harness.traffic.tls import fetch_tls_facts


@contextmanager
def door(ca: trustme.CA, *, oldest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2) -> Iterator[str]:
    """A TLS listener that shakes hands and hangs up."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1").configure_cert(context)
    if oldest < ssl.TLSVersion.TLSv1_2:
        context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = oldest
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                plain, _ = listener.accept()
            except OSError:
                return
            with suppress(OSError), plain, context.wrap_socket(plain, server_side=True) as secure:
                secure.recv(1)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"https://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        with suppress(OSError):  # some systems do not shut a listener down
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(timeout=5)


@pytest.fixture
def ca() -> trustme.CA:
    return trustme.CA(organization_name="Harness Test CA")


@pytest.fixture
def ca_file(ca: trustme.CA, tmp_path: Path) -> Path:
    path = tmp_path / "ca.pem"
    ca.cert_pem.write_to_path(str(path))
    return path


def test_version_and_certificate_are_told(ca: trustme.CA, ca_file: Path) -> None:
    with door(ca) as url:
        facts = fetch_tls_facts(url, ca_bundle=ca_file)

    assert facts is not None
    assert (facts.version, facts.issuer, facts.reason) == ("TLSv1.3", "Harness Test CA", None)
    assert facts.not_after is not None
    assert facts.not_after > time.time()
    assert facts.old_version is None


def test_an_old_version_that_is_still_taken_is_told(ca: trustme.CA, ca_file: Path) -> None:
    with door(ca, oldest=ssl.TLSVersion.TLSv1_1) as url:
        facts = fetch_tls_facts(url, ca_bundle=ca_file)

    assert facts is not None
    assert facts.old_version == "TLSv1.1"


def test_an_untrusted_certificate_is_a_reason_and_no_error(ca: trustme.CA) -> None:
    with door(ca) as url:
        facts = fetch_tls_facts(url)

    assert facts is not None
    assert facts.version is None
    assert "certificate" in (facts.reason or "").lower()


def test_plain_http_has_no_facts() -> None:
    assert fetch_tls_facts("http://127.0.0.1:1") is None
