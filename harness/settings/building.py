"""From options, environment and file to one `Settings`: precedence, target, paths."""

from __future__ import annotations

import difflib
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from harness.bounds.files import is_dir
from harness.bounds.urls import split_url
from harness.errors import SettingsError
from harness.settings import file as settings_file
from harness.settings.rows import one_of_many
from harness.settings.shard import parse_shard
from harness.settings.table import Table, path_of
from harness.settings.values import CASSETTE_MODES, SIGN_IN_FLOWS, WRITES, CassetteMode, Settings

__all__ = ["Options", "build_settings", "read_levels", "read_settings", "resolve_target"]

TOP_MEANINGS: Mapping[str, str] = {
    "connector": "the definition, its folder, a paconn settings.json, or a Postman collection",
    "properties": "apiProperties.json (default: next to the definition)",
    "tests": "folders of your own tests to run along",
    "baseline": "the connector as deployed, as `--connector-baseline`",
    "sign-in": "how users sign in, as `--sign-in`",
    "writes": "what may be sent to operations that change state, as `--writes`",
    "targets": 'names for `--function-app`: `test = "https://…"`',
    "entra": "the tenant, its clients and the API",
    "users": "who signs in",
    "connection": "what all connections share",
    "gateway": "what is in front of the app",
    "webhooks": "where the app can reach us",
    "anonymous": "how calls without a token are refused",
    "tokens": "which tokens are admitted on purpose",
    "delegated": "identity and access",
    "operations": "real values for single operations",
    "contract": "how strictly answers are judged",
    "cassettes": "how recordings are kept",
    "redact": "what else is hidden",
    "report": '`bodies = "full"` (default) or `"shape"`',
    "rules": 'level of a rule or family: `"contract.status" = "off"`, or error, warning, note',
    "easy-auth": '`settings = "auth.json"`: the authsettingsV2 document, for cross-checks',
    "definition": "`certification = true`: what only certification asks for becomes a warning; "
    "`agent = true`: the rules of the family `agent` too, for connectors that are tools of agents",
    "waivers": "accepted findings, until a date",
    "connectors": "many connectors in one run, a row each: "
    "`--function-app all`, or a row by its name (see [CI](ci.md))",
}
"""Each key at the top of the file, and what it means."""
TOP_KEYS = tuple(TOP_MEANINGS)
LEVELS = ("off", "error", "warning", "note")
DEMO = "demo"
NEAR = 0.8
"""How alike (0 to 1) an app's name and a target's are where one is taken for a misspelling."""
DEMO_ORIGIN = "https://demo.invalid"
_APP_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,58}[A-Za-z0-9])?")
_APP_DOMAINS = {
    "login.microsoftonline.us": "azurewebsites.us",
    "login.partner.microsoftonline.cn": "chinacloudsites.cn",
    "login.chinacloudapi.cn": "chinacloudsites.cn",
}
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


PATH_OPTIONS = frozenset(
    {"--connector", "--connector-config", "--cassette-dir", "--connector-baseline"}
)


@dataclass(frozen=True, slots=True)
class Options:
    """The command line as given; None and () mean that an option was not given.

    `row` names one row of `[[connectors]]`, where the function app means that.
    """

    function_app: str
    row: str | None = None
    connector: str | None = None
    config: str | None = None
    operations: tuple[str, ...] = ()
    shard: str | None = None
    baseline: str | None = None
    sign_in: str | None = None
    cassettes: str | None = None
    cassette_dir: str | None = None
    report_dir: str | None = None
    writes: str | None = None
    seed: int | None = None
    examples: int | None = None
    concurrency: int | None = None
    har: bool = False
    demo_faults: tuple[str, ...] = ()
    root: str = "."
    """The root folder, seen from where the user stands."""

    def given(self) -> tuple[str, ...]:
        """The options that shape what a single check finds, as they would be typed again."""
        single = {
            "--connector": self.connector,
            "--connector-config": self.config,
            "--sign-in": self.sign_in,
            "--cassettes": "replay" if self.cassettes == "replay" else None,
            "--cassette-dir": self.cassette_dir,
            "--writes": self.writes,
            "--connector-seed": self.seed,
            "--connector-examples": self.examples,
            "--connector-baseline": self.baseline,
        }
        parts = [
            (name, self._typed(str(value)) if name in PATH_OPTIONS else str(value))
            for name, value in single.items()
            if value is not None
        ]
        parts += [("--connector-demo-fault", name) for name in self.demo_faults]
        return ("--function-app", self.function_app, *(text for pair in parts for text in pair))

    def _typed(self, path: str) -> str:
        """A path below the root folder as it is typed from where the user stands."""
        if self.root == "." or path.startswith("git:") or Path(path).is_absolute():
            return path
        return posixpath.normpath(posixpath.join(self.root, path))


def build_settings(
    options: Options,
    root: Path,
    *,
    environ: Mapping[str, str] | None = None,
    document: Mapping[str, Any] | None = None,
    config_file: Path | None = None,
    target: str | None = None,
) -> Settings:
    """The settings of a run, or of one connector in it.

    `document` with `target` (the demo's) replaces what would be read from a file.

    Raises:
        SettingsError: something is wrong; one line names the option or the file and key.
    """
    if document is None:
        config_file, document = read_settings(options, root)
    if target is None:
        document, target = one_of_many(document, options.function_app, options.row)
    document = settings_file.with_environment(document, environ)
    base = config_file.parent if config_file else root
    mode: CassetteMode = _chosen("--cassettes", options.cassettes, CASSETTE_MODES) or "off"
    source = config_file.name if config_file else "environment"
    table = Table(source, "", document, lenient=mode == "replay")
    table.check_keys(TOP_KEYS)
    sections = {name: read(table.sub(name)) for name, read in settings_file.SECTIONS.items()}
    entra = settings_file.entra(table.sub("entra"), base)
    targets = {name: table.sub("targets").required(name) for name in table.sub("targets").values}
    name, url = resolve_target(target, targets, entra.authority)
    report = table.sub("report")
    report.check_keys(("bodies",))
    definition = table.sub("definition")
    definition.check_keys(("agent", "certification"))
    easy_auth = table.sub("easy-auth")
    easy_auth.check_keys(("settings",))
    return Settings(
        root=root,
        target_name=name,
        target_url=url,
        row=options.row,
        config_file=config_file,
        connector=_path("--connector", options.connector, root) or table.file("connector", base),
        properties=table.file("properties", base),
        baseline=options.baseline or table.text("baseline"),
        tests=tuple(
            str(path_of(entry, base, table.where("tests"))) for entry in table.texts("tests")
        ),
        operations_selected=options.operations,
        shard=parse_shard(options.shard),
        sign_in=_chosen("--sign-in", options.sign_in, SIGN_IN_FLOWS)
        or table.choice("sign-in", SIGN_IN_FLOWS)
        or "auto",
        cassettes_mode=mode,
        cassette_dir=_path("--cassette-dir", options.cassette_dir, root) or root / "cassettes",
        report_dir=_path("--connector-report-dir", options.report_dir, root) or root / "reports",
        writes=_chosen("--writes", options.writes, WRITES)
        or table.choice("writes", WRITES)
        or ("all" if name == DEMO else "examples"),
        seed=_number("--connector-seed", options.seed, 0, None),
        examples=_number("--connector-examples", options.examples, 20, 0),
        concurrency=_number("--connector-concurrency", options.concurrency, 8, 1),
        har=options.har,
        entra=entra,
        bodies=report.choice("bodies", ("full", "shape")) or "full",
        waivers=settings_file.waivers(table),
        levels=read_levels(table.sub("rules")),
        easy_auth=easy_auth.file("settings", base),
        certification=definition.flag("certification", False),
        agent=definition.flag("agent", False),
        targets=targets,
        connectors=settings_file.connectors(table, TOP_KEYS),
        symbolic_origin=DEMO_ORIGIN if name == DEMO else None,
        given_options=options.given(),
        plain=document,
        **sections,
    )


def read_settings(options: Options, root: Path) -> tuple[Path | None, dict[str, Any]]:
    """The settings file of a run and what stands in it; None and {} where there is none.

    Raises:
        SettingsError: it cannot be read.
    """
    config_file = _config_file(options, root)
    return config_file, settings_file.read_document(config_file) if config_file else {}


def resolve_target(target: str, targets: Mapping[str, str], authority: str) -> tuple[str, str]:
    """Name and URL of a target in any of its forms.

    Raises:
        SettingsError: it is neither a known name, nor an app's name, nor an https URL.
    """
    if target in targets:
        return target, _url(targets[target], f"[targets] {target}")
    if target == DEMO:
        return DEMO, DEMO_ORIGIN
    if "://" in target:
        url = _url(target, "--function-app")
        return split_url(url).netloc.replace(":", "-"), url
    domain = _APP_DOMAINS.get(split_url(authority).hostname or "", "azurewebsites.net")
    app, slash, slot = target.partition("/")
    if _APP_NAME.fullmatch(app) and (not slash or _APP_NAME.fullmatch(slot)):
        host = f"{app}-{slot}" if slash else app
        _check_near_miss(target, targets, f"https://{host}.{domain}")
        return target.replace("/", "-"), f"https://{host}.{domain}"
    host = target.partition("/")[0]
    if "." in host:
        raise SettingsError(
            f"--function-app {target!r}: looks like a host name; write https://{target}"
        )
    raise SettingsError(
        f"--function-app {target!r}: not a name of a function app, a slot (app/slot), a URL, "
        "or a name under [targets] in the settings"
    )


def _check_near_miss(target: str, targets: Mapping[str, str], url: str) -> None:
    """Refuse an app's name that is most likely a misspelt target: tokens would go to a stranger.

    Raises:
        SettingsError: names the target that is meant, and how to say that it is not.
    """
    near = difflib.get_close_matches(target, (*targets, DEMO), n=1, cutoff=NEAR)
    if near:
        raise SettingsError(
            f"--function-app {target!r}: did you mean {near[0]!r}? If the app is really called "
            f"{target}, give its address: {url}"
        )


def _url(text: str, where: str) -> str:
    try:
        parts = urlsplit(text)
        hostname, _ = parts.hostname, parts.port
    except ValueError as error:
        raise SettingsError(f"{where} {text!r}: not a URL: {error}") from None
    if parts.scheme not in ("http", "https") or not hostname:
        raise SettingsError(f"{where} {text!r}: must be an https URL")
    if parts.username or parts.query or parts.fragment:
        raise SettingsError(f"{where}: a URL here has no user, query or fragment")
    if parts.scheme == "http" and hostname not in _LOOPBACK:
        raise SettingsError(f"{where} {text!r}: tokens are sent over https only; use https://")
    return text.rstrip("/")


def _config_file(options: Options, root: Path) -> Path | None:
    if options.config is None:
        return settings_file.find_settings_file(root)
    path = path_of(options.config, root, "--connector-config")
    return path / settings_file.FILE_NAME if is_dir(path) else path


def _path(option: str, text: str | None, root: Path) -> Path | None:
    return None if text is None else path_of(text, root, option)


def _chosen(option: str, value: str | None, choices: tuple[str, ...]) -> Any:
    if value is not None and value not in choices:
        raise SettingsError(f"{option} {value!r}: must be one of {', '.join(choices)}")
    return value


def _number(option: str, value: int | None, default: int, least: int | None) -> int:
    if value is None:
        return default
    if least is not None and value < least:
        raise SettingsError(f"{option} {value}: must be at least {least}")
    return value


def read_levels(table: Table) -> dict[str, str]:
    """`[rules]`: the level of a rule, by its id, or of a family.

    Raises:
        SettingsError: it is none of the levels.
    """
    levels = {}
    for rule, level in table.values.items():
        if level not in LEVELS:
            raise SettingsError(f"{table.where(rule)}: must be one of {', '.join(LEVELS)}")
        levels[rule] = level
    return levels
