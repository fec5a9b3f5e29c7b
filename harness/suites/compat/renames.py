"""Inputs that a new version calls otherwise: flows keep what they fill in under its name.

A flow stores its inputs by name: `dataset`, `item/Title`, `emailMessage/To` (the body's name, then
the field). After a rename the designer refuses the flow with
`WorkflowOperationParametersExtraParameter`, and a run ends with
`OpenApiOperationParameterValidationFailed` where the new name is required.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from typing import Any

from harness.findings.examples import Edit, Moved, Versions
from harness.findings.model import Rule
from harness.findings.sample import CREATE_DOCUMENT, GET_DOCUMENT, LIST_DOCUMENTS, NEW_DOCUMENT
from harness.suites.compat.change import BREAKS, MAY_BREAK, VERSIONING, Change

__all__ = [
    "CONSTANT_LOST",
    "INPUT_RENAMED",
    "PARAMETER_ORDER",
    "constant_lost",
    "renamed",
    "renamed_to",
]

EXTRA = "WorkflowOperationParametersExtraParameter"
VALIDATION = "OpenApiOperationParameterValidationFailed"
INPUT_RENAMED = Rule(
    id="compat.input-renamed",
    severity="error",
    title="The input has been renamed",
    meaning="The input has been renamed. Existing flows keep its value under the old name: they "
    f"cannot be saved or turned on any more ({EXTRA}), and fail where the new name is required "
    f"({VALIDATION}).",
    why=BREAKS,
    remedy="Keep the name; change x-ms-summary, which is what makers see.",
    reference=VERSIONING,
    shown_by=(
        Versions(Edit({f"{CREATE_DOCUMENT}/parameters/0/name": "item"})),
        Versions(Edit({f"{LIST_DOCUMENTS}/parameters/0/name": "stati"})),
        Versions(
            Edit(
                {
                    "/paths/~1documents~1{key}": Moved("/paths/~1documents~1{id}"),
                    "/paths/~1documents~1{key}/get/parameters/0/name": "key",
                    "/paths/~1documents~1{key}/put/parameters/0/name": "key",
                    "/paths/~1documents~1{key}/delete/parameters/0/name": "key",
                }
            )
        ),
        Versions(
            Edit(
                {f"{NEW_DOCUMENT}/properties/pageCount": Moved(f"{NEW_DOCUMENT}/properties/pages")}
            )
        ),
    ),
)
CONSTANT_LOST = Rule(
    id="compat.input-constant",
    severity="error",
    title="A hidden required input has lost its default or become visible",
    meaning="A hidden required input has lost its default or become visible. Existing flows hold "
    f"no value for it, and fail ({VALIDATION}).",
    why=BREAKS,
    remedy="Keep it internal with its default, or make it optional.",
    reference=VERSIONING,
    shown_by=(
        Versions(
            Edit(
                {
                    f"{LIST_DOCUMENTS}/parameters/0/required": True,
                    f"{LIST_DOCUMENTS}/parameters/0/default": "draft",
                }
            ),
            old=Edit(
                {
                    f"{LIST_DOCUMENTS}/parameters/0/x-ms-visibility": "internal",
                    f"{LIST_DOCUMENTS}/parameters/0/required": True,
                    f"{LIST_DOCUMENTS}/parameters/0/default": "draft",
                }
            ),
        ),
    ),
)
PARAMETER_ORDER = Rule(
    id="compat.parameter-order",
    severity="warning",
    title="The order of required inputs has been changed",
    meaning="The order of required inputs has been changed. Canvas apps pass them by their place: "
    "formulas then send one value as another.",
    why=MAY_BREAK,
    remedy="Keep the order; add new inputs at the end.",
    reference="Microsoft, 'Use connectors in canvas apps': required parameters are positional",
    shown_by=(
        Versions(
            Edit(
                {
                    f"{GET_DOCUMENT}/parameters": [
                        {"name": "b", "in": "query", "required": True, "type": "string"},
                        {"name": "id", "in": "path", "required": True, "type": "string"},
                    ]
                }
            ),
            old=Edit(
                {
                    f"{GET_DOCUMENT}/parameters": [
                        {"name": "id", "in": "path", "required": True, "type": "string"},
                        {"name": "b", "in": "query", "required": True, "type": "string"},
                    ]
                }
            ),
        ),
    ),
)
LIKE = 0.6
WORDS = ("title", "description", "x-ms-summary", "example", "default", "x-ms-visibility")


def renamed(field: str, was: str, now: str) -> Change:
    """The change of a name, with the sentence that a reviewer would write."""
    return Change(
        INPUT_RENAMED,
        field,
        was,
        now,
        f"The input {was} has been renamed to {now}. Existing flows keep its value as {was}: they "
        f"cannot be saved or turned on any more ({EXTRA}).",
    )


def constant_lost(was: Mapping[str, Any], now: Mapping[str, Any], field: str) -> Change | None:
    """The change of a required input that the platform filled in, and no longer does.

    Both are the raw parameters or properties, required on both sides.
    """
    if was.get("x-ms-visibility") != "internal" or "default" not in was:
        return None
    name = field.rpartition("/")[2]
    if now.get("x-ms-visibility") == "internal":
        if "default" in now:
            return None
        what = f"The hidden required input {name} has lost its default"
    else:
        what = f"The hidden required input {name} has become visible"
    return Change(
        CONSTANT_LOST,
        field,
        repr(was["default"]),
        repr(now["default"]) if "default" in now else "no default",
        f"{what}. Existing flows hold no value for it, and fail ({VALIDATION}).",
    )


def renamed_to(
    gone: Mapping[str, Mapping[str, Any]], fresh: Mapping[str, Mapping[str, Any]]
) -> dict[str, str]:
    """Old name → new name, for what is gone and came back under another name.

    The schemas must be the same but for their words, and either the names are alike, the words are
    the same, or there is but one of each.
    """
    left = dict(fresh)
    found: dict[str, str] = {}
    for name, schema in gone.items():
        alike = [other for other in left if _shape(left[other]) == _shape(schema)]
        alone = len(gone) == len(fresh) == 1
        match = next(
            (o for o in alike if alone or _names_like(name, o) or _words_same(schema, left[o])),
            None,
        )
        if match is not None:
            found[name] = match
            del left[match]
    return found


def _shape(schema: Mapping[str, Any]) -> str:
    """What a schema takes, without its name, its words and what surrounds it."""
    kept = {k: v for k, v in schema.items() if k not in WORDS and k not in ("name", "required")}
    return json.dumps(kept, sort_keys=True, default=str)


def _names_like(one: str, other: str) -> bool:
    plain = [name.lower().replace("_", "").replace("-", "") for name in (one, other)]
    if plain[0] in plain[1] or plain[1] in plain[0]:
        return True
    return difflib.SequenceMatcher(None, plain[0], plain[1]).ratio() >= LIKE


def _words_same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return any(
        isinstance(one.get(key), str) and one[key] and one[key] == other.get(key)
        for key in ("x-ms-summary", "description")
    )
