"""Forged tokens: what each kind is, how it is made, and what being let in with it would mean.

Everything is made from a good token's header and claims with keys of our own; which kinds can be
had from the tenant alone is said in the table. Sources: RFC 8725 (JWT best practices), RFC 7515
section 4.1 (headers that offer keys), RFC 7519 section 4.1 (claims), CVE-2022-21449 (blank ECDSA).
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from harness.bounds.parsing import parse_json

__all__ = [
    "BY_NAME",
    "KINDS",
    "ForgeKind",
    "Pace",
    "TokenParts",
    "forge",
    "parts_of",
    "signing_key_pem",
]

Pace = Literal["always", "night", "once"]
"""always: for every operation in every run; night: for every operation unless the run is quick;
once: for one operation of the app, unless the run is quick."""

DELEGATED = frozenset({"scope", "app-only"})
"""Causes that the platform lets through by design: only the function can refuse such tokens."""

GRAPH = "https://graph.microsoft.com"
FOREIGN_TENANT = "00000000-0000-4000-8000-00000000beef"
STALE_S = 1200
"""How far hostile lifetimes are off, in seconds: Easy Auth grants 300 of grace, so 900 is least."""
OVERSIZE_CHARS = 12_000


@dataclass(frozen=True, slots=True)
class TokenParts:
    """What forging starts from: a good token's parts, if there is one, and the tenant's public key.

    `value` is the good token itself; `public_pem` its signing key in PEM, for key confusion.
    """

    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    value: str | None = None
    public_pem: str | None = None


@dataclass(frozen=True, slots=True)
class ForgeKind:
    """One kind of hostile token.

    `cause` groups kinds that one mistake lets in; `accepted_means` says what that mistake is.
    `make` forges it, None where only the tenant can sign one that proves anything; `tenant_only`
    says that a forged one is refused by its signature already, so that a tenant's is better.
    `policy` marks valid tokens that a policy forbids, which may be refused with 403.
    """

    name: str
    cause: str
    pace: Pace
    how: str
    accepted_means: str
    make: Callable[[TokenParts], str | None] | None = None
    tenant_only: bool = False
    policy: bool = False


def forge(kind: str, parts: TokenParts) -> str | None:
    """A token of that kind; None where the parts do not suffice or only the tenant can make it.

    Raises:
        KeyError: there is no such kind.
    """
    make = BY_NAME[kind].make
    return None if make is None else make(parts)


def parts_of(token: str, public_pem: str | None = None) -> TokenParts:
    """A token's header and claims, unverified, to forge from.

    Raises:
        ValueError: it is no JSON web token in compact form (RFC 7515 section 7.1).
    """
    pieces = token.split(".")
    if len(pieces) != 3:
        raise ValueError("not a JSON web token: it has not three parts")
    header, claims = (parse_json(_decoded(piece)) for piece in pieces[:2])
    return TokenParts(header, claims, token, public_pem)


def signing_key_pem(jwks: Mapping[str, Any], kid: str | None) -> str | None:
    """The public key of that id in a key set (RFC 7517) as PEM; None where it is not there."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
    from jwt import PyJWK

    for entry in jwks.get("keys", ()):
        if kid is None or entry.get("kid") == kid:
            key = PyJWK.from_dict({**entry, "alg": entry.get("alg", "RS256")}).key
            pem: bytes = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
            return pem.decode("ascii")
    return None


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _part(value: Mapping[str, Any]) -> str:
    return _encoded(json.dumps(value, separators=(",", ":")).encode("utf-8"))


@cache
def _own_key() -> Any:
    """Our own RSA key, made once a process: what it signs, nobody should trust."""
    from cryptography.hazmat.primitives.asymmetric import rsa

    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _signed(
    header: Mapping[str, Any], claims: Mapping[str, Any], *, algorithm: str = "RS256"
) -> str:
    import jwt

    kept = {k: v for k, v in header.items() if k not in ("alg", "typ")}
    return jwt.encode(dict(claims), _own_key(), algorithm=algorithm, headers=kept)


def _fresh(claims: Mapping[str, Any]) -> dict[str, Any]:
    now = int(time.time())
    return {**claims, "iat": now - 60, "nbf": now - 60, "exp": now + 3600}


def _with_claims(changes: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> Any:
    """A maker of tokens that are good but for some claims, and for our key."""

    def make(parts: TokenParts) -> str:
        claims = {**_fresh(parts.claims), **changes(parts.claims)}
        kept = {name: value for name, value in claims.items() if value is not None}
        return _signed(parts.header, kept)

    return make


def _expired(_: Mapping[str, Any]) -> Mapping[str, Any]:
    now = int(time.time())
    return {"iat": now - STALE_S - 3600, "nbf": now - STALE_S - 3600, "exp": now - STALE_S}


def _not_yet(_: Mapping[str, Any]) -> Mapping[str, Any]:
    now = int(time.time())
    return {"iat": now, "nbf": now + STALE_S, "exp": now + STALE_S + 3600}


def _other_tenant(claims: Mapping[str, Any]) -> Mapping[str, Any]:
    own = str(claims.get("tid", ""))
    issuer = str(claims.get("iss", "")).replace(own, FOREIGN_TENANT) if own else FOREIGN_TENANT
    return {"tid": FOREIGN_TENANT, "iss": issuer}


def _app_only(claims: Mapping[str, Any]) -> Mapping[str, Any]:
    gone = dict.fromkeys(("scp", "upn", "unique_name", "preferred_username", "name"))
    return {**gone, "idtyp": "app", "roles": ["Harness.Probe"], "sub": claims.get("oid", "probe")}


def _bad_signature(parts: TokenParts) -> str | None:
    """The good token with its signature altered; ours, likewise altered, where there is none."""
    token = parts.value or _signed(parts.header, _fresh(parts.claims))
    body, _, signature = token.rpartition(".")
    altered = bytearray(_decoded(signature))
    altered[len(altered) // 2] ^= 0xFF
    return f"{body}.{_encoded(bytes(altered))}"


def _unknown_key(parts: TokenParts) -> str:
    return _signed(parts.header, _fresh(parts.claims))


def _unknown_kid(parts: TokenParts) -> str:
    header = {**parts.header, "kid": "harness-probe", "x5t": None}
    return _signed({k: v for k, v in header.items() if v is not None}, _fresh(parts.claims))


def _signature_removed(parts: TokenParts) -> str:
    if parts.value:
        return parts.value.rpartition(".")[0] + "."
    return f"{_part({'alg': 'RS256', **parts.header})}.{_part(_fresh(parts.claims))}."


def _alg_none(spelling: str) -> Callable[[TokenParts], str]:
    def make(parts: TokenParts) -> str:
        header = {**parts.header, "alg": spelling}
        return f"{_part(header)}.{_part(_fresh(parts.claims))}."

    return make


def _hmac(parts: TokenParts, key: bytes, **header: Any) -> str:
    import hashlib
    import hmac

    text = f"{_part({**parts.header, 'alg': 'HS256', **header})}.{_part(_fresh(parts.claims))}"
    digest = hmac.new(key, text.encode("ascii"), hashlib.sha256).digest()
    return f"{text}.{_encoded(digest)}"


def _hs256_public_key(parts: TokenParts) -> str | None:
    """Signed with the tenant's public key as if it were a shared secret (RFC 8725 2.1)."""
    return None if parts.public_pem is None else _hmac(parts, parts.public_pem.encode("ascii"))


def _own_jwk() -> dict[str, Any]:
    numbers = _own_key().public_key().public_numbers()
    n, e = (
        _encoded(number.to_bytes((number.bit_length() + 7) // 8, "big"))
        for number in (numbers.n, numbers.e)
    )
    return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "harness-probe", "n": n, "e": e}


def _embedded_jwk(parts: TokenParts) -> str:
    header = {**parts.header, "kid": "harness-probe", "jwk": _own_jwk()}
    return _signed(header, _fresh(parts.claims))


def _embedded_jku(parts: TokenParts) -> str:
    keys = json.dumps({"keys": [_own_jwk()]}).encode("utf-8")
    address = "data:application/json;base64," + base64.b64encode(keys).decode("ascii")
    header = {**parts.header, "kid": "harness-probe", "jku": address}
    return _signed(header, _fresh(parts.claims))


@cache
def _own_certificate() -> str:
    """A self-signed certificate of our key, DER in base64, as the `x5c` header wants it."""
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization

    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "harness-probe")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(_own_key().public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .sign(_own_key(), hashes.SHA256())
    )
    return base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode("ascii")


def _embedded_x5c(parts: TokenParts) -> str:
    header = {**parts.header, "kid": "harness-probe", "x5c": [_own_certificate()]}
    return _signed(header, _fresh(parts.claims))


def _blank_ecdsa(parts: TokenParts) -> str:
    header = {**parts.header, "alg": "ES256"}
    return f"{_part(header)}.{_part(_fresh(parts.claims))}.{_encoded(bytes(64))}"


def _critical_header(parts: TokenParts) -> str:
    header = {**parts.header, "crit": ["harness-probe"], "harness-probe": True}
    return _signed(header, _fresh(parts.claims))


def _truncated(parts: TokenParts) -> str:
    token = parts.value or _signed(parts.header, _fresh(parts.claims))
    body, _, signature = token.rpartition(".")
    return f"{body}.{signature[: len(signature) // 2]}"


_UNSIGNED = "it accepts tokens that nobody it trusts has signed"
_NONE = "it accepts tokens that carry no signature at all"

KINDS: tuple[ForgeKind, ...] = (
    ForgeKind("bad-signature", "signature", "always",
              "the good token with its signature altered", _UNSIGNED, _bad_signature),
    ForgeKind("unknown-key", "signature", "night",
              "signed with a key of ours under the tenant's key id", _UNSIGNED, _unknown_key),
    ForgeKind("unknown-kid", "signature", "night",
              "signed with a key of ours under an unknown key id", _UNSIGNED, _unknown_kid),
    ForgeKind("truncated", "truncated", "night",
              "the good token with half of its signature cut off",
              "it does not check the whole signature", _truncated),
    ForgeKind("critical-header", "signature", "once",
              "names an unknown critical header, signed with a key of ours", _UNSIGNED,
              _critical_header),
    ForgeKind("signature-removed", "no-signature", "night",
              "the good token with an empty signature", _NONE, _signature_removed),
    ForgeKind("alg-none", "no-signature", "always", "unsigned, with alg none", _NONE,
              _alg_none("none")),
    ForgeKind("alg-none-capital", "no-signature", "once", "unsigned, with alg None", _NONE,
              _alg_none("None")),
    ForgeKind("alg-none-upper", "no-signature", "once", "unsigned, with alg NONE", _NONE,
              _alg_none("NONE")),
    ForgeKind("alg-none-mixed", "no-signature", "once", "unsigned, with alg nOnE", _NONE,
              _alg_none("nOnE")),
    ForgeKind("hs256-confusion", "key-confusion", "night",
              "HS256 with the tenant's public key as the secret",
              "it takes the tenant's public key for a shared secret", _hs256_public_key),
    ForgeKind("hs256-empty-key", "key-confusion", "once", "HS256 with an empty secret",
              "it checks HS256 with an empty secret", lambda parts: _hmac(parts, b"")),
    ForgeKind("key-id-path", "key-confusion", "once",
              "HS256 with an empty secret and a key id that is a file path",
              "it reads the key from the file that the token names",
              lambda parts: _hmac(parts, b"", kid="../../../../../../dev/null")),
    ForgeKind("blank-ecdsa", "key-confusion", "once", "ES256 with a signature of zeros",
              "it takes a signature of zeros for valid", _blank_ecdsa),
    ForgeKind("embedded-jwk", "embedded-key", "night", "brings its own key in a jwk header",
              "it trusts the key that the token itself brings", _embedded_jwk),
    ForgeKind("embedded-jku", "embedded-key", "once", "brings its own key set in a jku header",
              "it trusts the key that the token itself brings", _embedded_jku),
    ForgeKind("embedded-x5c", "embedded-key", "once", "brings its own certificate in x5c",
              "it trusts the key that the token itself brings", _embedded_x5c),
    ForgeKind("expired", "lifetime", "always", "ended 20 minutes ago or longer",
              "it accepts tokens past their end", _with_claims(_expired), tenant_only=True),
    ForgeKind("not-yet-valid", "not-yet-valid", "night", "begins in 20 minutes",
              "it accepts tokens before their time", _with_claims(_not_yet), tenant_only=True),
    ForgeKind("wrong-audience", "audience", "always", "issued for another API",
              "it accepts tokens issued for other APIs",
              _with_claims(lambda _: {"aud": GRAPH}), tenant_only=True),
    ForgeKind("wrong-issuer", "issuer", "night", "names a foreign issuer",
              "it accepts tokens of foreign issuers",
              _with_claims(lambda _: {"iss": "https://sts.harness-probe.invalid/"}),
              tenant_only=True),
    ForgeKind("wrong-tenant", "tenant", "night", "issued for another tenant",
              "it accepts users of other tenants", _with_claims(_other_tenant),
              tenant_only=True, policy=True),
    ForgeKind("no-scope", "scope", "night", "carries no scp",
              "it accepts tokens that carry no delegated permission",
              _with_claims(lambda _: {"scp": None}), tenant_only=True, policy=True),
    ForgeKind("other-scope", "scope", "night", "carries another scope",
              "it accepts tokens of another delegated permission",
              _with_claims(lambda _: {"scp": "Harness.Probe"}), tenant_only=True, policy=True),
    ForgeKind("app-only", "app-only", "night", "issued to an app without a user",
              "it accepts apps without a user", _with_claims(_app_only),
              tenant_only=True, policy=True),
    ForgeKind("id-token", "id-token", "night", "the id token of the same sign-in",
              "it accepts id tokens, which are meant for the client alone", None,
              tenant_only=True, policy=True),
    ForgeKind("outside-allow-list", "allow-list", "night",
              "of a user whom the app's allow-list does not name",
              "its allow-list is not applied", None, tenant_only=True, policy=True),
    ForgeKind("oversized", "signature", "once", "12,000 characters, signed with a key of ours",
              _UNSIGNED, _with_claims(lambda _: {"harness_probe": "x" * OVERSIZE_CHARS})),
)  # fmt: skip

BY_NAME: Mapping[str, ForgeKind] = {kind.name: kind for kind in KINDS}
