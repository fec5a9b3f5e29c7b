from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from harness.callers.certificate import certificate_credential
from harness.errors import SettingsError, SignInError
from harness.settings.values import Deferred

CONFIDENTIAL = "55555555-1111-4222-8333-444455556666"
EXPIRED = "44444444-1111-4222-8333-444455556666"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM, PKCS8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8


def certificate() -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "client")])
    begins = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(KEY.public_key())
        .serial_number(1)
        .not_valid_before(begins)
        .not_valid_after(begins + datetime.timedelta(days=3650))
        .sign(KEY, hashes.SHA256())
    )


def written(folder: Path, kind: str, password: str | None) -> str:
    raw = None if password is None else password.encode()
    lock: Any = serialization.NoEncryption()
    if raw is not None:
        lock = serialization.BestAvailableEncryption(raw)
    if kind == "pfx":
        data = pkcs12.serialize_key_and_certificates(b"c", KEY, certificate(), None, lock)
    else:
        data = KEY.private_bytes(PEM, PKCS8, lock) + certificate().public_bytes(PEM)
    path = folder / f"client.{kind}"
    path.write_bytes(data)
    return str(path)


@pytest.mark.parametrize("password", [None, "pass-canary"], ids=["open", "locked"])
@pytest.mark.parametrize("kind", ["pfx", "pem"])
def test_a_client_proves_itself_by_certificate(
    tenant: Any, tmp_path: Path, kind: str, password: str | None
) -> None:
    entra = tenant.entra(
        client_id=CONFIDENTIAL,
        client_certificate=written(tmp_path, kind, password),
        client_certificate_password=None if password is None else Deferred(password),
    )

    token = tenant.sign_ins(entra=entra).token("alice")

    assert token.source == "password"


@pytest.mark.parametrize("kind", ["pfx", "pem"])
def test_a_wrong_certificate_password_is_a_settings_error(
    tenant: Any, tmp_path: Path, kind: str
) -> None:
    entra = tenant.entra(
        client_certificate=written(tmp_path, kind, "right"),
        client_certificate_password=Deferred("wrong-canary"),
    )

    with pytest.raises(SettingsError, match="client-certificate-password") as caught:
        tenant.sign_ins(entra=entra).token("alice")

    assert "canary" not in str(caught.value)
    assert tenant.issued == []


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "No such file"), (b"hello", "cannot be opened"), ("key", "both private key and")],
    ids=["missing", "no certificate", "key alone"],
)
def test_a_file_that_is_no_certificate_is_a_settings_error(
    tmp_path: Path, content: bytes | str | None, words: str
) -> None:
    path = tmp_path / "client.pem"
    if content == "key":
        content = KEY.private_bytes(PEM, PKCS8, serialization.NoEncryption())
    if isinstance(content, bytes):
        path.write_bytes(content)

    with pytest.raises(SettingsError, match=words):
        certificate_credential(str(path), None)


def test_a_confidential_client_signs_users_in_with_its_secret(tenant: Any) -> None:
    facts = tenant.emulator.description
    entra = tenant.entra(client_secret=Deferred(facts["client_secret"]))

    assert tenant.sign_ins(entra=entra).token("alice").claims["azpacr"] == "1"


@pytest.mark.parametrize(
    ("client", "secret", "code"),
    [(CONFIDENTIAL, "wrong", 7000215), (EXPIRED, None, 7000222)],
    ids=["wrong", "expired"],
)
def test_a_secret_that_does_not_work_is_diagnosed(
    tenant: Any, client: str, secret: str | None, code: int
) -> None:
    own = tenant.emulator.tenant.clients[client].secret
    entra = tenant.entra(client_id=client, client_secret=Deferred(secret or own))

    with pytest.raises(SignInError) as caught:
        tenant.sign_ins(entra=entra).token("alice")

    assert (caught.value.code, caught.value.rule) == (code, "sign-in.client-secret")
    assert own not in str(caught.value)


def test_a_token_without_a_user_comes_by_client_credentials(tenant: Any) -> None:
    facts = tenant.emulator.description
    daemon = facts["daemon"]
    entra = tenant.entra(
        connector_client_id=daemon["client_id"],
        connector_client_secret=Deferred(daemon["client_secret"]),
    )
    sign_ins = tenant.sign_ins(entra=entra)

    first = sign_ins.app_token(f"{facts['app_id_uri']}/.default")

    assert first.claims["roles"] == ["Data.Read"]
    assert "scp" not in first.claims
    assert sign_ins.app_token(f"{facts['app_id_uri']}/.default") is first


def test_without_a_secret_there_is_no_token_without_a_user(tenant: Any) -> None:
    with pytest.raises(SignInError, match="connector-client-secret") as caught:
        tenant.sign_ins().app_token("api://x/.default")

    assert caught.value.rule == "sign-in.no-app-token"
    assert tenant.requests("") == 0
