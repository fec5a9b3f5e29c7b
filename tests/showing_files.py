"""Running what shows a rule of the files: edits of the sample, and pairs of versions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from harness.connector.auth_settings import auth_settings_in
from harness.connector.loading import load_connector
from harness.connector.model import Connector
from harness.emulator.easy_auth import default_settings
from harness.findings.examples import Edit, Versions, edited
from harness.findings.model import Finding
from harness.suites.compat.judgement import compare
from harness.suites.definition.context import DefinitionFacts
from harness.suites.definition.easy_auth import check_easy_auth
from harness.suites.definition.judgement import check_definition

SAMPLE = Path(__file__).parents[1] / "harness" / "emulator" / "samples" / "documents"
DEFINITION, PROPERTIES = "apiDefinition.swagger.json", "apiProperties.json"
SCOPE = "api://0a1b2c3d-4e5f-4678-9abc-def012345678/user_impersonation"
FACTS: dict[str, Any] = {
    "scope": SCOPE,
    "tenant_id": "8c1f9a52-3d74-4be6-a0c5-2f6e8d7b9a10",
    "client_id": "5f1c2d3e-7a8b-4c9d-8e0f-112233445566",
    "api_client_id": "0a1b2c3d-4e5f-4678-9abc-def012345678",
}


def document(name: str) -> Any:
    return json.loads((SAMPLE / name).read_text(encoding="utf-8"))


def written(folder: Path, edit: Edit) -> Connector:
    """The sample after an edit, as files in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(edited(document(DEFINITION), edit.definition), indent=1)
    if edit.text is not None:
        assert edit.text[0] in text
        text = text.replace(*edit.text, 1)
    (folder / DEFINITION).write_text(text, encoding="utf-8")
    properties = edited(document(PROPERTIES), edit.properties)
    (folder / PROPERTIES).write_text(json.dumps(properties), encoding="utf-8")
    for name, held in edit.files.items():
        (folder / name).write_text(held, encoding="utf-8")
    return load_connector(folder / "settings.json" if "settings.json" in edit.files else folder)


def definition_findings(folder: Path, edit: Edit) -> list[Finding]:
    """Everything that the definition suite says about the edited sample."""
    connector = written(folder, edit)
    facts = DefinitionFacts(**{**FACTS, **edit.facts})
    found = check_definition(connector, facts)
    if edit.auth:
        auth = edited(default_settings("https://login.microsoftonline.com"), edit.auth)
        source = folder / "auth.json"
        found += check_easy_auth(
            auth_settings_in(auth, "x"), connector, facts, public=("Health",), source=source
        )
    return found


def version_findings(folder: Path, versions: Versions) -> list[Finding]:
    """Everything that changes between two versions of the sample."""
    return compare(written(folder / "old", versions.old), written(folder / "new", versions.new))
