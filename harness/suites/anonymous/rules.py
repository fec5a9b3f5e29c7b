"""The rules of the family `anonymous.*`: their texts, and the words for families of tricks."""

from __future__ import annotations

from harness.findings.model import Rule

__all__ = ["BY_ID", "RULES", "TRICK_FAMILIES"]

_EASY_AUTH = "Microsoft: Authentication and authorization in Azure App Service"
_ENTRA = "Microsoft: Configure your App Service app to use Microsoft Entra sign-in"
_MEND_DOOR = (
    "In the portal: Authentication, Edit, 'Require authentication' and 'HTTP 401' or "
    "'HTTP 302'; docs/rules/anonymous.md has the same in Bicep and az."
)

RULES: tuple[Rule, ...] = (
    Rule(
        "anonymous.open",
        "error",
        "An operation answers without a token",
        "A call without any token was answered as if somebody had signed in.",
        "Everybody on the internet can make this call; nothing the connector does protects it.",
        _MEND_DOOR,
        _EASY_AUTH,
    ),
    Rule(
        "anonymous.reached-app",
        "error",
        "A call without a token reaches the function",
        "A call without a token was answered with an error that only the app itself gives (400, "
        "404, 405, 500). App Service Authentication refuses before it routes, so the call got "
        "past the door.",
        "The token check does not come first: with a better-formed call the function would run.",
        _MEND_DOOR + ' If the function checks tokens itself, set [anonymous] enforced-by = "app".',
        _EASY_AUTH,
    ),
    Rule(
        "anonymous.foreign-redirect",
        "error",
        "Sign-in happens on a foreign host",
        "The caller is sent to sign in at a host that does not belong to the configured cloud.",
        "Whoever types a password there gives it to somebody else.",
        "Check the issuer URL of the identity provider, and whether the function itself redirects; "
        "for a sovereign cloud set [entra] authority.",
        _ENTRA,
    ),
    Rule(
        "anonymous.wrong-tenant",
        "error",
        "Sign-in is for another tenant",
        "Redirect or challenge name another tenant than the settings, or (as a warning) every "
        "tenant where one is configured.",
        "Users of the right tenant cannot sign in, or users of any tenant can.",
        "Set the issuer URL to https://login.microsoftonline.com/<tenant id>/v2.0, or correct "
        "[entra] tenant-id.",
        _ENTRA,
    ),
    Rule(
        "anonymous.wrong-client",
        "error",
        "Sign-in is for another app registration",
        "The redirect carries a client_id that is not [entra] api-client-id.",
        "Tokens are then issued for another API, and those the connector brings are refused.",
        "Set the application (client) id of the identity provider to the API's registration, or "
        "correct [entra] api-client-id.",
        _ENTRA,
    ),
    Rule(
        "anonymous.redirect-uri",
        "error",
        "Sign-in returns to a host that is not the app's",
        "The redirect's redirect_uri is not on the function app's own host, or not on https.",
        "The answer of the sign-in, with its token, goes to that other host.",
        "Behind a gateway set httpSettings.forwardProxy.convention to match it, or test the host "
        "that users call.",
        "Microsoft: File-based configuration of authentication in Azure App Service",
    ),
    Rule(
        "anonymous.redirect-incomplete",
        "error",
        "The redirect to sign-in lacks what protects it",
        "The address has no authorize endpoint, response_type, client_id, redirect_uri, nonce or "
        "state.",
        "Without nonce and state a sign-in can be replayed or planted by somebody else.",
        "Let App Service Authentication do the redirect, or have the app send a nonce and a state.",
        "OpenID Connect Core 1.0 section 3.1.2.1; RFC 6749 section 10.12",
    ),
    Rule(
        "anonymous.foreign-challenge",
        "error",
        "The 401 names a foreign authority or API",
        "The WWW-Authenticate challenge asks for another scheme than Bearer, or names an "
        "authority, API or metadata address that is not the configured one.",
        "Clients that follow challenges would fetch their token from, or for, somebody else.",
        "Check issuer URL and client id of the identity provider, and [entra] in the settings.",
        "RFC 6750 section 3; " + _EASY_AUTH,
    ),
    Rule(
        "anonymous.data-in-refusal",
        "error",
        "A refusal carries the data",
        "The body of a 401, 403 or redirect matches the operation's success schema, holds records, "
        "or repeats what was asked.",
        "Such a door is open in all but name: the function ran, and its answer went out.",
        "Return before the function's work is done, with an empty body or an error object.",
        "OWASP API Security Top 10 2023, API2 Broken Authentication",
    ),
    Rule(
        "anonymous.expectation",
        "error",
        "A call is refused otherwise than the settings expect",
        "The call was refused, but not in the way that [anonymous] expect names.",
        "Clients are written for one of the ways; a changed one means a changed configuration.",
        "Correct unauthenticatedClientAction in the app, or [anonymous] expect in the settings.",
        _EASY_AUTH,
    ),
    Rule(
        "anonymous.not-public",
        "error",
        "An operation declared public asks for a token",
        "[anonymous] public lists the operation, but a call without a token is refused.",
        "Whoever relies on it without a token (a health monitor, say) is turned away.",
        "Add its path to globalValidation.excludedPaths, or take it out of [anonymous] public.",
        _EASY_AUTH,
    ),
    Rule(
        "anonymous.bypass",
        "error",
        "A trick passes the door",
        "The plain call was refused, but the same call with an odd path, header or method was "
        "answered as if signed in.",
        "The door and the app read the call differently; attackers try these tricks first.",
        "Narrow excludedPaths, keep the check in one place, and trust X-MS-* and X-Forwarded-* "
        "headers only behind App Service Authentication.",
        "OWASP API Security Top 10 2023, API2 and API8",
    ),
)  # fmt: skip

BY_ID = {rule.id: rule for rule in RULES}

TRICK_FAMILIES = {
    "case": "the path in other case",
    "trailing-slash": "a trailing slash",
    "doubled-slash": "a doubled slash",
    "encoded": "a percent-encoded letter",
    "dot-segments": "dot segments in the path",
    "method": "another method",
    "override": "a method-override header",
    "principal": "forged X-MS-CLIENT-PRINCIPAL or X-MS-TOKEN headers",
    "forwarded": "X-Forwarded or X-Original-URL headers",
    "authorization": "an empty or malformed Authorization header",
    "scheme": "another authentication scheme",
    "function-key": "a function key instead of a token",
    "session": "a made-up session",
}
"""Every family of tricks, in the words that findings use."""
