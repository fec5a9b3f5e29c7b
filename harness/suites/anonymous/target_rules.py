"""The rules of the family `target.*` that live calls judge: their texts."""

from __future__ import annotations

from harness.findings.model import Rule

__all__ = ["BY_ID", "RULES"]

RULES: tuple[Rule, ...] = (
    Rule(
        "target.http-served",
        "error",
        "The app answers over plain http",
        "A call over http was answered instead of being sent to https on the same host.",
        "Tokens and data can then travel where everybody on the way reads them.",
        "Set httpsOnly on the app (portal: Configuration, General settings, HTTPS Only) and leave "
        "httpSettings.requireHttps of the authentication on.",
        "Microsoft: Enable HTTPS for a custom domain in Azure App Service",
    ),
    Rule(
        "target.admin-open",
        "error",
        "The host's administration answers without a key",
        "/admin of the Functions host answered a caller who has no master key.",
        "Whoever reaches it can read keys and settings and start or change functions.",
        "Require authentication for all paths, keep /admin out of excludedPaths, and renew the "
        "host keys: they must be taken for known.",
        "Microsoft: Manually run a non HTTP-triggered function; Work with access keys",
    ),
    Rule(
        "target.scm-open",
        "error",
        "The deployment site answers without sign-in",
        "The SCM (Kudu) site beside the app answered a caller who has no credentials.",
        "It can read every setting and replace the code.",
        "Restrict the SCM site (portal: Networking, Access restrictions, Advanced tool site) and "
        "turn basic publishing credentials off.",
        "Microsoft: Disable basic authentication in Azure App Service deployments",
    ),
    Rule(
        "target.auth-me-open",
        "error",
        "/.auth/me tells claims to callers without a session",
        "/.auth/me answered a call without token or session with somebody's claims.",
        "Names, ids and sometimes tokens of another person are given away.",
        "Turn caching of /.auth/* off in whatever stands before the app, and renew sessions.",
        "Microsoft: Work with user identities in Azure App Service authentication",
    ),
    Rule(
        "target.cors",
        "error",
        "Any web site may call the app with credentials",
        "The app allows every origin (or repeats whatever origin asks) and allows credentials.",
        "Any page that a signed-in user visits can read their data through their session.",
        "List the origins that need it (portal: API, CORS) or turn credentials off; a connector "
        "itself needs no CORS.",
        "Fetch Standard, section CORS protocol and credentials",
    ),
    Rule(
        "target.tls",
        "error",
        "TLS is out of date, or its certificate is",
        "The handshake gave a version below TLS 1.2, or a certificate that has expired; as a "
        "warning: an old version is still accepted, or the certificate ends within 21 days.",
        "Power Platform refuses such an app, from the day the certificate ends at the latest.",
        "Set the minimum TLS version to 1.2 (portal: Configuration, General settings) and renew "
        "the certificate.",
        "RFC 8996; Microsoft: TLS overview for Azure App Service",
    ),
    Rule(
        "target.hsts",
        "note",
        "No Strict-Transport-Security",
        "The app's answers do not tell browsers to stay with https.",
        "A browser's first call may go over http. Connectors are not concerned.",
        "Send Strict-Transport-Security from the function, or leave it.",
        "RFC 6797",
    ),
)

BY_ID = {rule.id: rule for rule in RULES}
