"""Everything that touches Schemathesis and Hypothesis beyond their public doors.

They are given a clean document of one operation and return plain cases. Nothing is sent through
them, no token reaches them, and no file of the project feeds them: Hypothesis would otherwise take
constants from local modules and send them to the app. `tests/probes/test_contract_generation.py`
fails when an upgrade moves what is used here.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import tempfile
import unicodedata
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from harness.inputs.generation_document import GenerationDocument

__all__ = ["Case", "Generated", "generate"]

MOST_COVERAGE_CASES = 600
_LOCATIONS = {"path": "path", "query": "query", "header": "header", "body": "body"}
_SKIPPED_SCENARIOS = frozenset(
    {
        "unspecified_http_method",
        "malformed_content_type",
        "unsupported_content_type",
        "unsupported_path_pattern",
        "duplicate_parameter",
        "missing_parameter",
        "object_missing_required_property",
    }
)
"""What the plan makes itself (left-out inputs), or what says nothing about the contract."""


@dataclass(frozen=True, slots=True)
class Case:
    """One generated set of inputs; `location` and `name` say what a coverage case varies.

    `inputs` maps location to name to plain value. `mode` is positive or negative, `origin` coverage
    or generated, `pointer` a place within the schema.
    """

    mode: str
    origin: str
    what: str
    scenario: str
    location: str
    name: str
    pointer: str
    inputs: Mapping[str, Mapping[str, Any]]
    body: Any = None
    has_body: bool = False


@dataclass(frozen=True, slots=True)
class Generated:
    """The cases of one operation, and the reasons why there are not more."""

    cases: tuple[Case, ...]
    failures: tuple[str, ...] = ()
    not_negatable: bool = False


def generate(
    source: GenerationDocument, *, seed: int, count: int, home: Path | None = None
) -> Generated:
    """Coverage cases and `count` drawn cases (half of them negative) of one operation.

    The same document, seed and library versions give the same cases. `home` is where Hypothesis
    keeps its character tables (default: a temporary folder), never the working directory.
    """
    if source.empty:
        return Generated(())
    cases: list[Case] = []
    failures: list[str] = []
    not_negatable = not source.negatable
    with _isolated(home):
        try:
            operation = _operation(source)
        except Exception as error:  # any failure of the library concerns this operation alone
            return Generated((), (_reason("loading", error),))
        for mode in ("positive", "negative") if source.negatable else ("positive",):
            for work in (_coverage, _drawn):
                try:
                    cases += work(operation, source, mode, seed, count // 2)
                except Exception as error:  # as above
                    if mode == "negative" and type(error).__name__ in _CANNOT_NEGATE:
                        not_negatable = True
                    else:
                        failures.append(_reason(f"{mode} {work.__name__.strip('_')}", error))
    return Generated(tuple(cases), tuple(failures), not_negatable)


_CANNOT_NEGATE = frozenset({"Unsatisfiable", "UnsatisfiableNegation", "SkipTest", "Skipped"})


def _reason(stage: str, error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{stage}: {type(error).__name__}: {text[:200]}"


def _operation(source: GenerationDocument) -> Any:
    import schemathesis

    config = schemathesis.Config.from_dict(
        {
            "base-url": "http://generation.invalid",
            "generation": {
                "database": "none",
                "with-security-parameters": False,
                "allow-x00": False,
                "allow-extra-parameters": False,
            },
            "analysis": {"constants": {"enabled": False}},
            "phases": {"coverage": {"unexpected-methods": []}},
        }
    )
    # The library may write into the document it is given; ours is shared.
    document = json.loads(json.dumps(source.document))
    schema: Any = schemathesis.openapi.from_dict(document, config=config)
    return schema[source.path][source.method]


def _coverage(
    operation: Any, source: GenerationDocument, mode: str, _seed: int, _count: int
) -> list[Case]:
    from schemathesis.generation import GenerationMode

    schema = operation.schema
    found = schema.iter_coverage_cases(
        operation,
        generation_modes=[GenerationMode(mode)],
        generation_config=schema.config.generation,
    )
    cases = []
    for case in islice(found, MOST_COVERAGE_CASES):
        scenario = str(case.meta.phase.data.scenario)
        if scenario not in _SKIPPED_SCENARIOS and case.meta.generation.mode.value == mode:
            cases.append(_plain(case, source, mode, "coverage", scenario))
    return cases


def _drawn(
    operation: Any, source: GenerationDocument, mode: str, seed: int, count: int
) -> list[Case]:
    import hypothesis
    from schemathesis.generation import GenerationMode

    if count <= 0:
        return []
    drawn: list[Any] = []

    def collect(case: Any) -> None:
        drawn.append(case)

    strategy = operation.as_strategy(generation_mode=GenerationMode(mode))
    settings = hypothesis.settings(
        max_examples=count,
        database=None,
        deadline=None,
        derandomize=False,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
        verbosity=hypothesis.Verbosity.quiet,
        print_blob=False,
    )
    given: Any = hypothesis.given(strategy)
    test = settings(given(collect))
    hypothesis.seed(_seed_of(source, seed, mode))(test)()
    return [_plain(case, source, mode, "generated", "") for case in drawn]


def _seed_of(source: GenerationDocument, seed: int, mode: str) -> int:
    text = json.dumps([source.document, seed, mode], sort_keys=True, default=str)
    return int.from_bytes(hashlib.sha256(text.encode("utf-8")).digest()[:8], "big")


def _plain(case: Any, source: GenerationDocument, mode: str, origin: str, scenario: str) -> Case:
    data = case.meta.phase.data
    raw = {location.value: values for location, values in case.meta.raw_containers.items()}
    inputs = {
        "path": _named(source, "path", raw.get("path") or _unquoted(case.path_parameters)),
        "query": _named(source, "query", raw.get("query", case.query)),
        "header": _named(source, "header", raw.get("header", case.headers)),
    }
    has_body = type(case.body).__name__ != "NotSet"
    body = _decoded(case.body) if has_body else None
    place = getattr(data.parameter_location, "value", None)
    location = _LOCATIONS.get(str(place), "") if place else _negative_location(case)
    if any(key[0] == "formData" for key in source.names):
        inputs["formData"] = dict(body) if isinstance(body, Mapping) else {}
        location = "formData" if location == "body" else location
        has_body, body = False, None
    name = source.names.get((location, str(data.parameter)), "") if data.parameter else ""
    what = str(data.description or "")
    pointer = str(data.location or "")
    return Case(mode, origin, what, scenario, location, name, pointer, inputs, body, has_body)


def _negative_location(case: Any) -> str:
    """The one location that a drawn case falsifies, or ""."""
    places = [
        location.value for location, info in case.meta.components.items() if info.mode.is_negative
    ]
    return _LOCATIONS.get(places[0], "") if len(places) == 1 else ""


def _unquoted(values: Any) -> dict[str, Any]:
    """Path values as they were before the library percent-encoded them."""
    return {k: unquote(v) if isinstance(v, str) else v for k, v in dict(values or {}).items()}


def _named(source: GenerationDocument, location: str, values: Any) -> dict[str, Any]:
    """The declared inputs under the operation's own names."""
    found: dict[str, Any] = {}
    for name, value in dict(values or {}).items():
        own = source.names.get((location, str(name)))
        if own is not None:
            found[own] = _decoded(value)
    return found


def _decoded(value: Any) -> Any:
    """Plain data out of the library's own kinds of text and binary content."""
    data = getattr(value, "data", None)
    if isinstance(data, bytes):
        return data
    if isinstance(value, Mapping):
        return {str(key): _decoded(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_decoded(inner) for inner in value]
    return str(value) if isinstance(value, str) else value


@contextlib.contextmanager
def _isolated(home: Path | None) -> Iterator[None]:
    """No constants of local files, no folder in the working directory, no warnings outward."""
    from hypothesis import configuration
    from hypothesis.internal.cache import LRUCache
    from hypothesis.internal.conjecture import providers
    from hypothesis.internal.constants_ast import Constants

    mined, known = providers._get_local_constants, providers.CONSTANTS_CACHE
    before = vars(configuration)["__hypothesis_home_directory"]
    with contextlib.ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        folder = home or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        _write_character_tables(folder)
        providers._get_local_constants = Constants
        # Tests of the user's in this process have filled the cache with what was mined.
        providers.CONSTANTS_CACHE = LRUCache(1024)
        configuration.set_hypothesis_home_dir(folder)
        try:
            yield
        finally:
            providers._get_local_constants = mined
            providers.CONSTANTS_CACHE = known
            configuration.set_hypothesis_home_dir(before)


def _write_character_tables(home: Path) -> None:
    """Which characters UTF-8 can encode: Hypothesis tries out all of them else, for seconds."""
    folder = home / "unicode_data" / unicodedata.unidata_version
    path = folder / "codec-v2-utf-8.json.gz"
    if path.is_file():
        return
    folder.mkdir(parents=True, exist_ok=True)
    encodable = [[0, 0xD7FF], [0xE000, 0x10FFFF]]  # all but the surrogates (RFC 3629 section 3)
    content = gzip.compress(json.dumps([encodable, []]).encode("ascii"), mtime=1)
    path.write_bytes(content)
