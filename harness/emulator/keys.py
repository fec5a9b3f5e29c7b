"""The tenant's signing keys and tokens signed with them (RS256, JWKS as RFC 7517 has it)."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

__all__ = ["SigningKey"]


class SigningKey:
    """An RSA key under a key id."""

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        public = self._key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        digest = hashlib.sha1(public, usedforsecurity=False).digest()
        self.kid = base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=")

    def sign(self, claims: dict[str, Any]) -> str:
        """A JWT with these claims, its header as Entra ID's."""
        headers = {"kid": self.kid, "x5t": self.kid, "typ": "JWT"}
        return jwt.encode(claims, self._key, algorithm="RS256", headers=headers)

    def public(self) -> dict[str, Any]:
        """The key's entry in the key set."""
        entry = jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {**entry, "kid": self.kid, "x5t": self.kid, "use": "sig", "kty": "RSA"}

    def public_key(self) -> rsa.RSAPublicKey:
        """The key that checks what `sign` signed."""
        return self._key.public_key()
