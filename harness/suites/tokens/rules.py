"""The rules of the family `token.*`: their texts."""

from __future__ import annotations

from harness.findings.model import Rule

__all__ = ["BY_ID", "RULES"]

_ENTRA = "Microsoft: Configure your App Service app to use Microsoft Entra sign-in"

RULES: tuple[Rule, ...] = (
    Rule(
        "token.accepted",
        "error",
        "A hostile token is let in",
        "An operation answered a call whose token must be refused as it answers the good token.",
        "Whoever can make or get such a token acts as any user of the app.",
        "Let App Service Authentication check tokens (Require authentication), with issuer, "
        "audience and allow-list set; if the function checks them itself, use a maintained library "
        "that pins algorithm, issuer, audience and lifetime.",
        "RFC 8725; RFC 7519 section 4.1; " + _ENTRA,
    ),
    Rule(
        "token.reached-app",
        "error",
        "A hostile token reaches the function",
        "A call with a hostile token was answered with an error that only the app gives, so the "
        "token check did not come first.",
        "With a better-formed call the function would have run.",
        "Set unauthenticatedClientAction to Return401; if the function itself checks tokens, do so "
        'first and set [anonymous] enforced-by = "app".',
        "Microsoft: Authentication and authorization in Azure App Service",
    ),
    Rule(
        "token.delegated-only",
        "error",
        "A token without the delegated permission is let in",
        "A token with no scp, with another scope, or of an app without a user was let in. App "
        "Service Authentication does so by design; the connector's promise is delegated access.",
        "Any app of the tenant that can get a token for this API acts without a user.",
        "Check scp in the function, or name the connector's client in allowedApplications; where "
        "it is meant so, set [tokens] accept-app-only or accept-any-scope.",
        _ENTRA + ", section Use a built-in authorization policy",
    ),
    Rule(
        "token.good-refused",
        "error",
        "The good token is refused",
        "The token that the default user signed in for was refused, so nothing can be said about "
        "hostile ones.",
        "The connector's users are refused in the same way.",
        "Compare the token's audience, issuer and client with the identity provider's settings.",
        "Microsoft: Access tokens in the Microsoft identity platform",
    ),
    Rule(
        "token.carriage",
        "error",
        "A token counts where it must not",
        "A good token was accepted in the query string, in a cookie, under another scheme or in "
        "another header; as a warning: beside a second Authorization header.",
        "Addresses end in logs, and cookies are sent by browsers unasked.",
        "Read the token from the Authorization header alone, and refuse two of them.",
        "RFC 6750 sections 2 and 5.3",
    ),
    Rule(
        "token.not-monotone",
        "error",
        "A worse caller gets further than a better one",
        "A call without a token, or with a hostile one, got further than the call with the good "
        "token. An allow-list stored as an empty array does this: it permits nobody who signs in.",
        "The door is open to strangers and shut to the connector's users.",
        "Set unauthenticatedClientAction to Return401 and fill, or remove, the empty list under "
        "defaultAuthorizationPolicy.",
        _ENTRA,
    ),
    Rule(
        "token.unexpected-refusal",
        "warning",
        "An invalid token is answered with 403",
        "A token that is not valid was answered with 403, which is for valid tokens that may not.",
        "Clients sign in anew on 401, not on 403; and a 403 may come from something else.",
        'Answer 401 to invalid tokens, or set [anonymous] expect = "403".',
        "RFC 6750 section 3.1",
    ),
)

BY_ID = {rule.id: rule for rule in RULES}
