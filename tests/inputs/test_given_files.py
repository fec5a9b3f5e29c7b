"""A file parameter is given as a path in the settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.connector.model import Connector, Operation, Parameter
from harness.errors import SettingsError
from harness.exchanges.context import RunContext
from harness.inputs.requests import build_request
from harness.settings.values import Settings


def sent(folder: Path, value: object) -> bytes:
    schema = {"type": "file"}
    parameter = Parameter("file", "formData", True, schema, schema, "/p")
    operation = Operation("Upload", "POST", "/files", "/p", {}, (parameter,), {}, (), ())
    connector = Connector("T", (operation,), {}, folder / "d.json", "swagger", "", "", "", ())
    settings = Settings(folder, "a", "https://a.invalid", config_file=folder / "c.toml")
    return build_request(RunContext(connector, settings), operation, {"file": value}).body or b""


def test_bytes_name_and_media_type_of_the_file_are_sent(tmp_path: Path) -> None:
    (tmp_path / "sample.pdf").write_bytes(b"%PDF-1.7 \xff\x00")

    body = sent(tmp_path, {"path": "sample.pdf"})

    assert b"%PDF-1.7 \xff\x00" in body
    assert b'filename="sample.pdf"' in body
    assert b"Content-Type: application/pdf" in body


def test_file_that_is_not_there_is_an_error_that_names_the_setting(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"\[operations.Upload\] parameters.file.*gone.pdf"):
        sent(tmp_path, {"path": "gone.pdf"})
