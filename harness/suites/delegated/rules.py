"""The rules of the `delegated` family: what each means, why it matters, how to mend it."""

from __future__ import annotations

from harness.findings.model import Rule

__all__ = ["RULES"]

_PRINCIPAL = "App Service, 'Work with user identities in Azure App Service authentication'"

WRONG_IDENTITY = Rule(
    "delegated.wrong-identity",
    "error",
    "The function ran as somebody else",
    "An answer that tells whom the function ran as names another user than the one who called.",
    "A connector must give nobody data that this user could not already reach.",
    "Take the user from X-MS-CLIENT-PRINCIPAL of each request; keep no user in a static or global "
    "variable, and do not take it from inputs.",
    _PRINCIPAL,
)
APP_IDENTITY = Rule(
    "delegated.app-identity",
    "error",
    "The function ran as the app, not as the user",
    "An answer that tells whom the function ran as names neither the caller nor another configured "
    "user: most often the app's own (managed) identity.",
    "Every user of the connector then reaches whatever the app can reach.",
    "Use the user's identity from X-MS-CLIENT-PRINCIPAL, and the on-behalf-of flow for calls to "
    "other services. If the identity is meant, name it in [delegated] app-identities.",
    _PRINCIPAL,
)
PLATFORM_IDENTITY = Rule(
    "delegated.platform-identity",
    "error",
    "App Service sees another user than the one who signed in",
    "After client-directed sign-in, /.auth/me lists claims of somebody else than the token's user.",
    "The function is then handed the wrong principal.",
    "Check the identity provider's settings and any proxy that answers in the app's place.",
    "App Service, 'Customize sign-ins and sign-outs': client-directed sign-in",
)
LEAK = Rule(
    "delegated.leak",
    "warning",
    "An answer to one user carries what belongs to another",
    "An answer holds another user's unique identifiers, or a record that belongs to the other. It "
    "is an error where the operation is listed as private or a row of the access table forbids it, "
    "and a note where everybody gets the same: that can be sharing.",
    "If it is not shared on purpose, the connector gives users data that they could not reach.",
    "Filter by the caller's identity. If the caller may see it, say so: [users.NAME] sees, or a "
    "row of the access table with the success status; if the answers are the caller's alone, list "
    "the operation in [delegated] private.",
    "OWASP API Security Top 10 2023, API1 Broken Object Level Authorization",
)
FOREIGN_OBJECT = Rule(
    "delegated.foreign-object",
    "warning",
    "A user can read another user's object by its id",
    "An id that only one user's list shows is answered with the object when another user asks. It "
    "is an error where the operation is listed as private or the access table forbids it.",
    "Ids are guessed, logged and shared; an unchecked one opens other people's data.",
    "Check the object's owner (or its sharing) against the caller before answering; answer 404 or "
    "403.",
    "OWASP API Security Top 10 2023, API1 Broken Object Level Authorization",
)
FOREIGN_WRITE = Rule(
    "delegated.foreign-write",
    "error",
    "A user can change or delete another user's object",
    "An object that the run created as one user a moment ago was changed or deleted by another: "
    "nobody shares an object of that age on purpose. A success row of the access table for the "
    "operation and the caller is leave.",
    "Any user of the connector can then destroy other people's data.",
    "Check the object's owner against the caller before changing it; answer 404 or 403. Where the "
    "caller may change it, add a row of the access table with the success status.",
    "OWASP API Security Top 10 2023, API1 Broken Object Level Authorization",
)
SPOOFED = Rule(
    "delegated.spoofed",
    "error",
    "A signed-in user can pass as somebody else",
    "A call with one user's token and another's name in headers, query or body was answered as the "
    "other.",
    "Every user can then read everybody's data by typing a name.",
    "Take the user from the principal that App Service injects, never from what the caller sends.",
    _PRINCIPAL,
)
BLEED = Rule(
    "delegated.bleed",
    "error",
    "Under load an answer went to the wrong user",
    "With calls of two users interleaved, one of them got what belongs to the other.",
    "It shows only under load, and then hands out other people's data.",
    "Keep nothing of a request in static or shared variables; key every cache by user.",
    "Azure Functions, 'Best practices': static state is shared between invocations",
)
CACHEABLE = Rule(
    "delegated.cacheable",
    "warning",
    "Personal data may be kept by shared caches",
    "Answers differ by user, yet Cache-Control lets shared caches keep them and Vary does not name "
    "Authorization.",
    "A cache in front of the app may hand one user's answer to the next.",
    "Send Cache-Control: private, no-store (or Vary: Authorization).",
    "RFC 9111 section 3.5",
)
ACCESS = Rule(
    "delegated.access",
    "error",
    "The access table does not hold",
    "A caller got another status than the access table says.",
    "The table is what was promised about who may call what.",
    "Mend the function's check, or the row if the promise has changed.",
)
RULES: tuple[Rule, ...] = (
    WRONG_IDENTITY,
    APP_IDENTITY,
    PLATFORM_IDENTITY,
    LEAK,
    FOREIGN_OBJECT,
    FOREIGN_WRITE,
    SPOOFED,
    BLEED,
    CACHEABLE,
    ACCESS,
)
