"""Who and what the emulated tenant knows: users, app registrations, and ids that never change.

Ids are fixed so that two runs look alike; passwords and secrets are random for each emulator.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

__all__ = [
    "API_CLIENT_ID",
    "APP_ID_URI",
    "CONNECTOR_CLIENT_ID",
    "DAEMON_CLIENT_ID",
    "DOMAIN",
    "OTHER_API_URI",
    "SCOPE",
    "TENANT_ID",
    "Client",
    "Resource",
    "Tenant",
    "User",
    "make_tenant",
]

TENANT_ID = "8c1f9a52-3d74-4be6-a0c5-2f6e8d7b9a10"
DOMAIN = "contoso.example"
API_CLIENT_ID = "0a1b2c3d-4e5f-4678-9abc-def012345678"
APP_ID_URI = f"api://{API_CLIENT_ID}"
SCOPE = "user_impersonation"
CONNECTOR_CLIENT_ID = "5f1c2d3e-7a8b-4c9d-8e0f-112233445566"
OTHER_API_ID = "9d8c7b6a-5f4e-4d3c-b2a1-908070605040"
OTHER_API_URI = f"api://{OTHER_API_ID}"
DAEMON_CLIENT_ID = "77777777-1111-4222-8333-444455556666"
UNCONSENTED_CLIENT_ID = "66666666-1111-4222-8333-444455556666"
CONFIDENTIAL_CLIENT_ID = "55555555-1111-4222-8333-444455556666"
EXPIRED_SECRET_CLIENT_ID = "44444444-1111-4222-8333-444455556666"
CONNECTOR_REDIRECTS = (
    "https://global.consent.azure-apim.net/redirect",
    "https://global.consent.azure-apim.net/redirect/documents-5fsample",
)


@dataclass(slots=True)
class User:
    """Somebody of the tenant; `refusal` is the AADSTS code that every sign-in of theirs meets."""

    key: str
    name: str
    object_id: str
    password: str = field(repr=False)
    refusal: int | None = None
    failures: int = 0

    @property
    def username(self) -> str:
        """The user principal name."""
        return f"{self.key}@{DOMAIN}"


@dataclass(frozen=True, slots=True)
class Client:
    """An app registration that signs users in, or itself."""

    client_id: str
    secret: str | None = field(default=None, repr=False)
    public_flows: bool = True
    secret_expired: bool = False
    consented: frozenset[str] = frozenset()
    redirect_uris: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Resource:
    """An API registration: the names it is asked for by, and the version of its tokens."""

    client_id: str
    uris: tuple[str, ...]
    token_version: int = 2
    scopes: tuple[str, ...] = (SCOPE,)


@dataclass(slots=True)
class Tenant:
    """Everything that the emulated Entra ID knows."""

    users: dict[str, User]
    clients: dict[str, Client]
    resources: tuple[Resource, ...]

    def user_named(self, username: str) -> User | None:
        """The user of a sign-in name, whatever its case."""
        lowered = username.lower()
        return next((u for u in self.users.values() if u.username == lowered), None)

    def resource_named(self, uri: str) -> Resource | None:
        """The API that a resource URI names; a trailing slash is forgiven, as Entra ID does."""
        wanted = uri.removesuffix("/")
        return next((r for r in self.resources if wanted in r.uris or wanted == r.client_id), None)


def make_tenant(token_version: int = 2, extra_uris: tuple[str, ...] = ()) -> Tenant:
    """A tenant with alice and bob, and people whose sign-in fails; fresh passwords."""
    people = [
        ("alice", "Alice Example", "a11ce000-0000-4000-8000-000000000001", None),
        ("bob", "Bob Example", "b0b00000-0000-4000-8000-000000000002", None),
        ("carol", "Carol Example", "ca401000-0000-4000-8000-000000000003", 50076),
        ("dave", "Dave Example", "da7e0000-0000-4000-8000-000000000004", 50057),
        ("erin", "Erin Example", "e4140000-0000-4000-8000-000000000005", 50055),
        ("frank", "Frank Example", "f4a40000-0000-4000-8000-000000000006", 53003),
    ]
    users = {
        key: User(key, name, object_id, secrets.token_urlsafe(18), refusal)
        for key, name, object_id, refusal in people
    }
    api = Resource(API_CLIENT_ID, (APP_ID_URI, *extra_uris), token_version)
    other = Resource(OTHER_API_ID, (OTHER_API_URI,), token_version)
    both = frozenset({API_CLIENT_ID, OTHER_API_ID})
    loopback = ("http://localhost",)
    clients = [
        Client(
            CONNECTOR_CLIENT_ID,
            secrets.token_urlsafe(24),
            consented=both,
            redirect_uris=(*CONNECTOR_REDIRECTS, *loopback),
        ),
        Client(DAEMON_CLIENT_ID, secrets.token_urlsafe(24), consented=both, roles=("Data.Read",)),
        Client(UNCONSENTED_CLIENT_ID, secrets.token_urlsafe(24), redirect_uris=loopback),
        Client(
            CONFIDENTIAL_CLIENT_ID,
            secrets.token_urlsafe(24),
            public_flows=False,
            consented=both,
            redirect_uris=loopback,
        ),
        Client(
            EXPIRED_SECRET_CLIENT_ID,
            secrets.token_urlsafe(24),
            secret_expired=True,
            consented=both,
        ),
    ]
    return Tenant(users, {client.client_id: client for client in clients}, (api, other))
