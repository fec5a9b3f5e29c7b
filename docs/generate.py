"""The generated pages of the documentation: settings, and the rules of each family.

`python -m docs.generate`, in the root of the repository, writes them. A test compares the committed
pages with this. What a family's page says ahead of its rules is in `docs/parts/`.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from docs.generate_codes import render_codes
from harness.findings.page import rule_page
from harness.settings import values
from harness.settings.building import TOP_KEYS
from harness.suites.registry import all_rules, rules_of

__all__ = ["pages", "render_index", "render_rules", "render_settings"]

DOCS = Path(__file__).parent
INTRODUCTIONS = DOCS / "parts"
GENERATED = "Generated from the code: `python -m docs.generate`."
SECTIONS: dict[str, type[Any]] = {
    "entra": values.EntraSettings,
    "users.NAME": values.UserSettings,
    "connection": values.ConnectionSettings,
    "gateway": values.GatewaySettings,
    "webhooks": values.WebhookSettings,
    "anonymous": values.AnonymousSettings,
    "tokens": values.TokenSettings,
    "delegated": values.DelegatedSettings,
    "operations.ID": values.OperationSettings,
    "contract": values.ContractSettings,
    "cassettes": values.CassetteSettings,
    "redact": values.RedactSettings,
    "[waivers]": values.Waiver,
}
LEFT_OUT = frozenset({"name", "has_body"})
TOP_MEANINGS = {
    "connector": "the definition, its folder, a paconn settings.json, or a Postman collection",
    "properties": "apiProperties.json (default: beside the definition)",
    "tests": "folders of your own tests to run along",
    "baseline": "the connector as deployed, as `--connector-baseline`",
    "sign-in": "how users sign in, as `--sign-in`",
    "writes": "what may be sent to operations that change state, as `--writes`",
    "targets": 'names for `--function-app`: `test = "https://…"`',
    "rules": 'level of a rule or family: `"contract.status" = "off"`, or error, warning, note',
    "report": '`bodies = "full"` (default) or `"shape"`',
    "easy-auth": '`settings = "auth.json"`: the authsettingsV2 document, for cross-checks',
    "definition": "`certification = true`: what only certification asks for becomes a warning",
    "connectors": "many connectors in one run, a row each: "
    "`--function-app all`, or a row by its name (see [CI](ci.md))",
}
MEANINGS = {
    "entra.tenant-id": "tenant, by id or domain",
    "entra.client-id": "the client that signs users in",
    "entra.client-secret": "its secret; not with device code or interactive",
    "entra.client-certificate": "or its certificate (PFX or PEM file)",
    "entra.client-certificate-password": "the certificate's password",
    "entra.connector-client-id": "the connector's own registration (default: apiProperties.json)",
    "entra.connector-client-secret": "its secret, to test that it still works",
    "entra.api-client-id": "the API's registration, as App Service Authentication names it",
    "entra.scope": "the scope to ask for (default: resourceUri/user_impersonation)",
    "entra.authority": "sign-in host; another for sovereign clouds",
    "entra.ca-bundle": "extra CA for authority and app",
    "entra.sign-in-hosts": "further host names of the same authority",
    "users.NAME.username": "sign-in name",
    "users.NAME.password": "absent: no ROPC",
    "users.NAME.sign-in": "flow of this user alone",
    "users.NAME.token": "a token from elsewhere",
    "users.NAME.token-command": "a command that prints a token; run without a shell",
    "users.NAME.sees": "whose data this user may see beside their own: users, or `everyone`",
    "users.NAME.connection": 'this user\'s connection values: `{ api_key = "${ALICE_KEY}" }`',
    "connection.values": 'values that all connections share: `region = "eu"`',
    "connection.chosen-set": "written `set`: a connection parameter set by name",
    "gateway.headers": "headers that go with every call of every caller",
    "webhooks.callback": "the URL under which the app can reach us",
    "anonymous.expect": "how calls without a token are refused",
    "anonymous.public": "operations that are open on purpose",
    "anonymous.enforced-by": "`app` where the function itself checks tokens",
    "tokens.accept-app-only": "app-only tokens are admitted on purpose",
    "tokens.accept-any-scope": "tokens of other scopes are admitted on purpose",
    "tokens.keep-expired": "keep today's token until it serves as an expired one",
    "tokens.other-scope": "a scope of another API, whose token must be refused",
    "delegated.identity": "where an answer says whom the function ran as; `none` gives it up",
    "delegated.private": "operations whose answers belong to the caller alone",
    "delegated.app-identities": "identities that are the app's own",
    "delegated.access": "the access table: operation, parameters, body, expect (statuses, or a "
    "table with `status`, `contains`, `not-contains`, `pointer` and `value`)",
    "operations.ID.parameters": "real values, name → value",
    "operations.ID.body": "a real body",
    "operations.ID.safe": "changes nothing: may be sent freely",
    "contract.strict-responses": "declared properties must be there, others must not",
    "contract.inventory": "the app's own list of routes: URL, file, or source folder",
    "cassettes.max-age-days": "days after which a recording is stale",
    "cassettes.stale": "what stale means: warning or unverified",
    "cassettes.normalise": "fix dates and trace ids in recordings",
    "redact.identities": "users' names, ids and tenant become stand-ins",
    "redact.headers": "more headers to hide",
    "redact.pointers": "JSON pointers to hide in bodies",
    "redact.patterns": "regular expressions to hide",
    "[waivers].rule": "the rule's id",
    "[waivers].reason": "why it is accepted",
    "[waivers].until": "last day of the waiver",
    "[waivers].operation": "only for this operation",
    "[waivers].match": "only where the message contains this text",
}


def render_settings() -> str:
    """`docs/settings.md`."""
    lines = [
        "# Settings",
        "",
        "Generated from the code: `python -m docs.generate`.",
        "",
        "`connector-harness.toml` in the root folder, or `[tool.connector-harness]` in "
        "`pyproject.toml`. The command line beats the environment, the environment beats the file.",
        "An environment variable is `CONNECTOR_HARNESS_`, the section, two underscores, the key, "
        "dashes as underscores: `CONNECTOR_HARNESS_ENTRA__TENANT_ID`.",
        "`${NAME}` in a text is taken from the environment when the value is needed; `$$` is a "
        "dollar. An unknown key is an error that names the nearest known one.",
        "",
        "## Top level",
        "",
        "| key | meaning |",
        "|---|---|",
    ]
    named = {s.split(".")[0].strip("[]") for s in SECTIONS}
    lines += [f"| `{key}` | {TOP_MEANINGS[key]} |" for key in TOP_KEYS if key not in named]
    for section, kind in SECTIONS.items():
        lines += _section(section, kind)
    return "\n".join(lines) + "\n"


def _section(section: str, kind: type[Any]) -> list[str]:
    heading = f"`[[{section.strip('[]')}]]`" if section.startswith("[") else f"`[{section}]`"
    lines = ["", f"## {heading}", "", "| key | default | meaning |", "|---|---|---|"]
    for each in dataclasses.fields(kind):
        if each.name in LEFT_OUT:
            continue
        key = each.name.replace("_", "-")
        lines.append(f"| `{key}` | {_default(each)} | {MEANINGS[f'{section}.{key}']} |")
    return lines


def _default(each: dataclasses.Field[Any]) -> str:
    if each.default is None or each.default_factory is not dataclasses.MISSING:
        return ""
    if each.default is dataclasses.MISSING:
        return "required"
    if each.default == ():
        return ""
    shown = str(each.default).lower() if isinstance(each.default, bool) else str(each.default)
    return f"`{shown}`"


def render_rules(family: str) -> str:
    """A page of `docs/rules/`: the family's introduction, then every rule."""
    intro = INTRODUCTIONS / f"{family}.md"
    written = intro.read_text(encoding="utf-8").strip() if intro.is_file() else ""
    title, _, rest = (written or f"# Rules: `{family}`").partition("\n")
    lines = [title, "", GENERATED, *(["", rest.strip()] if rest.strip() else [])]
    for rule in rules_of(family):
        lines += ["", rule_page(rule)]
    if family == "sign-in":
        lines += ["", render_codes().rstrip("\n")]
    return "\n".join(lines) + "\n"


def render_index() -> str:
    """`docs/rules/README.md`: every rule with its severity and page."""
    lines = [
        "# All rules",
        "",
        "Generated from the code: `python -m docs.generate`. Only error findings "
        "fail a run. `[rules]` in the settings switches a rule off or changes its level.",
        "",
        "| rule | severity | what it says |",
        "|---|---|---|",
    ]
    for rule in sorted(all_rules().values(), key=lambda r: r.id):
        lines.append(f"| [`{rule.id}`]({rule.family}.md) | {rule.severity} | {rule.title} |")
    return "\n".join(lines) + "\n"


def pages(docs: Path) -> dict[Path, str]:
    """Every generated page → its text."""
    made = {docs / "settings.md": render_settings(), docs / "rules" / "README.md": render_index()}
    for family in dict.fromkeys(rule.family for rule in all_rules().values()):
        made[docs / "rules" / f"{family}.md"] = render_rules(family)
    return made


def main() -> int:
    """Write every generated page; say which have changed."""
    for path, text in pages(DOCS).items():
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8", newline="\n")
            print(f"{path.relative_to(DOCS)}: written")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
