"""The app's own list of routes beside the definition."""

from __future__ import annotations

from pathlib import Path

from .conftest import SAMPLES, Runner


def settings(folder: Path, inventory: str) -> None:
    text = f'[contract]\ninventory = "{inventory}"\n'
    (folder / "connector-harness.toml").write_text(text, encoding="utf-8")


def test_routes_of_the_source_match_the_definition(run_pytest: Runner, tmp_path: Path) -> None:
    settings(tmp_path, (SAMPLES / "documents" / "function_app.py").as_posix())

    ran = run_pytest("--function-app", "demo", "-k", "test_inventory")

    assert ran.status == 0, ran.output
    assert ran.report["checks"][0]["outcome"] == "passed"


def test_moved_operation_is_found_by_its_route(run_pytest: Runner, tmp_path: Path) -> None:
    source = tmp_path / "routes.py"
    source.write_text(
        "import azure.functions as func\napp = func.FunctionApp()\n"
        '@app.route(route="categorie", methods=["GET"])\ndef ListCategories(req): ...\n',
        encoding="utf-8",
    )
    settings(tmp_path, "routes.py")

    ran = run_pytest(
        "--function-app",
        "demo",
        "-k",
        "test_matches_definition and ListCategories",
        "--connector-demo-fault",
        "path-moved:ListCategories",
    )

    assert ran.rules() == {("contract.moved", "ListCategories")}


def test_missing_inventory_is_a_mistake_of_the_settings(run_pytest: Runner, tmp_path: Path) -> None:
    settings(tmp_path, "nowhere.json")

    ran = run_pytest("--function-app", "demo", "-k", "test_inventory")

    assert ran.status == 4, ran.output
    assert "nowhere.json" in ran.output
