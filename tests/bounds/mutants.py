"""Files that went wrong: real ones of every format, changed at one place, by structure or by byte.

Used by `test_mutants.py` (some hundred of them) and `benchmarks/mutants.py` (a hundred thousand).
"""

from __future__ import annotations

import copy
import json
import random
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import yaml

from harness.bounds.parsing import parse_json, parse_toml
from harness.connector.loading import load_connector
from harness.connector.postman.importing import import_postman
from harness.errors import HarnessError

REPOSITORY = Path(__file__).parents[2]
SAMPLES = REPOSITORY / "harness" / "emulator" / "samples"
SMALL = 24_000
"""Bytes of a file that is changed: a large one only takes longer to read."""
DEEP = "@@deep@@"
HUGE = "@@huge@@"
DIGITS = "@@digits@@"
HALF = "@@half@@"
RAW = {
    f'"{DEEP}"': "[" * 700 + "]" * 700,
    f'"{HUGE}"': "1e400",
    f'"{DIGITS}"': "9" * 5_000,
    f'"{HALF}"': '"\\ud800"',
}
"""What no JSON writer writes: put in for a mark after writing."""
ODD: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    2**63,
    1.5,
    "",
    " ",
    "a\x00b",
    "x" * 300,
    "../../" * 60,
    "{{folder/name}}",
    "(" * 3_000,
    "[" * 200,
    "http://[::1",
    "${",
    "2.0",
    "#/definitions/X",
    "\u202e\x1b[31m",
    "Jörg \U0001f600",
    [],
    [None],
    [[]],
    {},
    {"": None},
    {"a": "b"},
    {"$ref": "#"},
    {"$ref": 1},
    DEEP,
    HUGE,
    DIGITS,
    HALF,
)


@dataclass(frozen=True)
class Format:
    """A kind of file: its seeds, how a document is written, and everything that reads it."""

    name: str
    seeds: tuple[Any, ...]
    write: Callable[[Any], str]
    use: Callable[[Path, Any], None]
    file: str


@dataclass(frozen=True)
class Mutant:
    """One changed file."""

    format: Format
    seed: Any
    content: bytes

    def fault(self, folder: Path) -> Exception | None:
        """What its readers raised that they must not; None where all is well."""
        path = folder / self.format.file
        path.write_bytes(self.content)
        try:
            with redirect_stdout(StringIO()):
                self.format.use(path, self.seed)
        except HarnessError:
            return None
        except Exception as error:
            return error
        return None


def mutants(formats: tuple[Format, ...], seed: int, count: int) -> Iterator[Mutant]:
    """So many changed files, the same ones for the same seed."""
    chance = random.Random(seed)
    for number in range(count):
        form = formats[number % len(formats)]
        document = chance.choice(form.seeds)
        text = form.write(changed(document, chance))
        content = text.encode("utf-8", "surrogatepass")
        if chance.random() < 0.15:
            content = damaged(content, chance)
        yield Mutant(form, document, content)


def changed(document: Any, chance: random.Random) -> Any:
    """A copy with one to three places changed."""
    document = copy.deepcopy(document)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        places = list(_places(document))
        if places:
            _change(*chance.choice(places), document, chance)
    return document


def _places(node: Any) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) of a document."""
    keys = list(node) if isinstance(node, dict) else range(len(node))
    for key in keys:
        yield node, key
        if isinstance(node[key], (dict, list)):
            yield from _places(node[key])


def _change(node: Any, key: Any, document: Any, chance: random.Random) -> None:
    how = chance.choice(("replace", "replace", "replace", "drop", "wrap", "move", "rename"))
    if how == "drop":
        del node[key]
    elif how == "wrap":
        node[key] = [node[key]] if chance.random() < 0.5 else {"value": node[key]}
    elif how == "move":
        others = list(_places(document))
        other, name = chance.choice(others)
        node[key] = copy.deepcopy(other[name])
    elif how == "rename" and isinstance(node, dict):
        odd = [each for each in ODD if isinstance(each, str)]
        node[chance.choice(odd)] = node.pop(key)
    else:
        node[key] = copy.deepcopy(chance.choice(ODD))


def damaged(content: bytes, chance: random.Random) -> bytes:
    """The bytes with some of them cut off, overwritten or inserted."""
    place = chance.randrange(len(content) + 1)
    how = chance.randrange(4)
    if how == 0:
        return content[:place]
    if how == 1:
        return content[:place] + bytes([chance.randrange(256)]) + content[place + 1 :]
    if how == 2:
        return content[:place] + chance.choice((b"\xff", b"\x00", b"\xed\xa0\x80", b"{", b'"'))
    return content[:place] + content[max(0, place - 40) :]


# ---------------------------------------------------------------------- writing


def as_json(document: Any) -> str:
    """JSON, the marks replaced by what no writer writes."""
    text = json.dumps(document, ensure_ascii=False)
    for mark, raw in RAW.items():
        text = text.replace(mark, raw)
    return text


def as_toml(document: Mapping[str, Any]) -> str:
    """TOML with every table inline, which any document can be."""
    return "".join(f"{json.dumps(str(k))} = {_toml(v)}\n" for k, v in document.items())


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        inner = ", ".join(f"{json.dumps(str(k))} = {_toml(v)}" for k, v in value.items())
        return f"{{ {inner} }}"
    if isinstance(value, list):
        return f"[{', '.join(_toml(each) for each in value)}]"
    if value is None:
        return "1979-05-27"
    return as_json(value) if isinstance(value, (str, bool, int, float)) else json.dumps(str(value))


# ---------------------------------------------------------------------- reading


def use_definition(path: Path, seed: Any) -> None:
    """All that looks at a definition without a call."""
    from harness.findings.text import explain
    from harness.suites.compat.judgement import compare
    from harness.suites.definition.judgement import DefinitionFacts, check_definition

    connector = load_connector(path)
    findings = check_definition(connector, DefinitionFacts())
    with tempfile.TemporaryDirectory() as scratch:
        before = Path(scratch) / path.name
        before.write_text(as_json(seed), encoding="utf-8")
        findings += compare(load_connector(before), connector)
    json.dumps([finding.to_plain() for finding in findings], ensure_ascii=False).encode()
    for finding in findings:
        explain(finding).encode()
    _prepare(connector)


def _prepare(connector: Any) -> None:
    """The calls that a run would plan, none of them sent."""
    from harness.exchanges.context import RunContext
    from harness.inputs.generation_document import generation_document
    from harness.inputs.values import example_values
    from harness.settings.building import Options, build_settings
    from harness.suites.contract.plan import contract_plan

    settings = build_settings(
        Options("https://app.invalid", examples=0), Path("/"), document={"writes": "all"}
    )
    context = RunContext(connector, settings)
    for operation in connector.operations:
        example_values(context, operation)
        generation_document(connector, operation, frozenset())
        next(contract_plan(context, operation), None)


def use_properties(path: Path, _seed: Any) -> None:
    """A definition with these properties beside it."""
    definition = (SAMPLES / "documents" / "apiDefinition.swagger.json").read_bytes()
    (path.parent / "apiDefinition.swagger.json").write_bytes(definition)
    use_definition(path.parent / "apiDefinition.swagger.json", parse_json(definition))


def use_postman(path: Path, _seed: Any) -> None:
    """The import, as the command writes it."""
    definition, _ = import_postman(path)
    json.dumps(definition, ensure_ascii=False).encode()
    load_connector(path)


def use_settings(path: Path, _seed: Any) -> None:
    """What a run makes of its settings before it starts."""
    from harness.session.inputs import load_runs
    from harness.settings.building import Options

    for options in (Options("demo"), Options("https://app.invalid", connector=str(SAMPLES))):
        load_runs(options, path.parent)


def use_report(path: Path, _seed: Any) -> None:
    """Every command that takes a report."""
    from argparse import Namespace

    from harness.commands import reports
    from harness.commands.suggesting import suggest_schemas

    hello, merged = SAMPLES / "documents", path.parent / "merged"
    for command in (
        lambda: reports.report(Namespace(files=[path], check_hash=None, har=True, junit=True)),
        lambda: reports.report(Namespace(files=[path], check_hash=hello, har=True, junit=True)),
        lambda: reports.report(Namespace(files=["merge", path, path], output=merged, har=True)),
        lambda: reports.access(Namespace(file=path)),
        lambda: suggest_schemas(hello, path),
    ):
        try:
            command()
        except HarnessError:
            continue


def use_cassette(path: Path, _seed: Any) -> None:
    """A recording, read and written back."""
    from harness.traffic.cassette import dump_cassette, read_cassette

    dump_cassette(read_cassette(path)).encode()


def use_auth_settings(path: Path, _seed: Any) -> None:
    """The app's authentication settings against the sample's connector."""
    from harness.connector.auth_settings import read_auth_settings
    from harness.suites.definition.easy_auth import check_easy_auth
    from harness.suites.definition.judgement import DefinitionFacts

    connector = load_connector(SAMPLES / "documents")
    tenant = "00000000-0000-4000-8000-000000000001"
    facts = DefinitionFacts(scope="api://x/y", tenant_id=tenant)
    check_easy_auth(read_auth_settings(path), connector, facts)


def use_inventory(path: Path, _seed: Any) -> None:
    """The app's own list of routes."""
    from harness.suites.contract.inventory import read_inventory

    read_inventory(path).pairs()


# ---------------------------------------------------------------------- the seeds


def formats(shared: Path) -> tuple[Format, ...]:
    """Every format with the files that are there to be changed."""
    connectors = sorted((shared / "connectors").rglob("*.json"))
    definitions = [d for p in connectors if "efinition" in p.name for d in _read(p)]
    properties = [d for p in connectors if "roperties" in p.name for d in _read(p)]
    collections = [d for p in sorted((shared / "postman").rglob("*.json")) for d in _read(p)]
    recorded = sorted((REPOSITORY / "cassettes").rglob("*.yaml"))
    cassettes = [d for p in recorded for d in _read(p, yaml.safe_load)]
    settings = [d for p in SAMPLES.rglob("connector-harness.toml") for d in _read(p, parse_toml)]
    return (
        Format(
            "definition",
            tuple(d for d in definitions if isinstance(d, dict) and "swagger" in d),
            as_json,
            use_definition,
            "apiDefinition.swagger.json",
        ),
        Format("yaml", tuple(definitions[:20]), as_json, use_definition, "definition.yaml"),
        Format("properties", tuple(properties), as_json, use_properties, "apiProperties.json"),
        Format("postman", tuple(collections), as_json, use_postman, "a.postman_collection.json"),
        Format("settings", tuple(settings), as_toml, use_settings, "connector-harness.toml"),
        Format("report", (REPORT,), as_json, use_report, "report.json"),
        Format("cassette", tuple(cassettes), as_json, use_cassette, "Hello.yaml"),
        Format("auth settings", (AUTH,), as_json, use_auth_settings, "auth.json"),
        Format("inventory", (*definitions[:5], ROUTES), as_json, use_inventory, "routes.json"),
    )


def _read(path: Path, parse: Callable[[str], Any] = parse_json) -> list[Any]:
    if path.stat().st_size > SMALL:
        return []
    try:
        document = parse(path.read_text(encoding="utf-8-sig"))
    except (ValueError, yaml.YAMLError):
        return []
    return [document] if isinstance(document, dict) else []


REPORT: dict[str, Any] = {
    "schema": "connector-harness/report/1",
    "verdict": "fail",
    "exit_status": 1,
    "harness": {"version": "0.1.0"},
    "mode": "live",
    "target": {"name": "app", "url": "https://app.invalid"},
    "connector": {"title": "Hello", "definition": "a.json", "sha256": "0" * 64, "operations": 1},
    "started": "2026-11-25T10:00:00Z",
    "seconds": 1.5,
    "requests": {"sent": 2, "replayed": 0, "retried": 0, "writes": 0},
    "suites": {"contract": {"outcome": "fail", "passed": 0, "failed": 1}},
    "checks": [
        {
            "id": "test_contract.py::test_matches_definition[GetDocument]",
            "suite": "contract",
            "operation": "GetDocument",
            "outcome": "failed",
            "seconds": 0.1,
            "reason": "contract.body",
        }
    ],
    "findings": [
        {
            "rule": "contract.body",
            "severity": "error",
            "operation": "GetDocument",
            "caller": "alice",
            "message": "the body is another",
            "expected": "text",
            "observed": "null",
            "remedy": "correct it",
            "waived": False,
            "place": {"file": "a.json", "pointer": "/paths", "line": 3},
            "evidence": ["x1"],
            "data": {"rerun": "pytest", "curl": "curl https://app.invalid"},
        }
    ],
    "exchanges": [
        {
            "id": "x1",
            "operation": "GetDocument",
            "caller": "alice",
            "purpose": "delegated/same",
            "at": 1764000000.0,
            "request": {
                "method": "GET",
                "url": "https://app.invalid/api/documents/1?a=b",
                "headers": {"accept": "*/*", "x-a": ["1", "2"]},
                "body": None,
            },
            "response": {
                "status": 200,
                "headers": {"content-type": "application/json"},
                "body": '{"id": "1"}',
                "seconds": 0.05,
                "truncated": False,
            },
        }
    ],
    "coverage": {
        "GetDocument": {
            "callers": ["alice"],
            "statuses": [200],
            "parameters": ["id"],
            "not_exercised": [],
            "path": "/documents/{id}",
            "method": "GET",
        }
    },
    "notes": ["a note"],
    "waivers": [],
}
AUTH: dict[str, Any] = {
    "properties": {
        "platform": {"enabled": True},
        "globalValidation": {
            "requireAuthentication": True,
            "unauthenticatedClientAction": "Return401",
            "excludedPaths": ["/api/health"],
        },
        "identityProviders": {
            "azureActiveDirectory": {
                "registration": {
                    "openIdIssuer": "https://login.microsoftonline.com/t/v2.0",
                    "clientId": "c",
                },
                "validation": {
                    "allowedAudiences": ["api://x"],
                    "defaultAuthorizationPolicy": {"allowedApplications": ["c"]},
                },
            }
        },
    }
}
ROUTES: dict[str, Any] = {
    "value": [
        {
            "name": "app/Hello",
            "config": {
                "bindings": [{"type": "httpTrigger", "route": "hello/{id:int}", "methods": ["get"]}]
            },
        }
    ]
}
