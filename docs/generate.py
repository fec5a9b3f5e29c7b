"""The generated pages of the documentation: settings, and the rules of each family.

`python -m docs.generate`, in the root of the repository, writes them. A test compares the committed
pages with this. What a family's page says ahead of its rules is in `docs/parts/`.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

from docs.generate_codes import render_codes
from harness.findings.page import rule_page
from harness.settings import values
from harness.settings.building import TOP_KEYS, TOP_MEANINGS
from harness.settings.editor_schema import SCHEMA_FILE, settings_schema
from harness.settings.keys import Key, keys_of
from harness.suites.registry import all_rules, rules_of

__all__ = ["pages", "render_index", "render_rules", "render_settings"]

DOCS = Path(__file__).parent
SCHEMA = DOCS.parent / "harness" / "settings" / SCHEMA_FILE
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
    for each in keys_of(kind):
        lines.append(f"| `{each.name}` | {_default(each)} | {each.meaning} |")
    return lines


def _default(each: Key) -> str:
    if each.default is dataclasses.MISSING:
        return "required"
    if each.default in (None, ()):
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
    made[SCHEMA] = json.dumps(settings_schema(), indent=1, ensure_ascii=False) + "\n"
    for family in dict.fromkeys(rule.family for rule in all_rules().values()):
        made[docs / "rules" / f"{family}.md"] = render_rules(family)
    return made


def main() -> int:
    """Write every generated page; say which have changed."""
    for path, text in pages(DOCS).items():
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8", newline="\n")
            print(f"{path.relative_to(DOCS.parent)}: written")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
